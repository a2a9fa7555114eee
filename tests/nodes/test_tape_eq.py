"""The equalisers of a tape machine against the flux of the standards, and a whole machine against a straight line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import Array, prepared, process, run
from tapegraph_nodes.tape.playhead_loss import PlayheadLoss
from tapegraph_nodes.tape.tape_eq import TapeEq

import tapegraph

RATES = (44_100.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0)
# Standard, speed, treble and bass constants in us, as in IASA-TC 04, table 1 of section 5.4, and IEC 60094-1.
CONSTANTS = [
    ("nab", 3.75, 90.0, 3180.0),
    ("nab", 7.5, 50.0, 3180.0),
    ("nab", 15.0, 50.0, 3180.0),
    ("iec", 3.75, 90.0, 3180.0),
    ("iec", 7.5, 70.0, None),
    ("iec", 15.0, 35.0, None),
    ("iec", 30.0, 17.5, None),
    ("aes", 30.0, 17.5, None),
    ("cassette_120", 1.875, 120.0, 3180.0),
    ("cassette_70", 1.875, 70.0, 3180.0),
]
# Standard, speed, spacing, thickness, gap, limit: from a cassette to a fast studio machine, and some that are worn.
MACHINES = [
    ("cassette_120", 1.875, 0.3, 4.5, 1.4, 14_000.0),
    ("cassette_70", 1.875, 0.1, 4.0, 0.9, 20_000.0),
    ("cassette_120", 1.875, 0.5, 6.0, 2.0, 8000.0),
    ("nab", 3.75, 0.5, 10.0, 3.0, 10_000.0),
    ("nab", 7.5, 1.0, 12.0, 6.0, 18_000.0),
    ("iec", 7.5, 5.0, 0.0, 0.0, 12_000.0),
    ("iec", 15.0, 1.0, 16.0, 6.35, 20_000.0),
    ("nab", 15.0, 0.0, 0.0, 13.0, 18_000.0),
    ("aes", 30.0, 0.0, 50.0, 0.0, 20_000.0),
    ("aes", 30.0, 0.0, 0.0, 0.0, 20_000.0),
    ("cassette_120", 1.875, 1.8, 2.0, 1.4, 13_200.0),  # 42 dB
    ("nab", 15.0, 20.0, 10.0, 0.0, 11_800.0),  # 40 dB
]


def response_db(fs: float, *nodes: tuple[Any, dict[str, Any]]) -> tuple[Array, Array]:
    """Return frequencies a hertz apart and the response of nodes in a row, dB, from their response to one sample."""
    x = np.zeros(round(fs))
    x[0] = 1.0
    for cls, params in nodes:
        x = run(cls, x, fs, 512, **params)
    return np.arange(x.size // 2 + 1.0), 20 * np.log10(np.abs(np.fft.rfft(x)) + 1e-300)


def flux_db(f: Array, treble_us: float, bass_us: float | None) -> Array:
    """Return the standard's level of flux, -10 lg(1 + (w t1)^2) + 10 lg(1 + 1 / (w t2)^2)."""
    w = 2e-6 * np.pi * f
    bass = 10 * np.log10(1 + 1 / (w * bass_us) ** 2) if bass_us else 0.0
    level: Array = bass - 10 * np.log10(1 + (w * treble_us) ** 2)
    return level


@pytest.mark.parametrize("fs", RATES)
@pytest.mark.parametrize(("standard", "speed_ips", "treble_us", "bass_us"), CONSTANTS)
def test_replay_undoes_the_flux_of_the_standard_within_a_tenth_of_a_decibel(
    standard: str, speed_ips: float, treble_us: float, bass_us: float | None, fs: float
) -> None:
    f, level = response_db(fs, (TapeEq, {"standard": standard, "speed_ips": speed_ips}))
    heard = slice(20, 20_001)
    np.testing.assert_allclose(level[heard], -flux_db(f[heard], treble_us, bass_us), atol=0.1)


def test_a_speed_between_two_of_the_standard_takes_the_nearer_one_in_ratio() -> None:
    x = np.random.default_rng(1).uniform(-1, 1, 500)
    for speed_ips, same_as in ((21.0, 15.0), (21.5, 30.0), (1.0, 3.75), (50.0, 30.0)):
        between = run(TapeEq, x, 48_000.0, standard="iec", speed_ips=speed_ips)
        np.testing.assert_array_equal(between, run(TapeEq, x, 48_000.0, standard="iec", speed_ips=same_as))
    assert not np.array_equal(between, run(TapeEq, x, 48_000.0, standard="iec", speed_ips=15.0))


def test_custom_has_any_time_constants_and_none() -> None:
    custom: dict[str, Any] = {"standard": "custom", "treble_us": 140.0, "bass_us": 2000.0}
    f, level = response_db(48_000.0, (TapeEq, custom))
    heard = slice(20, 20_001)
    np.testing.assert_allclose(level[heard], -flux_db(f[heard], 140.0, 2000.0), atol=0.1)
    x = np.random.default_rng(1).uniform(-1, 1, 500)
    flat = run(TapeEq, x, 48_000.0, standard="custom", treble_us=0.0, bass_us=0.0)
    np.testing.assert_allclose(flat, x, atol=1e-12)


