"""The playback head against the formulas of the literature, read from the running node's impulse response."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process, run
from scipy.special import itj0y0
from tapegraph_nodes._kernels.head.head_response import LONGEST_ROW, Bins
from tapegraph_nodes.tape.playhead_loss import PlayheadLoss

from tapegraph.node import Node

NONE: dict[str, Any] = {"spacing_um": 0.0, "thickness_um": 0.0, "gap_um": 0.0}
SPEEDS = (1.0, 1.875, 3.75, 7.5, 15.0, 30.0, 50.0)
SETTINGS = [  # spacing, thickness, gap
    (0.0, 0.0, 0.0),
    (0.5, 2.0, 3.0),
    (1.0, 12.0, 5.0),
    (20.0, 0.0, 0.0),
    (0.0, 50.0, 0.0),
    (0.0, 0.0, 50.0),
    (0.0, 0.0, 20.0),
    (20.0, 50.0, 50.0),
]


def loss(f: Array, speed_ips: float, spacing_um: float, thickness_um: float, gap_um: float) -> Array:
    """Return exp(-k d) (1 - exp(-k t)) / (k t) sin(k g / 2) / (k g / 2) for f above 0."""
    k = 2 * np.pi * f / (speed_ips * 0.0254)
    d, t, g = spacing_um * 1e-6, thickness_um * 1e-6, gap_um * 1e-6
    wallace = (1 - np.exp(-k * t)) / (k * t) if t else 1.0
    gap = np.sin(k * g / 2) / (k * g / 2) if g else 1.0
    return np.exp(-k * d) * wallace * gap


def impulse_response(fs: float, channels: int = 1, seconds: float = 0.25, **params: Any) -> Array:
    """Return the response of the running node to one sample, (channels, frames)."""
    x = np.zeros((channels, round(seconds * fs)))
    x[:, 0] = 1.0
    return run(PlayheadLoss, x, fs, 1024, **params)


def spectrum(h: Array, fs: float) -> tuple[Array, Any]:
    """Return frequencies from 20 Hz to 20 kHz, and the complex response there."""
    n = 1 << int(np.ceil(np.log2(4 * h.shape[-1])))
    f: Array = np.arange(n // 2 + 1) * fs / n
    heard = (f >= 20) & (f <= 20_000)
    return f[heard], np.fft.rfft(h, n)[..., heard]


@pytest.mark.parametrize("fs", [44_100.0, 48_000.0, 96_000.0, 192_000.0])
@pytest.mark.parametrize("speed_ips", SPEEDS)
def test_the_magnitude_follows_the_loss_formula_within_a_tenth_of_a_decibel_down_to_60(
    fs: float, speed_ips: float
) -> None:
    for setting in SETTINGS[:: 1 if fs == 48_000 else 3]:
        params: dict[str, Any] = dict(zip(NONE, setting, strict=True))
        f, H = spectrum(impulse_response(fs, speed_ips=speed_ips, **params)[0], fs)
        expected = np.abs(loss(f, speed_ips, *setting))
        audible = expected > 1e-3
        error_db = 20 * np.log10(np.abs(H[audible]) / expected[audible])
        assert np.max(np.abs(error_db), initial=0.0) < 0.1, (setting, error_db)


@pytest.mark.parametrize("fs", [8000.0, 16_000.0, 22_050.0])
def test_at_low_rates_the_magnitude_is_kept_up_to_0_45_of_the_rate(fs: float) -> None:
    for speed_ips in SPEEDS:
        for setting in SETTINGS:
            params: dict[str, Any] = dict(zip(NONE, setting, strict=True))
            f, H = spectrum(impulse_response(fs, speed_ips=speed_ips, **params)[0], fs)
            expected = np.abs(loss(f, speed_ips, *setting))
            kept = (expected > 1e-3) & (f < 0.45 * fs)
            np.testing.assert_allclose(20 * np.log10(np.abs(H[kept]) / expected[kept]), 0.0, atol=0.25)


@pytest.mark.parametrize("speed_ips", [1.0, 7.5, 30.0])
def test_linear_phase_has_the_same_magnitude_and_is_symmetric_about_its_latency(speed_ips: float) -> None:
    fs = 48_000.0
    for setting in SETTINGS:
        params: dict[str, Any] = {"phase": "linear", "speed_ips": speed_ips, **dict(zip(NONE, setting, strict=True))}
        h = impulse_response(fs, seconds=0.17, **params)[0]
        latency = prepared(PlayheadLoss, fs, **params).latency()
        assert latency == 0.08 * fs
        centre = int(latency)
        np.testing.assert_allclose(h[centre : 2 * centre], h[centre:0:-1], atol=1e-15)
        f, H = spectrum(h, fs)
        expected = np.abs(loss(f, speed_ips, *setting))
        audible = expected > 1e-3
        assert np.max(np.abs(20 * np.log10(np.abs(H[audible]) / expected[audible]))) < 0.1


def test_minimum_phase_puts_the_energy_before_that_of_any_other_phase() -> None:
    setting: dict[str, Any] = {"spacing_um": 5.0, "thickness_um": 12.0, "gap_um": 5.0}
    minimum = impulse_response(48_000.0, seconds=0.164, **setting)[0]
    linear = impulse_response(48_000.0, seconds=0.164, phase="linear", **setting)[0]
    assert prepared(PlayheadLoss, 48_000.0, **setting).latency() == 0.0
    assert np.argmax(np.abs(minimum)) < 8
    early = np.cumsum(minimum**2)
    assert np.all(early[: minimum.size] >= np.cumsum(linear**2)[: minimum.size] - 1e-12)
    # All zeros of a minimum phase lie within the unit circle: its phase returns to where it began.
    assert abs(np.unwrap(np.angle(np.fft.fft(minimum, 1 << 16)))[-1]) < 0.01


def test_without_losses_the_sound_passes_unchanged() -> None:
    x = np.random.default_rng(1).uniform(-1, 1, (2, 5000))
    np.testing.assert_allclose(run(PlayheadLoss, x, 48_000.0, **NONE), x, atol=1e-12)


@pytest.mark.parametrize("phase", ["minimum", "linear"])
@pytest.mark.parametrize(
    ("speed_ips", "contact_mm", "bump_db"),
    [(30.0, 7.0, 2.0), (15.0, 3.0, 3.0), (7.5, 5.0, 1.0), (50.0, 1.0, 3.0), (15.0, 1.0, 2.0)],
)
def test_head_bumps_follow_the_field_of_two_thin_poles(
    speed_ips: float, contact_mm: float, bump_db: float, phase: str
) -> None:
    h = impulse_response(
        48_000.0, seconds=0.17, speed_ips=speed_ips, contact_mm=contact_mm, bump_db=bump_db, phase=phase, **NONE
    )
    f, H = spectrum(h[0], 48_000.0)
    a = 2 * np.pi * f / (speed_ips * 0.0254) * contact_mm * 0.5e-3
    edges = np.exp(-a / 20) * (1 - itj0y0(a)[0])
    strength = (10 ** (bump_db / 20) - 1) / np.max(-edges)
    measured = 20 * np.log10(np.abs(H))
    np.testing.assert_allclose(measured, 20 * np.log10(1 - strength * edges), atol=0.1)
    assert np.max(measured) == pytest.approx(bump_db, abs=0.05)
    wavelength_mm = speed_ips * 25.4 / f[np.argmax(measured)]
    assert wavelength_mm == pytest.approx(1.33 * contact_mm, rel=0.05)


@pytest.mark.parametrize("phase", ["minimum", "linear"])
@pytest.mark.parametrize("azimuth_deg", [0.02, 0.1, -0.1, -1.0])
@pytest.mark.parametrize("speed_ips", [3.75, 15.0])
def test_a_slanting_gap_delays_one_track_by_spacing_times_tangent_over_speed(
    speed_ips: float, azimuth_deg: float, phase: str
) -> None:
    fs = 48_000.0
    h = impulse_response(
        fs, 2, 0.17, speed_ips=speed_ips, azimuth_deg=azimuth_deg, track_width_mm=0.0, phase=phase, **NONE
    )
    late_s = 4e-3 * np.tan(np.radians(azimuth_deg)) / (speed_ips * 0.0254)
    f, H = spectrum(h, fs)
    low = f < 4000
    measured_s = np.unwrap(np.angle(H[1] / H[0]))[low] / (2 * np.pi * f[low])
    np.testing.assert_allclose(measured_s, late_s, atol=0.01 / fs)  # a hundredth of a frame
    np.testing.assert_allclose(20 * np.log10(np.abs(H)), 0.0, atol=0.02)
    if phase == "minimum":
        np.testing.assert_allclose(
            h[1 if azimuth_deg > 0 else 0, 1:], 0.0, atol=1e-12
        )  # the earlier track waits for none


def test_a_slanting_gap_loses_treble_as_a_gap_of_its_reach_along_the_tape() -> None:
    h = impulse_response(48_000.0, azimuth_deg=0.5, track_width_mm=2.0, speed_ips=7.5, **NONE)
    f, H = spectrum(h[0], 48_000.0)
    reach_um = 2000 * np.tan(np.radians(0.5))
    expected = np.abs(loss(f, 7.5, 0.0, 0.0, reach_um))
    audible = expected > 1e-3
    np.testing.assert_allclose(20 * np.log10(np.abs(H[audible]) / expected[audible]), 0.0, atol=0.1)


def test_tracks_are_not_shifted_where_there_are_not_two() -> None:
    for channels in (1, 3):
        h = impulse_response(48_000.0, channels, azimuth_deg=0.5, track_width_mm=0.0, **NONE)
        np.testing.assert_allclose(h[:, 0], 1.0, atol=1e-12)


def faded(fs: float, frames: int, x: Array, before: dict[str, Any], after: dict[str, Any]) -> Array:
    """Return what comes of x when parameters change after its first half."""
    node = prepared(PlayheadLoss, fs, 1, frames, **before)
    half = x.size // 2 // frames * frames
    first = process(node, x[:half])[0]
    change(node, after)
    whole: Array = np.concatenate([first, process(node, x[half:])[0]], axis=1)[0]
    return whole


def change(node: Node, params: dict[str, Any]) -> None:
    for name, value in params.items():
        node.set(name, value)
    node.update()


@pytest.mark.parametrize("frames", [16, 100, 441, 480, 1000, 4096])
def test_a_tone_through_a_changing_head_moves_from_level_to_level_without_a_hole(frames: int) -> None:
    fs, f = 48_000.0, 3000.0
    n = np.arange(24_000)
    envelope = np.abs(
        faded(fs, frames, np.cos(2 * np.pi * f * n / fs), NONE, {"spacing_um": 5.0})
        + 1j * faded(fs, frames, np.sin(2 * np.pi * f * n / fs), NONE, {"spacing_um": 5.0})
    )
    low = float(loss(np.array([f]), 15.0, 5.0, 0.0, 0.0)[0])
    half = 12_000 // frames * frames
    assert np.all(envelope[:half] == pytest.approx(1.0, abs=1e-9))
    assert np.all(np.diff(envelope[half:]) < 1e-4)
    assert np.max(np.abs(np.diff(envelope))) < 1.2 * (1 - low) / 960 + 1e-3  # 960 frames are the 0.02 s of a fade
    assert envelope[half + 960 + 960] == pytest.approx(low, rel=0.01)


def test_a_change_during_a_fade_is_heard_after_it() -> None:
    x = np.ones(12_800)
    node = prepared(PlayheadLoss, 48_000.0, 1, 64, **NONE)
    process(node, x[:640])
    change(node, {"spacing_um": 20.0})
    process(node, x[:128])
    change(node, {"spacing_um": 2.0})
    process(node, x)
    settled = process(node, x)[0]
    np.testing.assert_allclose(settled, run(PlayheadLoss, np.ones(30_000), 48_000.0, **NONE | {"spacing_um": 2.0})[-1])


@pytest.mark.parametrize("frames", [16, 64, 1024])
def test_a_head_that_never_rests_is_followed_without_steps(frames: int) -> None:
    """The long response of a bump takes many blocks to compute; a tone at 3 kHz does not hear the bump."""
    fs, f, blocks = 48_000.0, 3000.0, 48_000 // frames
    node = prepared(PlayheadLoss, fs, 2, frames, **NONE | {"bump_db": 3.0, "contact_mm": 30.0})
    turns = np.exp(2j * np.pi * f * np.arange(blocks * frames) / fs)
    spacing_um = np.linspace(0, 5, blocks)
    pieces = []
    for piece, spacing in zip(np.split(turns, blocks), spacing_um, strict=True):
        change(node, {"spacing_um": float(spacing)})
        pieces.append(process(node, np.stack([piece.real, piece.imag]))[0])
    left, right = np.concatenate(pieces, axis=1)[:, 4800:]  # the onset has bass in it
    envelope = np.abs(left + 1j * right)
    expected = np.exp(-2 * np.pi * f / (15.0 * 0.0254) * np.repeat(spacing_um, frames) * 1e-6)
    assert np.max(np.abs(np.diff(envelope))) < 1e-4
    assert np.all(envelope > expected[4800:] - 1e-3)  # late
    assert np.all(envelope[5280:] < expected[4800:-5280] + 1e-3)  # by less than 0.11 s


@pytest.mark.parametrize("params", [{}, {"azimuth_deg": 0.3}, {"bump_db": 2.0}, {"speed_ips": 3.75, "phase": "linear"}])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_a_response_is_convolved_alike_in_blocks_of_any_size(channels: int, params: dict[str, Any]) -> None:
    """Short blocks and responses go tap by tap, long ones by transforms."""
    x = np.random.default_rng(4).uniform(-1, 1, (channels, 9000))
    impulse = np.zeros_like(x)
    impulse[:, 0] = 1.0
    h = run(PlayheadLoss, impulse, 48_000.0, 64, **params)
    expected = [np.convolve(a, b)[:9000] for a, b in zip(x, h, strict=True)]
    for frames in (7, 64, 100, 2048):
        np.testing.assert_allclose(run(PlayheadLoss, x, 48_000.0, frames, **params), expected, atol=1e-12)


@pytest.mark.parametrize("frames_before", [64, 640, 9600])
def test_a_long_response_hears_all_that_came_during_a_short_one(frames_before: int) -> None:
    """But for what its tail holds of sounds 0.02 s older than its taps."""
    x = np.random.default_rng(4).uniform(-1, 1, (2, 60_000))
    node = prepared(PlayheadLoss, 48_000.0, 2, 64)
    process(node, x[:, :frames_before])
    heavy: dict[str, Any] = {"speed_ips": 1.0, "spacing_um": 20.0, "gap_um": 50.0}
    change(node, heavy)
    settled = process(node, x[:, frames_before:])[0][:, 45_000:]
    expected = run(PlayheadLoss, x, 48_000.0, **heavy)[:, -settled.shape[1] :]
    np.testing.assert_allclose(settled, expected, atol=1e-6)


def test_a_bump_that_is_turned_up_sounds_soon_as_if_it_had_always_been_there() -> None:
    x = np.random.default_rng(4).uniform(-1, 1, (2, 48_000))
    node = prepared(PlayheadLoss, 48_000.0, 2, 64)
    process(node, x[:, :9600])
    change(node, {"bump_db": 2.0})
    changed = process(node, x[:, 9600:])[0]
    expected = run(PlayheadLoss, x, 48_000.0, bump_db=2.0)[:, 9600:]
    assert np.max(np.abs(changed - expected)[:, :480]) > 0.03  # only sounds from now on reach it
    for after_s, most in ((0.1, 1e-3), (0.7, 1e-6)):
        np.testing.assert_allclose(
            changed[:, round(after_s * 48_000) :], expected[:, round(after_s * 48_000) :], atol=most
        )


@pytest.mark.parametrize("change_of", [{"speed_ips": 7.5}, {"contact_mm": 3.0}, {"bump_db": 0.0}])
def test_a_bump_moves_without_a_click(change_of: dict[str, float]) -> None:
    """The level of a tone goes from that of the old head to that of the new one, by a dip where the phase turns far."""
    fs, f = 48_000.0, 60.0
    turns = np.exp(2j * np.pi * f * np.arange(96_000) / fs)
    before: dict[str, Any] = NONE | {"bump_db": 3.0, "contact_mm": 7.0, "speed_ips": 15.0}
    envelope = np.abs(faded(fs, 64, turns.real, before, change_of) + 1j * faded(fs, 64, turns.imag, before, change_of))
    envelope = envelope[47_000:]  # the onset is over
    old, new = envelope[0], envelope[-1]
    after = before | change_of
    a = 2 * np.pi * f * after["contact_mm"] * 0.5e-3 / (after["speed_ips"] * 0.0254)
    b = (10 ** (after["bump_db"] / 20) - 1) / 0.41748744
    assert 20 * np.log10(new / (1 - b * np.exp(-a / 20) * (1 - itj0y0(a)[0]))) == pytest.approx(0.0, abs=0.1)
    assert np.max(envelope) < max(old, new) + 0.06
    assert np.min(envelope) > 0.6 * min(old, new)
    assert np.max(np.abs(np.diff(envelope))) < 5.0 * max(abs(new - old), 0.2) / 240  # of a ramp over 5 ms


@pytest.mark.parametrize("n", [1024, 1536, 6144, 8192, 24_576, 3 << 14, 1 << 17])
def test_a_transform_in_portions_equals_the_whole_one_and_no_portion_is_long(n: int) -> None:
    x = np.random.default_rng(3).standard_normal(n)
    X = np.fft.rfft(x)
    X = np.concatenate([X, X[-2:0:-1].conj()])  # negative frequencies too
    bins = Bins(n)
    assert bins.length <= LONGEST_ROW
    Y = bins.empty()
    for piece in bins.pieces():
        w = bins.frequencies(piece)
        assert w.size <= LONGEST_ROW
        part = X[np.rint(w * n / (2 * np.pi)).astype(int)]
        Y[:, piece] = bins.towards_time(part, piece)
        np.testing.assert_allclose(bins.towards_frequency(Y[:, piece], piece), part, atol=1e-10)
    for t in range(bins.r):
        np.testing.assert_allclose(np.fft.irfft(Y[t], bins.length), x[t :: bins.r], atol=1e-12)


def test_the_sound_ends_with_the_tail() -> None:
    for params in ({}, {"speed_ips": 1.0}, {"bump_db": 2.0}, {"phase": "linear", "spacing_um": 20.0}):
        node = prepared(PlayheadLoss, 48_000.0, 1, 64, **params)
        x = np.zeros(72_000)
        x[:100] = np.random.default_rng(2).uniform(-1, 1, 100)
        y = process(node, x)[0][0]
        end = 100 + round(node.latency() + node.tail() * 48_000)
        assert end < 60_000
        assert np.max(np.abs(y[end:])) < 1e-8
        if "phase" in params:  # then the response is as long as that
            segment_end = -(-end // 256) * 256 + 256  # partitions are whole segments
            assert not y[segment_end:].any()
