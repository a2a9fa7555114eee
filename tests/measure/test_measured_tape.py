"""Data sheets of curves whose levels are known, of noise, of tape over bias, and of our cassettes."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

import tapegraph
from tapegraph import measure
from tapegraph.measure.bias import bias_of, bias_target
from tapegraph.measure.report import of_several
from tapegraph.measure.signals import Notebook
from tapegraph.measure.staircase import STRETCH_S, Staircase, staircase
from tapegraph.measure.tones import amplitudes, line, played

RATE = 8000.0
a = 0.5  # of y = x - a x^3
STEPS_DBFS = tuple(range(-48, 4, 3))  # beyond, the curve turns over


def db(ratio: float) -> float:
    return float(20.0 * np.log10(ratio))


def first(A: float) -> float:
    """Return the fundamental of y = x - a x^3 for a sine of A; the third harmonic is a A^3 / 4."""
    return A - 0.75 * a * A**3


def where_third_is(percent: float) -> float:
    """Return the A for which the third harmonic of the curve is so strong: a A^2 / 4 = r (1 - 3 a A^2 / 4)."""
    r = percent / 100.0
    return float(np.sqrt(4.0 * r / (a * (1.0 + 3.0 * r))))


@pytest.fixture
def curve(toys: None) -> measure.Rig:
    return measure.Rig(tapegraph.chain(cubic={"third": -a}), RATE)


def test_the_levels_of_1_and_3_percent_are_those_of_the_curve(curve: measure.Rig) -> None:
    found = measure.tape(curve, -20.0, (315.0, 400.0, 1000.0), STEPS_DBFS)
    for percent, level_dbfs, output_db in (
        (1.0, found.one_percent_input_dbfs, found.one_percent_db),
        (3.0, found.mol_input_dbfs, found.mol_db),
    ):
        A = where_third_is(percent)
        np.testing.assert_allclose(level_dbfs, db(A), atol=0.03)
        np.testing.assert_allclose(output_db, db(first(A)) + 20.0, atol=0.03)


def test_a_sheet_has_the_figures_that_are_published_of_tapes(curve: measure.Rig) -> None:
    found = measure.tape(curve, -20.0, (315.0, 400.0, 1000.0), STEPS_DBFS)
    figures = attrs.evolve(found, noise_a_db=-52.5).figures()
    mol = f"{db(first(where_third_is(3.0))) + 20.0:.1f} dB"
    assert (figures["MOL, 3 %, 400 Hz"], figures["MOL, 3 %, 1 kHz"]) == (mol, mol)
    assert figures["Sensitivity, 1 kHz"] == "0.0 dB"
    assert "SOL, 10 kHz" not in figures  # above half the sample rate
    assert figures["Noise of the tape, A-weighted"] == "-52.5 dB"
    assert not figures.keys() & measure.noise(curve).figures().keys()  # relative to 0 dB, those to full scale


def test_the_largest_output_of_a_curve_is_found_between_the_steps(curve: measure.Rig) -> None:
    """At A = 2 / (3 sqrt(a)), of which 2 / 3 come out."""
    for moved_db in (0.0, 1.0, 2.0):
        steps = tuple(step - moved_db for step in STEPS_DBFS)
        found = measure.tape(curve, -20.0, (1000.0,), steps)
        assert found.sol_db[0] == pytest.approx(db(4.0 / (9.0 * np.sqrt(a))) + 20.0, abs=0.1)


def test_distortion_is_that_of_a_tone_that_comes_out_at_0_db(curve: measure.Rig) -> None:
    """Not of one that goes in at 0 dB: 8 dB under full scale that is 0.7 dB less."""
    reference_dbfs = -8.0
    roots = np.roots([-0.75 * a, 0.0, 1.0, -(10.0 ** (reference_dbfs / 20.0))])
    A = min(root.real for root in roots if root.real > 0.0)
    found = measure.tape(curve, reference_dbfs, (400.0,), STEPS_DBFS)
    assert found.third_percent[0] == pytest.approx(100.0 * 0.25 * a * A**3 / first(A), rel=0.005)


def test_sensitivity_is_the_gain_20_db_under_the_reference(curve: measure.Rig) -> None:
    found = measure.tape(curve, 10.0, (315.0, 1000.0), STEPS_DBFS)
    np.testing.assert_allclose(found.sensitivity_db, db(first(10.0**-0.5) / 10.0**-0.5), atol=0.01)
    quiet = measure.tape(curve, -40.0, (1000.0,), STEPS_DBFS)  # below the lowest step
    assert quiet.sensitivity_db[0] == pytest.approx(0.0, abs=0.001)


def test_a_response_is_relative_to_1_khz() -> None:
    rig = measure.Rig(tapegraph.chain(dc_blocker={"cutoff_hz": 100.0}, gain={"gain_db": 6.0}), RATE)
    found = measure.tape(rig, frequencies_hz=(100.0, 1000.0))
    np.testing.assert_allclose(found.response_db, [db(0.5**0.5), 0.0], atol=0.01)


def test_what_is_not_reached_is_blank() -> None:
    """A gain has no distortion, no largest output and no noise."""
    found = measure.tape(measure.Rig(tapegraph.chain(gain={"gain_db": 3.0}), RATE))
    assert np.isnan(found.sol_db).all()
    row = {name: values[0] for name, values in found.summary().items()}
    assert row["sensitivity_db"] == pytest.approx(3.0, abs=1e-9)
    assert row["third_percent"] < 0.001
    assert np.isnan([value for name, value in row.items() if name not in ("sensitivity_db", "third_percent")]).all()


class Steps(Notebook):
    """A machine that plays some steps of a staircase as the curve has them, and the others as a part of itself."""

    def __init__(self, sounding: range, rest: float) -> None:
        super().__init__(RATE, 1)
        self.sounding, self.rest = sounding, rest

    def play_channels(self, sound: np.ndarray, moving: bool = False) -> np.ndarray:
        step = np.arange(sound.shape[1]) // round((self.settling_s + STRETCH_S) * RATE)
        plays = (step >= self.sounding.start) & (step < self.sounding.stop)
        noise = 1e-3 * np.random.default_rng(1).standard_normal(sound.shape)
        return np.asarray(np.where(plays, sound - a * sound**3, 0.0) + self.rest * noise)


@pytest.mark.parametrize("rest", [0.0, 1.0])
def test_steps_of_which_nothing_is_heard_count_for_nothing(rest: float) -> None:
    """Neither those under the threshold of a gate, nor a part that a recording lacks, and what comes after it."""
    last = len(STEPS_DBFS)
    whole, gated, cut, least = (
        staircase(Steps(steps, rest), 400.0, STEPS_DBFS) for steps in (range(last), range(6, last), range(14), range(3))
    )
    assert list(gated.level_dbfs) == list(STEPS_DBFS[6:])
    assert list(cut.level_dbfs) == list(STEPS_DBFS[:14])
    assert gated.level_for_third(-30.0) == pytest.approx(whole.level_for_third(-30.0), abs=0.1)
    assert np.isnan(cut.level_for_third(-20.0))
    assert np.isnan(cut.largest_output_dbfs())
    assert np.isnan([gated.output_at(-38.0), cut.output_at(-1.0), gated.level_for_output(-38.0)]).all()
    assert len(least.level_dbfs) == 0
    assert np.isnan([least.output_at(-45.0), least.level_for_third(-30.0), least.largest_output_dbfs()]).all()


def test_an_output_that_has_levelled_off_is_the_largest(toys: None) -> None:
    """The limit of hide is 2: a square wave, whose fundamental is 4 / pi times that."""
    graph = tapegraph.chain(before={"kind": "gain", "gain_db": 24.0}, hide={})
    found = measure.tape(measure.Rig(graph, RATE), 0.0, (100.0,))
    assert found.sol_db[0] == pytest.approx(db(8.0 / np.pi), abs=0.05)


def test_noise_is_that_of_the_graph_as_it_is_and_range_reaches_from_it_to_3_percent(toys: None) -> None:
    graph = tapegraph.Graph(
        nodes={
            "cubic": {"kind": "cubic", "third": -a},
            "hiss": {"kind": "hiss"},
            "quiet": {"kind": "gain", "gain_db": -40.0},
        },
        links=["hiss -> quiet -> output", "input -> cubic -> output"],
    )
    found = measure.tape(graph, -18.0, (400.0,), STEPS_DBFS)
    assert found.changed == ("hiss",)
    rms = 0.01 / np.sqrt(3.0) * np.sqrt((20_000.0 - 20.0) / 24_000.0)
    assert found.noise_db == pytest.approx(db(np.sqrt(2.0) * rms) + 18.0, abs=0.1)
    assert found.noise_a_db < found.noise_db < found.noise_468_db
    assert found.range_db == pytest.approx(db(first(where_third_is(3.0))) + 18.0 - found.noise_a_db, abs=0.03)


def test_the_rounding_of_numbers_is_no_noise(toys: None) -> None:
    quieter = {f"gain_{n}": {"kind": "gain", "gain_db": -70.0} for n in range(3)}
    graph = tapegraph.Graph(
        nodes={"hiss": {"kind": "hiss"}, **quieter},
        links=["hiss -> gain_0 -> gain_1 -> gain_2 -> output", "input -> output"],
    )
    assert np.isnan(measure.tape(measure.Rig(graph, RATE), frequencies_hz=(400.0,)).noise_db)


def test_0_db_is_0_vu_of_the_graph_unless_it_is_said() -> None:
    graph = tapegraph.Graph(reference_dbfs=-14.0, nodes={"gain": {"kind": "gain"}}, links=["input -> gain -> output"])
    rig = measure.Rig(graph, RATE)
    assert measure.tape(rig, frequencies_hz=(400.0,)).reference_dbfs == -14.0
    assert measure.tape(rig, -9.0, (400.0,)).reference_dbfs == -9.0


def test_a_third_harmonic_that_is_strong_in_quiet_tones_too_is_not_taken_for_overload() -> None:
    """As of a tape without bias, or where noise covers it."""
    levels = np.arange(-40.0, 1.0, 10.0)
    found = Staircase(1000.0, levels, levels, np.array([-10.0, -40.0, -60.0, -40.0, -20.0]))
    assert found.level_for_third(-40.0) == pytest.approx(-10.0, abs=1e-6)
    assert np.isnan(found.level_for_third(-70.0))
    assert np.isnan(found.level_for_third(-10.0))


def test_noise_is_weighted_by_a(toys: None) -> None:
    """50 Hz: -30.2 dB in the table of IEC 61672-1."""
    graph = tapegraph.Graph(
        nodes={"hum": {"kind": "hum", "mains_hz": 50.0, "level_db": -40.0, "second": 0, "third": 0, "buzz": 0}},
        links=["input -> output", "hum -> output"],
    )
    found = measure.tape(measure.Rig(graph, RATE), frequencies_hz=(400.0,))
    assert found.noise_db - found.noise_a_db == pytest.approx(30.2, abs=0.1)


def test_mol_by_steps_of_3_db_is_that_of_a_search_by_steady_tones() -> None:
    rig = measure.Rig(tapegraph.load("tc260"))
    found = measure.tape(rig, 0.0, (1000.0,))
    k = line(rig, 1000.0)
    low, high = -12.0, -8.0
    while high - low > 0.005:
        middle = (low + high) / 2.0
        A = amplitudes(played(rig, [k], middle))
        low, high = (middle, high) if A[3 * k] < 0.03 * A[k] else (low, middle)
    assert found.mol_input_dbfs[0] == pytest.approx(low, abs=0.05)
    assert found.mol_db[0] == pytest.approx(db(A[k]), abs=0.05)


def test_the_steps_that_are_played_do_not_depend_on_what_comes_out(
    curve: measure.Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[np.ndarray] = []
    play = measure.Rig.play

    def listening(self: measure.Rig, signal: np.ndarray, moving: bool = False) -> np.ndarray:
        heard.append(signal)
        return play(self, signal, moving)

    monkeypatch.setattr(measure.Rig, "play", listening)
    measure.tape(curve, -20.0)
    once, heard = heard, []
    other = measure.Rig(tapegraph.chain(gain={"gain_db": -9.0}), RATE)
    measure.tape(other, -10.0)
    assert len(once) == len(heard)
    assert all(np.array_equal(x, y) for x, y in zip(once, heard, strict=True))


def test_a_next_step_that_comes_early_is_no_distortion() -> None:
    """As in a recording of a machine whose bass is 3 ms before its treble; -50 dB without a window."""

    class Early(Notebook):
        def play_channels(self, sound: np.ndarray, moving: bool = False) -> np.ndarray:
            return np.roll(sound, -round(0.003 * self.sample_rate), axis=1)

    found = staircase(Early(RATE, 1), 100.0, STEPS_DBFS)
    np.testing.assert_allclose(found.output_dbfs, STEPS_DBFS, atol=0.001)
    assert np.max(found.third_db) < -90.0


@pytest.mark.parametrize("levels", [(-20.0, -10.0, 0.0), (-20.0, -10.0, -10.0, 0.0)])
def test_what_is_no_staircase_is_refused(curve: measure.Rig, levels: tuple[float, ...]) -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        staircase(curve, 1000.0, levels)
    assert str(caught.value) == "the levels of a staircase must be 4 or more, and rise"


def test_every_level_stands_in_the_table_in_db_and_in_dbfs(curve: measure.Rig) -> None:
    found = measure.tape(curve, -20.0, (400.0, 1000.0), STEPS_DBFS)
    columns = found.columns()
    assert list(columns["frequency_hz"]) == [400.0, 1000.0]
    np.testing.assert_allclose(columns["mol_dbfs"], columns["mol_db"] - 20.0)
    assert list(columns["reference_dbfs"]) == [-20.0, -20.0]


def test_the_bias_of_a_graph_is_found_by_its_name() -> None:
    assert bias_target(tapegraph.load("cassette")) == "Bias"
    assert bias_of(tapegraph.load("cassette")) == 0.75
    assert bias_target(tapegraph.chain(gain={}, hysteresis={"bias": 0.3})) == "hysteresis.bias"
    assert bias_target(tapegraph.chain(gain={})) is None


def test_over_what_is_turned_there_is_a_row_for_each_value(toys: None) -> None:
    graph = tapegraph.chain(cubic={"third": 0.0}, gain={})
    rig = measure.Rig(graph, RATE)
    found = measure.over(rig, "cubic.third", (-0.1, -0.4), -20.0, (400.0, 1000.0))
    row = found.summary()
    assert list(row)[:2] == ["cubic.third", "sensitivity_db"]
    assert list(row["cubic.third"]) == [-0.1, -0.4]
    assert row["mol_400_db"][1] - row["mol_400_db"][0] == pytest.approx(db(0.5), abs=0.02)
    assert list(found.columns()["cubic.third"]) == [-0.1, -0.1, -0.4, -0.4]
    assert graph.get("cubic.third") == rig.source.get("cubic.third") == 0.0


def test_more_bias_gives_tape_more_headroom_and_less_distortion_up_to_a_point() -> None:
    rig = measure.Rig(tapegraph.chain(hysteresis={"saturation": 0.6, "oversample": 4}), 16_000.0)
    found = measure.over(rig, values=(0.1, 0.7, 1.0), frequencies_hz=(400.0,))
    assert found.target == "hysteresis.bias"
    low, usual, high = found.figure("mol_db", 400.0)
    assert low < usual - 6.0
    assert usual > high
    assert found.figure("third_percent", 400.0)[0] > 4.0 * found.figure("third_percent", 400.0)[1]


def test_a_knob_is_turned_over_its_range(toys: None) -> None:
    graph = tapegraph.chain(gain={}, hysteresis={})
    assert measure.over(measure.Rig(graph, RATE), frequencies_hz=(400.0,)).value == pytest.approx(
        [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    )


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (None, "the graph has no bias; say what to measure it over"),
        ("noise.colour", "noise.colour is no number, so there is nothing to measure it over"),
        ("gain.gain", "gain (gain) has no parameter gain; did you mean gain_db?"),
    ],
)
def test_what_cannot_be_turned_is_refused(target: str | None, message: str) -> None:
    graph = tapegraph.Graph(
        nodes={"gain": {"kind": "gain"}, "noise": {"kind": "noise"}},
        links=["input -> gain -> output", "noise -> output"],
    )
    with pytest.raises(tapegraph.TapegraphError) as caught:
        measure.over(measure.Rig(graph, RATE), target)
    assert str(caught.value) == message


def test_our_cassette_measures_as_a_published_one_does() -> None:
    """Maxell UR, 1994, audiochrome.blogspot.com; 0 dB is 200 nWb/m, 3 dB over 0 VU of our preset."""
    row = measure.tape(tapegraph.load("cassette"), -15.0, (400.0, 1000.0, 10_000.0)).summary()
    assert row["bias"][0] == 0.75
    published = {"third_percent": (0.42, 0.3), "mol_400_db": (5.3, 1.2), "mol_1k_db": (2.9, 0.5)}
    published |= {
        "sol_10k_db": (-1.3, 0.5),
        "noise_db": (-49.5, 1.0),
        "noise_a_db": (-52.5, 1.0),
        "range_db": (57.8, 1.5),
    }
    for name, (value, within) in published.items():
        assert row[name][0] == pytest.approx(value, abs=within), name


def test_sheets_stand_one_under_the_other_by_name(curve: measure.Rig) -> None:
    found = measure.tape(curve, -20.0, (400.0, 1000.0), STEPS_DBFS)
    head, *rows = of_several({"one": found, "another": found}).split("\n")
    assert head.split()[:3] == ["graph", "bias", "sensitivity_db"]
    assert [row.split()[0] for row in rows] == ["one", "another"]
    assert len({len(line) for line in (head, *rows)}) == 1
    assert rows[0].split()[1:4] == ["-", "0.00", "0.126"]