@pytest.mark.long
@pytest.mark.parametrize("fs", [44_100.0, 48_000.0, 192_000.0])
@pytest.mark.parametrize(("standard", "speed_ips", "spacing_um", "thickness_um", "gap_um", "limit_hz"), MACHINES)
def test_record_head_and_replay_in_a_row_are_flat_within_half_a_decibel_up_to_the_limit(
    standard: str, speed_ips: float, spacing_um: float, thickness_um: float, gap_um: float, limit_hz: float, fs: float
) -> None:
    head = {"speed_ips": speed_ips, "spacing_um": spacing_um, "thickness_um": thickness_um, "gap_um": gap_um}
    record = {"side": "record", "standard": standard, "limit_hz": limit_hz, "most_boost_db": 30.0, **head}
    replay = {"standard": standard, "speed_ips": speed_ips}
    _, level = response_db(fs, (TapeEq, record), (PlayheadLoss, head), (TapeEq, replay))
    flat = level[40 : int(min(limit_hz, 0.41 * fs))]
    np.testing.assert_allclose(flat, 0.0, atol=0.5)


def test_what_the_head_loses_goes_into_the_tape() -> None:
    """At 1.875 ips, 4.5 um of coating lose 20 lg(x / (1 - exp(-x))) dB, x = 2 pi 10 kHz 4.5 um / v, and 120 us give."""
    record = {"side": "record", "standard": "cassette_120", "speed_ips": 1.875, "spacing_um": 0.0, "gap_um": 0.0}
    _, level = response_db(48_000.0, (TapeEq, {**record, "thickness_um": 4.5, "limit_hz": 14_000.0}))
    x = 2 * np.pi * 10_000 * 4.5e-6 / (1.875 * 0.0254)
    loss_db = 20 * np.log10(x / (1 - np.exp(-x)))
    assert level[10_000] == pytest.approx(loss_db + flux_db(np.array(10_000.0), 120.0, 3180.0), abs=0.3)


def test_the_boost_ends_where_it_is_told_to() -> None:
    record = {"side": "record", "standard": "iec", "speed_ips": 7.5, "spacing_um": 5.0, "limit_hz": 20_000.0}
    head = {"speed_ips": 7.5, "spacing_um": 5.0}
    for most_boost_db in (6.0, 12.0):
        record["most_boost_db"] = most_boost_db
        f, level = response_db(48_000.0, (TapeEq, record))
        treble = level[1000:]
        assert np.max(treble) == pytest.approx(most_boost_db, abs=1.0)
        reached_hz = int(f[1000 + np.argmax(treble > most_boost_db - 1.0)])
        whole = response_db(48_000.0, (TapeEq, record), (PlayheadLoss, head), (TapeEq, {**record, "side": "replay"}))[1]
        np.testing.assert_allclose(whole[40:reached_hz], 0.0, atol=0.5)
        assert whole[20_000] < -3.0


def test_record_lifts_bass_by_20_decibels_at_most() -> None:
    _, level = response_db(48_000.0, (TapeEq, {"side": "record", "standard": "nab", "speed_ips": 15.0}))
    assert level[0] == pytest.approx(20.0, abs=0.01)


