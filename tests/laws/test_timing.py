"""Laws of what a node states about time: its latency and its tail."""

from __future__ import annotations

import math

import numpy as np
import pytest
import soloist
from harness import Array
from soloist import play, started, variants

import tapegraph
from tapegraph.node.registry import find

# What has to be set so that the delay of the sound is its latency.
OPEN = {"delay": {"time_s": 0.0}}
ALIKE = 0.9  # correlation of white noise in and out from which on its delay is taken for true
SIMILAR = 0.7  # the least that some output at some setting of each kind must have
# Nodes whose output is not the sound of their input, so that nothing can be correlated, and why.
UNLIKE = {"envelope": "its output is a level"}
FS = 8_000.0  # for tails, which are long
FADED = 1e-6  # -120 dB
SPARE_FRAMES = 256  # that filters near the Nyquist frequency may go on for: they ring there
MOST_TAIL_S = 15.0
REMANENT = {"hysteresis": "as on tape, a remanence stays: only what moves has to end"}
ENDLESS = {"ms20_filter": {"resonance": 0.91}}  # from where on it oscillates by itself


def delay_of(x: Array, y: Array) -> tuple[float, float]:
    """Return by how many frames y lags x, to parts of a frame, and how alike they are, 0 to 1."""
    size = 2 * x.size
    spectrum = np.fft.rfft(y, size) * np.fft.rfft(x, size).conj()
    c = np.abs(np.fft.irfft(spectrum, size))
    k = int(np.argmax(c))
    before, peak, after = c[k - 1], c[k], c[(k + 1) % size]
    part = 0.5 * (before - after) / (before - 2 * peak + after) if peak > 0.0 else 0.0
    lag = k - size if k > size // 2 else k
    return lag + part, float(peak / math.sqrt(np.sum(x**2) * np.sum(y**2) + 1e-300))


def test_the_latency_is_true(kind: str) -> None:
    """To half a frame, on noise at -20 dB, at every setting at which the output resembles the input."""
    if find(kind).SOURCE:
        pytest.skip("it hears nothing")
    if kind in UNLIKE:
        pytest.skip(UNLIKE[kind])
    x = np.zeros((1, 12_000))
    x[:, :6000] = 0.1 * np.random.default_rng(2).standard_normal(6000)
    found = []
    for params in [*variants(kind), *soloist.settings(kind)]:
        node = started(kind, 1, **params | OPEN.get(kind, {}))
        if node is None:
            continue
        for y in play(node, x)[:, 0]:
            lag, alike = delay_of(x[0], y)
            found.append((alike, abs(lag - node.latency()), params))
    best = max(found, key=lambda f: f[0])
    assert best[0] > SIMILAR, "no setting shows when the sound comes out; name one in OPEN"
    for alike, error, params in found:
        assert error < 0.5 or alike < min(ALIKE, best[0]), params


def test_the_output_ends_with_the_tail(kind: str) -> None:
    """It falls by 120 dB, after a constant and after noise; and a tail is not far longer than that."""
    if find(kind).SOURCE:
        pytest.skip("it has no end")
    for params in [{}, *(soloist.settings(kind) if tapegraph.COMPILED else soloist.numbers(kind))]:
        node = started(kind, 1, 512, FS, **params)
        if node is None or any(params.get(name, 0.0) >= value for name, value in ENDLESS.get(kind, {}).items()):
            continue
        tail = math.ceil((node.tail() + node.latency() / node.fs) * node.fs)
        assert node.tail() <= MOST_TAIL_S, params
        length = max(2048, tail)
        noise = np.random.default_rng(4).uniform(-1.0, 1.0, length)
        late = 0.0
        for sound in (np.ones(length), noise):
            node.update()
            node.reset()
            x = np.zeros((1, 2 * length + tail + 1024))
            x[0, :length] = sound
            y = play(node, x)[:, 0]
            if kind in REMANENT:
                y -= y[:, -1:]
            loud = np.abs(y) > FADED * np.max(np.abs(y))
            assert not loud[:, length + tail + SPARE_FRAMES :].any(), params
            late = max(late, float(np.max(np.nonzero(loud)[1], initial=0)) - length)
        assert node.tail() * node.fs < 4.0 * max(late, 0.0) + 0.1 * node.fs, f"{params}: too long"
