"""The running resamplers, held to what is specified at 44.1 kHz: flat to 20 kHz, clean from 24.1 kHz."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.signal
from harness import Array, esr_db

from tapegraph.engine import antialias
from tapegraph.engine.resample import Downsampler, Upsampler
from tapegraph.node import Signal

FS = 44100.0
FACTORS = (2, 3, 4, 5, 6, 7, 8, 12, 16, 32, 48, 61, 64)
PHASES = ("linear", "minimum")
REJECTION_DB = {"linear": 100.0, "minimum": 90.0}

every_factor = pytest.mark.parametrize("factor", FACTORS)
some_factors = pytest.mark.parametrize("factor", (2, 3, 6, 8))
both_phases = pytest.mark.parametrize("phase", PHASES)
both_ways = pytest.mark.parametrize("cls", (Upsampler, Downsampler))

Resampler = Upsampler | Downsampler


def made(
    cls: type[Resampler], factor: int, phase: str, channels: int = 1, frames: int = 64, fs: float = FS
) -> Resampler:
    node = cls(factor, phase)
    node.fs, node.channels, node.frames = fs, channels, frames
    node.prepare()
    node.update()
    node.reset()
    return node


def through(node: Resampler, x: Array) -> Array:
    """Run (channels, frames) or one channel through a resampler; a last block that is not whole is dropped."""
    block = int(node.frames), int(node.frames) * node.factor
    size, out_size = block if isinstance(node, Upsampler) else block[::-1]
    planar = np.atleast_2d(x)
    source, target = Signal(len(planar), size), Signal(len(planar), out_size)
    blocks = []
    for start in range(0, planar.shape[1] - size + 1, size):
        source.put(planar[:, start : start + size])
        node.process([source], [target])
        blocks.append(target.array.copy())
    return np.concatenate(blocks, axis=1).reshape(*x.shape[:-1], -1)


def impulse_response(factor: int, phase: str) -> Array:
    """What an upsampler makes of an impulse: with zeros in between, its whole filter. 320 slow frames."""
    return through(made(Upsampler, factor, phase), np.eye(1, 320)[0])


def noise(frames: int, channels: int = 1) -> Array:
    return np.random.default_rng(7).standard_normal((channels, frames))


def band_limited_noise(frames: int) -> Array:
    """Noise with nothing in it above 20 kHz, faded in and out."""
    spectrum = np.fft.rfft(noise(frames)[0])
    spectrum[np.fft.rfftfreq(frames, 1 / FS) > 19900.0] = 0.0
    x: Array = np.fft.irfft(spectrum) * scipy.signal.windows.tukey(frames, 0.5)
    return x


@both_phases
@every_factor
def test_the_filter_is_flat_to_20_khz_and_clean_from_24_1_khz(factor: int, phase: str) -> None:
    h = impulse_response(factor, phase)
    size = 8 * len(h)
    level_db = 20 * np.log10(np.abs(np.fft.rfft(h, size)) / factor + 1e-15)
    hz = np.fft.rfftfreq(size, 1 / (FS * factor))
    assert np.max(np.abs(level_db[hz <= 20e3])) < 0.001
    assert np.max(level_db[hz >= 24.1e3]) < -REJECTION_DB[phase]


@both_phases
@every_factor
def test_a_downsampler_is_the_filter_of_the_upsampler_read_at_every_slow_frame(factor: int, phase: str) -> None:
    up, down = made(Upsampler, factor, phase), made(Downsampler, factor, phase)
    x = noise(192 * factor)[0]
    ahead = (up.latency() - down.latency()) * factor  # in fast frames
    assert ahead == pytest.approx(round(ahead), abs=1e-6)
    h = impulse_response(factor, phase)
    filtered = scipy.signal.fftconvolve(x, h / factor)
    assert through(down, x) == pytest.approx(filtered[round(ahead) :: factor][:192], abs=1e-9)


@both_phases
@pytest.mark.parametrize("factor", (2, 3, 6, 16))
def test_a_downsampler_lets_nothing_fold_into_the_sound(factor: int, phase: str) -> None:
    down = made(Downsampler, factor, phase)
    t = np.arange(1024 * factor) / (FS * factor)
    for hz in (24.11e3, 30e3, 43e3, 0.49 * FS * factor):
        down.reset()
        y = through(down, np.sqrt(2) * np.sin(2 * np.pi * hz * t))[512:]
        assert 10 * np.log10(np.mean(y**2)) < -REJECTION_DB[phase]


@both_phases
@pytest.mark.parametrize("factor", (2, 3, 6, 16))
def test_an_upsampled_sweep_has_no_images(factor: int, phase: str) -> None:
    t = np.arange(8192) / FS
    x = scipy.signal.chirp(t, 20.0, t[-1], 20e3) * scipy.signal.windows.blackmanharris(8192)
    y = through(made(Upsampler, factor, phase), x)
    spectrum = np.abs(np.fft.rfft(y))
    hz = np.fft.rfftfreq(len(y), 1 / (FS * factor))
    assert 20 * np.log10(np.max(spectrum[hz >= 24.1e3]) / np.max(spectrum)) < -REJECTION_DB[phase]


@pytest.mark.parametrize("factor", range(2, 65))
def test_every_factor_has_stages_that_stop_what_later_ones_pass(factor: int) -> None:
    r = 1
    for p, low in antialias.stages(factor):
        assert low == r
        edge, stop = (20.0, 24.1) if r == 1 else (24.1, 44.1 * r - 24.1)
        phases = {"linear": antialias.linear(p, r)}
        if p > 2:
            phases["minimum"] = antialias.minimum(p, r)
        for phase, h in phases.items():
            level_db = 20 * np.log10(np.abs(np.fft.rfft(h, 1 << (64 * len(h)).bit_length())) / p + 1e-15)
            khz = np.linspace(0.0, 44.1 * p * r / 2, len(level_db))
            assert np.max(np.abs(level_db[khz <= edge])) < 0.001
            assert np.max(level_db[khz >= stop]) < -REJECTION_DB[phase]
        r *= p
    assert r == factor


@every_factor
def test_linear_phase_is_symmetric_about_a_latency_of_whole_frames(factor: int) -> None:
    h = impulse_response(factor, "linear")
    latency = made(Upsampler, factor, "linear").latency()
    middle = int(latency) * factor
    assert latency == int(latency)
    assert h[: 2 * middle + 1] == pytest.approx(h[2 * middle :: -1], abs=1e-12)
    assert not np.any(h[2 * middle + 1 :])
    assert np.argmax(np.abs(h)) == middle


@every_factor
def test_the_latency_of_minimum_phase_is_the_phase_delay_at_1_khz(factor: int) -> None:
    h = impulse_response(factor, "minimum")
    for fs in (44100.0, 96000.0):
        phase = np.angle(np.sum(h * np.exp(-2j * np.pi * 1000.0 / (fs * factor) * np.arange(len(h)))))
        delay = -phase / (2 * np.pi * 1000.0) * fs
        assert made(Upsampler, factor, "minimum", fs=fs).latency() == pytest.approx(delay, abs=1e-6)


@some_factors
def test_the_latency_of_a_minimum_phase_round_trip_is_that_of_both_ways(factor: int) -> None:
    up, down = made(Upsampler, factor, "minimum"), made(Downsampler, factor, "minimum")
    h = through(down, through(up, np.eye(1, 320)[0]))
    phase = np.angle(np.sum(h * np.exp(-2j * np.pi * 1000.0 / FS * np.arange(len(h)))))
    assert up.latency() + down.latency() == pytest.approx(-phase / (2 * np.pi * 1000.0) * FS, abs=1e-4)


def test_minimum_phase_is_far_quicker_than_linear_phase() -> None:
    for factor in FACTORS:
        assert made(Upsampler, factor, "minimum").latency() < 0.1 * made(Upsampler, factor, "linear").latency()


@pytest.mark.parametrize(("p", "r"), ((3, 1), (3, 2), (5, 1), (7, 9)))
def test_no_filter_of_the_same_response_could_be_earlier_than_one_of_minimum_phase(p: int, r: int) -> None:
    h = antialias.minimum(p, r)
    square = np.correlate(h, h, "full")
    earliest = scipy.signal.minimum_phase(square, method="homomorphic", n_fft=1 << 17)
    delays = [scipy.signal.group_delay((taps, [1.0]), [0.01])[1][0] for taps in (h, earliest)]
    # in frames of rate r; a linear filter takes 4 to 35 of them
    assert delays[0] / p == pytest.approx(delays[1] / p, abs=0.02)


@every_factor
def test_going_up_and_down_gives_the_sound_back_later(factor: int) -> None:
    up, down = made(Upsampler, factor, "linear"), made(Downsampler, factor, "linear")
    x = band_limited_noise(1024)
    y = through(down, through(up, x))
    delay = int(up.latency() + down.latency())
    assert esr_db(y[delay:], x[:-delay]) < -90.0


@both_phases
@every_factor
def test_a_constant_comes_through_unchanged(factor: int, phase: str) -> None:
    fast = through(made(Upsampler, factor, phase), np.ones(576))
    assert fast[512 * factor :] == pytest.approx(1.0, abs=1e-12)
    slow = through(made(Downsampler, factor, phase), np.ones(576 * factor))
    assert slow[512:] == pytest.approx(1.0, abs=1e-12)


@both_ways
@both_phases
@some_factors
def test_the_output_does_not_depend_on_the_size_of_blocks(cls: type[Resampler], factor: int, phase: str) -> None:
    x = noise(768 * factor)[0] * (np.arange(768 * factor) < 400)  # some of it a tail
    whole = through(made(cls, factor, phase, frames=256), x)
    for frames in (16, 50, 64):
        y = through(made(cls, factor, phase, frames=frames), x)
        assert np.array_equal(y, whole[: len(y)])


@both_ways
@both_phases
@some_factors
def test_channels_do_not_hear_each_other(cls: type[Resampler], factor: int, phase: str) -> None:
    x = noise(192 * factor, channels=3)
    together = through(made(cls, factor, phase, channels=3), x)
    alone = [through(made(cls, factor, phase), channel) for channel in x]
    assert np.array_equal(together, alone)


@both_ways
@both_phases
@some_factors
def test_reset_is_as_good_as_new(cls: type[Resampler], factor: int, phase: str) -> None:
    x = noise(192 * factor)[0]
    node = made(cls, factor, phase)
    first = through(node, x)
    node.reset()
    assert np.array_equal(through(node, x), first)


@both_ways
@both_phases
@some_factors
def test_sound_dies_away_to_exact_silence(cls: type[Resampler], factor: int, phase: str) -> None:
    x = noise(64 * factor)[0]
    y = through(made(cls, factor, phase), np.concatenate([x, np.zeros(4096 * factor)]))
    assert not np.any(y[len(y) // 2 :])
    assert np.min(np.abs(y[y != 0])) > np.finfo(float).tiny  # and without denormal numbers on the way


@both_ways
@both_phases
def test_silence_stays_silent(cls: type[Resampler], phase: str) -> None:
    assert not np.any(through(made(cls, 4, phase), np.zeros(2048)))