@pytest.mark.parametrize("side", ["record", "replay"])
def test_both_sides_are_of_minimum_phase(side: str) -> None:
    """The phase of a minimum phase follows from its magnitude; the response at 0 Hz is kept from being none."""
    x = np.zeros(1 << 17)
    x[0] = 1.0
    h = run(TapeEq, x, 48_000.0, 512, side=side, standard="iec", speed_ips=7.5, thickness_um=10.0, limit_hz=15_000.0)
    H = np.fft.fft(h)
    cepstrum = np.fft.ifft(np.log(np.abs(H))).real
    fold = np.zeros_like(cepstrum)
    fold[0], fold[1 : h.size // 2], fold[h.size // 2] = 1.0, 2.0, 1.0
    np.testing.assert_allclose(np.fft.ifft(np.exp(np.fft.fft(fold * cepstrum))).real, h, atol=1e-9)


def test_a_machine_that_changes_its_speed_while_it_plays_makes_no_click() -> None:
    fs, f = 48_000.0, 1000.0
    x = np.sin(2 * np.pi * f * np.arange(24_000) / fs)
    node = prepared(TapeEq, fs, side="record", standard="iec", thickness_um=10.0)
    y = []
    for b in range(375):
        node.set("speed_ips", 7.5 if b // 25 % 2 else 15.0)
        node.update()
        y.append(process(node, x[b * 64 : b * 64 + 64])[0][0])
    # A sine turns by no more than (2 pi f / fs)^2 of its level from sample to sample: a click would bend more.
    moved = np.concatenate(y)
    bend = np.abs(np.diff(moved, 2))[640:]
    assert np.max(bend) < 1.2 * np.max(np.abs(moved[640:])) * (2 * np.pi * f / fs) ** 2


@pytest.mark.parametrize(
    "machine",
    [
        {"standard": "cassette_120", "spacing_um": 0.9, "thickness_um": 18.0, "gap_um": 1.2, "limit_hz": 11_000.0},
        {"standard": "nab", "spacing_um": 2.6, "thickness_um": 12.7, "gap_um": 3.0, "limit_hz": 18_000.0},
    ],
)
def test_a_speed_that_is_turned_through_its_range_makes_no_click(machine: dict[str, Any]) -> None:
    """In every block the sound bends hardly more than the sine: filters for similar speeds turn into each other."""
    fs, f, frames = 48_000.0, 1000.0, 64
    speeds = np.geomspace(50.0, 1.0, 500)
    x = np.sin(2 * np.pi * f * np.arange(frames * len(speeds)) / fs)
    node = prepared(TapeEq, fs, side="record", most_boost_db=30.0, speed_ips=50.0, **machine)
    y = []
    for b, speed_ips in enumerate(speeds):
        node.set("speed_ips", float(speed_ips))
        node.update()
        y.append(process(node, x[b * frames : (b + 1) * frames])[0][0])
    moved = np.concatenate(y)[1920:]
    level = np.max(np.abs(moved).reshape(-1, frames), axis=1)
    bend = np.max(np.abs(np.diff(moved, 2, append=[0.0, 0.0])).reshape(-1, frames)[:, :-2], axis=1)
    assert np.max(bend / level) < 3.0 * (2 * np.pi * f / fs) ** 2


DECK = """
tapegraph: 1
nodes:
  record: {{kind: tape_eq, side: record, standard: {standard}, {head}, limit_hz: {limit_hz}, most_boost_db: 25}}
  level: {{kind: gain, gain_db: {level_db}}}
  tape: {{kind: hysteresis, drive: 0.5, saturation: {saturation}, bias: 0.85, oversample: 4}}
  head: {{kind: playhead_loss, {head}}}
  replay: {{kind: tape_eq, standard: {standard}, speed_ips: 1.875}}
links: [input -> record -> level -> tape -> head -> replay -> output]
"""


class Deck:
    """A cassette deck, whose spacing stands for the losses of recording at short wavelengths too."""

    def __init__(self, folder: Path, **params: Any) -> None:
        path = folder / "deck.yaml"
        head = "speed_ips: 1.875, spacing_um: 1.96, thickness_um: 2, gap_um: 1.3"
        path.write_text(DECK.format(head=head, **params), "utf-8")
        self.graph = tapegraph.load(path)

    def levels_db(self, f: int, input_db: float) -> tuple[float, float]:
        """Return the levels of a tone and of three times its frequency, modulo the rate, at the output."""
        t = np.arange(14_400) / 48_000
        y = self.graph.render(10 ** (input_db / 20) * np.sin(2 * np.pi * f * t), 48_000, tail=0.0)[-9600:]
        levels = 20 * np.log10(np.abs(np.fft.rfft(y)) / 4800 + 1e-12)
        return float(levels[f // 5]), float(levels[3 * f // 5 % levels.size])

    def mol_db(self) -> float:
        """Return the level at 1 kHz at which the third harmonic is 3 %."""
        low, high = -30.0, 10.0
        for _ in range(9):
            middle = 0.5 * (low + high)
            tone, third = self.levels_db(1000, middle)
            low, high = (middle, high) if third - tone < 20 * np.log10(0.03) else (low, middle)
        return tone

    def sol_db(self) -> float:
        """Return the highest level at 10 kHz."""
        return max(self.levels_db(10_000, input_db)[0] for input_db in np.arange(-18.0, 9.0, 3.0))


# Maxell UR, TDK OD, AD 1979, AD 1982 and Maxell XLII, NAC Studio Master 799 on a Nakamichi BX-300.
# Source: audiochrome.blogspot.com, 2018 and 2019: SOL at 10 kHz less MOL at 1 kHz.
@pytest.mark.long
@pytest.mark.parametrize(
    ("deck", "lowest_db", "highest_db"),
    [
        ({"standard": "cassette_120", "limit_hz": 12_500, "level_db": 6, "saturation": 0.5}, -4.9, -3.7),
        ({"standard": "cassette_70", "limit_hz": 14_000, "level_db": 4, "saturation": 0.4}, -9.9, -8.9),
    ],
)
def test_treble_saturates_as_far_below_1_khz_as_on_cassettes(
    tmp_path: Path, deck: dict[str, Any], lowest_db: float, highest_db: float
) -> None:
    machine = Deck(tmp_path, **deck)
    assert lowest_db <= machine.sol_db() - machine.mol_db() <= highest_db


def test_a_deck_is_flat_at_low_level_with_the_tape_in_it(tmp_path: Path) -> None:
    machine = Deck(tmp_path, standard="cassette_120", limit_hz=12_500, level_db=6, saturation=0.5)
    levels = [machine.levels_db(f, -50.0)[0] for f in (100, 400, 1000, 3000, 6000, 10_000)]
    np.testing.assert_allclose(levels, levels[2], atol=0.5)
