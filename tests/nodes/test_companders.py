"""What holds for both halves of every compander together: nothing is lost between them, at any rate."""

from __future__ import annotations

import numpy as np
import pytest
from companders import side, tone
from harness import prepared, process
from tapegraph_nodes.noise_reduction.sliding_compander import SlidingCompander
from tapegraph_nodes.noise_reduction.wide_compander import WideCompander

from tapegraph.node import Node, Param
from tapegraph.testing.single import music

COMPANDERS = (SlidingCompander, WideCompander)


def ends(cls: type[Node], end: str) -> dict[str, float]:
    """Return all numbers of a compander at one end, but its times at the other."""
    other = {"minimum": "maximum", "maximum": "minimum"}[end]
    return {p.name: getattr(p, other if p.unit == "s" else end) for p in cls.PARAMS if isinstance(p, Param)}


@pytest.mark.parametrize(
    ("fs", "end"),
    [(48_000.0, ""), (8000.0, "maximum"), (48_000.0, "minimum"), (48_000.0, "maximum"), (192_000.0, "maximum")],
)
@pytest.mark.parametrize("cls", COMPANDERS)
def test_decode_returns_what_went_into_encode_to_rounding(cls: type[Node], fs: float, end: str) -> None:
    """In each 600 frames of noise from 0 to -120 dBFS with bursts and rests, and of tones from -60 to 0 dBFS."""
    params = ends(cls, end) if end else {}
    t = np.arange(12_000) / fs
    rising = 10 ** (-3 * (1 - t / t[-1]))
    tones = np.array([rising * np.sin(2 * np.pi * hz * t) for hz in (50.0, 997.0, 0.41 * fs)])
    noise = np.concatenate([music(1) * level for level in (1.0, 1e-3, 1e-6)], axis=1)
    for x in (tones, noise):
        e = side(cls, "encode", x, fs, **params)
        assert np.max(np.abs(e - x)) > 0.01 or params.get("boost_db") == 0.0
        error, loud = (
            np.abs(part).reshape(x.shape[0], -1, 600).max(axis=2)
            for part in (side(cls, "decode", e, fs, **params) - x, x)
        )
        loud[:, 1:] = np.maximum(loud[:, 1:], loud[:, :-1])  # what was loud before rings on
        assert np.all(error <= 1e-13 * loud)


@pytest.mark.parametrize("cls", COMPANDERS)
def test_a_delay_between_the_halves_delays_the_sound_and_changes_nothing_else(cls: type[Node]) -> None:
    x = music(2)
    e = side(cls, "encode", x)
    late = side(cls, "decode", np.pad(e, ((0, 0), (1037, 0))))
    np.testing.assert_allclose(late[:, 1037:], x, rtol=0, atol=1e-14)


@pytest.mark.parametrize("cls", COMPANDERS)
def test_parameters_may_move_as_long_as_they_move_in_both_halves(cls: type[Node]) -> None:
    halves = [prepared(cls, 48_000.0, 2, 64, side=name) for name in ("encode", "decode")]
    x = music(2)[:, 3000:4280]
    for param in cls.PARAMS:
        for value in (param.minimum, param.maximum, param.default) if isinstance(param, Param) else ():
            for half in halves:
                half.set(param.name, value)
                half.update()
            np.testing.assert_allclose(process(halves[1], process(halves[0], x)[0])[0], x, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("cls", "hz"), [(SlidingCompander, 3000.0), (WideCompander, 1000.0)])
def test_it_sounds_the_same_at_any_rate(cls: type[Node], hz: float) -> None:
    """Bursts from -40 to +10 dB: every fourth sample at 192 kHz differs from 48 kHz by less than -38 dB."""
    out = {}
    for fs in (48_000.0, 192_000.0):
        swell = np.hanning(round(0.05 * fs) + 1)[:-1]
        bursts = [tone(hz, level_db, 0.05, fs) * swell for level_db in (-40, -25, -10, 10)]
        out[fs] = side(cls, "encode", np.concatenate(bursts), fs)[0]
    slow, fast = out[48_000.0].reshape(4, -1), out[192_000.0][::4].reshape(4, -1)
    assert np.max(np.std(slow - fast, axis=1) / np.std(fast, axis=1)) < 0.0125


@pytest.mark.parametrize("cls", COMPANDERS)
def test_a_change_of_side_fades_from_one_half_to_the_other(cls: type[Node]) -> None:
    """Between the halves no sample leaves the range of both, and what has changed is soon what it would have been."""
    x = tone(3000.0, -20.0, 0.6)
    node = prepared(cls, 48_000.0)
    first = process(node, x)[0][0, -4800:]
    node.set("side", "decode")
    node.update()
    changed = process(node, x)[0][0]
    assert np.max(np.abs(changed)) <= np.max(np.abs(first)) + 1e-12
    settled = side(cls, "decode", x)[0]
    np.testing.assert_allclose(changed[-4800:], settled[-4800:], atol=1e-3 * np.max(np.abs(settled)))
