"""Real machines: test tapes, and recordings of them with wow, another clock, an offset, and parts that are missing."""

from __future__ import annotations

import functools
import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

import tapegraph
from tapegraph import measure
from tapegraph.__main__ import main
from tapegraph.measure.datasheet import DataSheet, Subject
from tapegraph.measure.places import at_places
from tapegraph.measure.sheet import layout
from tapegraph.measure.tape import STEPS_DBFS
from tapegraph.run.rendering import render

RATE = 16_000.0
SPEED = 1.001
Sound = npt.NDArray[np.float64]


def machine() -> tapegraph.Graph:
    """Return a graph that colours and distorts."""
    return tapegraph.chain(tone={"treble_db": -6.0, "transition_hz": 2000.0}, hysteresis={"oversample": 2})


def played(graph: tapegraph.Graph, description: measure.Signals, sound: Sound) -> Sound:
    return np.asarray(render(graph.flat(), sound / description.gain, RATE, tail=0.0)[0] * description.gain)


def recorded(sound: Sound, wow: float = 0.0, sample_rate: float = RATE) -> tuple[Sound, float]:
    """Return a sound upside down, with an offset, by a clock 0.1 % off, with wow and flutter, at another rate; that.

    wow: peak deviation of the speed at 0.6 Hz; half as much at 7.5 Hz
    """
    rate = 1.125 * 0.91875 * sample_rate  # 0.91875: of 44.1 and 48 kHz, the ratio
    t = np.arange(int(len(sound) / sample_rate / SPEED * rate)) / rate * SPEED
    for hz, depth in ((0.6, wow), (7.5, 0.5 * wow)):
        t = t + depth / (2.0 * np.pi * hz) * np.sin(2.0 * np.pi * hz * t + hz)
    # cubic interpolation of 32 times the rate, which is nothing that the recording is read with
    frames = 2 ** int(np.ceil(np.log2(len(sound))))
    spectrum = np.fft.rfft(sound, frames)
    fine = np.fft.irfft(spectrum, 32 * frames) * 32.0
    place = t * sample_rate * 32.0 + 8.0
    fine = np.concatenate([np.zeros(8), fine])
    k = place.astype(np.int64)
    x = place - k
    a, b, c, d = (fine[k + n] for n in (-1, 0, 1, 2))
    cubic = b + 0.5 * x * (c - a + x * (2.0 * a - 5.0 * b + 4.0 * c - d + x * (3.0 * (b - c) + d - a)))
    return 0.01 - cubic, rate


@pytest.fixture(scope="module")
def sheet() -> dict[str, tuple[measure.Result, measure.Result]]:
    """Measurements of a graph, and of a recording of it with 0.15 % of wow, by name."""
    what = {name: measure.ALL[name] for name in ("response", "imd", "dynamics", "latency")}
    description, sound = measure.signals(what, RATE, levels_dbfs=(-20.0,))
    tape, rate = recorded(played(machine(), description, sound), 0.0015)
    recording = measure.Recording(tape, rate, description)
    assert recording.speed_error_percent == pytest.approx(100.0 * (SPEED - 1.0), abs=0.01)
    rig = measure.Rig(machine(), RATE)
    return {
        name: (measure.measured(f, rig, (-20.0,)), measure.measured(f, recording, (-20.0,))) for name, f in what.items()
    }


def test_wow_does_not_change_the_response(sheet: dict[str, tuple[measure.Response, measure.Response]]) -> None:
    """Uncorrected it is 0.3 dB wrong; of slow wow below 300 Hz 8.7 dB L tau'' = 0.06 dB are left."""
    graph, recording = sheet["response"]
    audible = (graph.frequency_hz > 30.0) & (graph.frequency_hz < 6500.0)
    wrong = np.abs(recording.magnitude_db - graph.magnitude_db)[0]
    assert np.max(wrong[audible]) < 0.1
    assert np.max(wrong[audible & (graph.frequency_hz > 500.0)]) < 0.02


def test_wow_does_not_change_intermodulation(sheet: dict[str, tuple[measure.Imd, measure.Imd]]) -> None:
    graph, recording = sheet["imd"]
    np.testing.assert_allclose(recording.smpte_d3_percent, graph.smpte_d3_percent, rtol=1e-3)
    assert recording.smpte_d2_percent[0] < 0.01  # the graph has none, and wow as much as d3 of it
    assert recording.ccif_d2_percent[0] < 0.001


def test_levels_are_those_of_the_recording(sheet: dict[str, tuple[measure.Dynamics, measure.Dynamics]]) -> None:
    graph, recording = sheet["dynamics"]
    np.testing.assert_allclose(recording.output_dbfs, graph.output_dbfs, atol=0.01)


def test_nobody_knows_the_latency_of_a_recording(sheet: dict[str, tuple[measure.Latency, measure.Latency]]) -> None:
    assert all(np.isnan(values).all() for values in sheet["latency"][1].columns().values())


def test_a_recording_without_wow_keeps_its_phase() -> None:
    graph = machine()
    description, sound = measure.signals({"response": measure.response}, RATE)
    found = measure.response(measure.Recording(*recorded(played(graph, description, sound)), description))
    expected = measure.response(measure.Rig(graph, RATE))
    inside = (expected.frequency_hz > 60.0) & (expected.frequency_hz < 6500.0)
    np.testing.assert_allclose(found.magnitude_db[0, inside], expected.magnitude_db[0, inside], atol=0.01)
    middle = (expected.frequency_hz >= 500.0) & (expected.frequency_hz <= 2000.0)
    late = found.group_delay_ms[0] - expected.group_delay_ms[0]
    np.testing.assert_allclose(late[inside], np.mean(late[middle]), atol=0.02)


a = 0.5  # of y = x - a x^3, a tape
LOWER_DB = -6.0  # than it should be, what is recorded on it
HISS_DBFS = -62.0


def where_third_is(percent: float) -> float:
    """Return the A for which the third harmonic, a A^3 / 4, is so much of the fundamental, A - 3 a A^3 / 4."""
    r = percent / 100.0
    return float(np.sqrt(4.0 * r / (a * (1.0 + 3.0 * r))))


def db(ratio: float) -> float:
    return float(20.0 * np.log10(ratio))


@pytest.fixture(scope="module")
def tape_sheet() -> measure.Tape:
    """The data sheet of the tape at 400 Hz and 1 kHz, from a recording with hiss and 0.15 % of wow."""
    steps = (-39, -33, -27, *range(-21, 10, 3))
    sheet = functools.partial(measure.tape, frequencies_hz=(400.0, 1000.0), steps_dbfs=steps)
    description, sound = measure.signals({"tape": sheet}, 8000.0)
    x = sound[0] / description.gain * 10.0 ** (LOWER_DB / 20.0)
    hiss = np.random.default_rng(1).normal(0.0, 10.0 ** (HISS_DBFS / 20.0) / np.sqrt(2.0), len(x))
    heard = (x - a * x**3 + hiss) * description.gain
    return sheet(measure.Recording(*recorded(heard, 0.0015, 8000.0), description))


def test_a_recording_tells_the_output_at_1_and_3_percent(tape_sheet: measure.Tape) -> None:
    """0 dB is -18 dBFS, 0 VU of the test tape. What is recorded too low reaches them at higher levels at the input."""
    for percent, level_dbfs, output_db in (
        (1.0, tape_sheet.one_percent_input_dbfs, tape_sheet.one_percent_db),
        (3.0, tape_sheet.mol_input_dbfs, tape_sheet.mol_db),
    ):
        A = where_third_is(percent)
        np.testing.assert_allclose(level_dbfs, db(A) - LOWER_DB, atol=0.1)
        np.testing.assert_allclose(output_db, db(A - 0.75 * a * A**3) + 18.0, atol=0.1)


def test_a_recording_tells_the_largest_output(tape_sheet: measure.Tape) -> None:
    """At A = 2 / (3 sqrt(a)), of which 2 / 3 come out."""
    np.testing.assert_allclose(tape_sheet.sol_db, db(4.0 / (9.0 * np.sqrt(a))) + 18.0, atol=0.1)


def test_a_recording_tells_sensitivity_and_noise(tape_sheet: measure.Tape) -> None:
    np.testing.assert_allclose(tape_sheet.sensitivity_db, LOWER_DB, atol=0.1)
    assert tape_sheet.noise_db == pytest.approx(HISS_DBFS + 18.0, abs=0.2)


def test_nobody_knows_the_bias_of_a_recording(tape_sheet: measure.Tape) -> None:
    assert np.isnan(tape_sheet.bias)


def test_a_test_tape_has_the_steps_of_graphs_up_to_30_db_over_0_vu() -> None:
    """Louder ones, which graphs get, would leave little of the file to all other signals."""
    description, _ = measure.signals({"tape": measure.tape}, 8000.0)
    assert db(description.gain) == pytest.approx(-12.0, abs=0.01)
    steps = (max(STEPS_DBFS) - min(STEPS_DBFS) - 6.0) / 3.0 + 1.0
    assert description.stretches[1].frames == pytest.approx((steps * (0.5 + 0.2) + 0.1) * 8000.0)


def test_a_data_sheet_is_relative_to_the_level_that_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    module = importlib.import_module("tapegraph.measure.tape")
    monkeypatch.setattr(module, "FREQUENCIES_HZ", (400.0, 1000.0))
    monkeypatch.setattr(module, "STEPS_DBFS", (-40.0, -30.0, -20.0, -10.0))
    folder = tmp_path / "tape"
    assert main(["measure", "--signals", str(folder), "--rate", "8000", "noise", "tape"]) == 0
    assert "0 dB of tape is the level of the steady tone" in (folder / "README.txt").read_text()
    words = ["measure", "--signals", str(folder), "--recording"]
    capsys.readouterr()
    assert main([*words, str(folder / "signals.wav"), "tape"]) == 0
    said = capsys.readouterr()
    assert (said.err, said.out.splitlines()[-1]) == ("", "0 dB is -18 dBFS at the output")
    assert ["sensitivity_db", "0.00"] in [line.split() for line in said.out.splitlines()]
    assert main([*words, str(folder / "signals.wav"), "--reference", "-15"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "0 dB is -15 dBFS at the output"

    description = measure.Signals.of(json.loads((folder / "signals.json").read_text()))
    whole, rate = soundfile.read(folder / "signals.wav")
    ends = next(part.start for part in description.stretches if part.what == ("tape",))
    soundfile.write(tmp_path / "half.wav", whole[:ends], rate)
    assert main([*words, str(tmp_path / "half.wav")]) == 0
    said = capsys.readouterr()
    assert said.err == "warning: tape is left out: the recording lacks that part of the test tape\n"
    assert "\nnoise\n" in said.out


def test_what_is_missing_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from tapegraph.commands._test_tape import write_signals
    from tapegraph.files.read import Reader
    from tapegraph.files.write import create

    folder = tmp_path / "tape"
    made = {name: measure.ALL[name] for name in ("imd", "dynamics", "noise")}
    said = write_signals(str(folder), made, RATE, 1, (-20.0, -14.0, -8.0, -2.0), False)
    assert said.startswith(f"{folder / 'signals.wav'}: 0 min ")
    assert sorted(path.name for path in folder.iterdir()) == ["README.txt", "signals.json", "signals.wav"]
    with Reader(folder / "signals.wav") as reader:
        sound = np.concatenate(list(reader.blocks()), axis=1)
    description = measure.Signals.of(json.loads((folder / "signals.json").read_text()))
    ends = next(part.start for part in description.stretches if part.what == ("dynamics",))
    assert all(part.start >= ends for part in description.stretches if "noise" in part.what)
    with create(tmp_path / "first.wav", 16_000, 1, sound.shape[1]) as file:
        file.write(sound[:, :ends])
    assert main(["measure", "--recording", str(folder / "signals.wav"), "dynamics"]) == 0
    assert "-20.00       -20.00     0.00" in capsys.readouterr().out
    words = ["measure", "--recording", str(tmp_path / "first.wav"), "--signals", str(folder)]
    assert main(words) == 0
    printed = capsys.readouterr()
    assert printed.err == "warning: dynamics, noise are left out: the recording lacks that part of the test tape\n"
    assert "\nimd\n" in printed.out
    assert main([*words, "dynamics"]) == 1
    read = str(folder / "signals.json")
    assert main([*words, "imd", "--json", read, "--overwrite"]) == 2
    assert capsys.readouterr().err.endswith(f"\n{read} is read, too; choose another file to write\n")


def test_a_test_tape_has_no_latency_to_measure(tmp_path: Path) -> None:
    folder = tmp_path / "tape"
    assert main(["measure", "--signals", str(folder), "--rate", "16000"]) == 0
    what = json.loads((folder / "signals.json").read_text())["what"]
    assert what == [name for name in measure.SHEET if name != "latency"]


def test_the_sheet_of_a_recording_says_what_it_is_of() -> None:
    description, sound = measure.signals({"imd": measure.imd}, RATE, levels_dbfs=(-20.0,))
    recording = measure.Recording(sound, RATE, description)
    remark = layout.remarks(DataSheet(Subject("machine.wav", recording)))[0]
    assert remark == "Of the recording of a test tape, whose speed is +0.000 % off."


def test_silence_is_no_test_tape() -> None:
    description, sound = measure.signals({"imd": measure.imd}, RATE, levels_dbfs=(-20.0,))
    with pytest.raises(tapegraph.TapegraphError) as caught:
        measure.Recording(np.zeros_like(sound), RATE, description)
    assert str(caught.value) == (
        "0 markers of the test tape found in channel 1 of the recording; it takes two to measure what is between them"
    )


def test_a_signal_that_is_not_on_the_tape_is_refused() -> None:
    description, sound = measure.signals({"imd": measure.imd}, RATE, levels_dbfs=(-20.0,))
    with pytest.raises(measure.MissingSignalError) as caught:
        measure.dynamics(measure.Recording(sound, RATE, description))
    assert str(caught.value) == "the test tape has no such signal; it has those of imd"


def test_a_description_is_read_as_it_was_written() -> None:
    description, _ = measure.signals({"imd": measure.imd}, RATE, levels_dbfs=(-20.0,))
    assert measure.Signals.of(description.as_data()) == description
    assert len(repr(description)) < 200  # people read it


def test_sound_is_exact_between_its_frames() -> None:
    t = np.arange(40_000)
    places = np.linspace(9000.3, 30_000.7, 5000)
    for cycles in (0.01, 0.1, 0.45):
        found = at_places(np.sin(2.0 * np.pi * cycles * t)[np.newaxis], places)[0]
        np.testing.assert_allclose(found, np.sin(2.0 * np.pi * cycles * places), atol=2e-5)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--signals", "x", "--at", "tape"], "--signals is without --at"),
        (["--recording", "x.wav", "--rate", "44100"], "--recording is without --rate"),
        (["--signals", "x", "--json", "y"], "--signals is without --json"),
        (["--signals", "x", "--reference", "-15"], "--signals is without --reference"),
        (["--recording", "x.wav", "--over", "Bias"], "--recording is without --over"),
        ([], "Missing argument 'GRAPH'"),
    ],
)
def test_wrong_combinations_are_wrong_use(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["measure", *words]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sample_rate": 0}, "sample_rate is 0; it must be a number from 8000 to 384000"),
        ({"sample_rate": float("nan")}, "sample_rate is nan; it must be a number from 8000 to 384000"),
        ({"channels": -1}, "channels is -1; it must be a whole number from 1 to 64"),
        ({"channels": 2}, "known of a stretch has 16 values; it must have 32"),
        ({"gain": 0.0}, "gain is 0.0; it must be a number from 1e-06 to 1"),
        ({"settling_s": float("inf")}, "settling_s is inf; it must be a number from 0 to 60"),
        ({"levels_dbfs": [1e9]}, "a level is 1000000000.0; it must be a number from -120 to 40"),
        ({"frames": float("inf")}, "frames is inf; it must be a whole number from 1 to 2147483648"),
        ({"markers": [100, 100]}, "markers do not follow each other"),
        ({"what": "imd"}, "what is 'imd'; it must be a list"),
        ({"what": [1]}, "what is [1]; it must be a list of texts"),
        ({"stretches": [3]}, "a stretch is 3; it must be a mapping"),
        ({"stretches": [{}]}, "start is missing"),
    ],
)
def test_a_damaged_description_is_refused(change: dict[str, Any], message: str) -> None:
    description, _ = measure.signals({"imd": measure.imd}, RATE, levels_dbfs=(-20.0,))
    with pytest.raises(tapegraph.TapegraphError) as caught:
        measure.Signals.of({**description.as_data(), **change})
    assert str(caught.value) == f"is a damaged description of a test tape: {message}"


@pytest.mark.parametrize("text", ["[" * 100_000, "nope", '{"tapegraph_signals": 1}', "what: [nope]"])
def test_a_description_that_is_none_is_one_sentence(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    description, _ = measure.signals({"imd": measure.imd}, RATE, levels_dbfs=(-20.0,))
    data = json.dumps({**description.as_data(), "what": ["nope"]}) if text.startswith("what") else text
    (tmp_path / "signals.json").write_text(data)
    assert main(["measure", "--recording", str(tmp_path / "x.wav")]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{tmp_path / 'signals.json'}: ")
    assert said.count("\n") == 1


def test_what_is_not_a_number_is_silence_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    description, sound = measure.signals({"dynamics": measure.dynamics}, RATE, levels_dbfs=(-20.0,))
    damaged = np.array(sound)
    damaged[0, :3] = (np.nan, np.inf, 1e30)
    (tmp_path / "signals.json").write_text(json.dumps(description.as_data()))
    soundfile.write(tmp_path / "x.wav", damaged[0], int(RATE), subtype="FLOAT")
    assert main(["measure", "--recording", str(tmp_path / "x.wav")]) == 0
    said = capsys.readouterr()
    assert said.err == f"warning: {tmp_path / 'x.wav'}: 3 samples NaN, infinite or above +240 dBFS, now silence\n"
    assert "-20.00       -20.00     0.00" in said.out


@pytest.mark.parametrize(("gain_db", "told"), [(-19.0, False), (-21.0, True)])
def test_a_recording_that_is_far_too_quiet_is_warned_of(
    gain_db: float, told: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    description, sound = measure.signals({"dynamics": measure.dynamics}, RATE, levels_dbfs=(-20.0,))
    (tmp_path / "signals.json").write_text(json.dumps(description.as_data()))
    file = tmp_path / "x.wav"
    soundfile.write(file, 10.0 ** (gain_db / 20.0) * sound[0], int(RATE), subtype="FLOAT")
    assert main(["measure", "--recording", str(file)]) == 0
    warning = (
        f"warning: {file}: the steady tone is at -39 dBFS in the tables, where it is to be -18; "
        "raise the input of the sound card\n"
    )
    assert capsys.readouterr().err == warning * told


@pytest.mark.parametrize(("speed", "message"), [(0.9, "10 % too far apart"), (1.1, "10 % too close together")])
def test_a_recording_at_another_speed_is_refused(speed: float, message: str) -> None:
    what = {name: measure.ALL[name] for name in ("response", "imd", "dynamics")}
    description, sound = measure.signals(what, RATE)
    times = np.arange(int(sound.shape[1] / speed)) * speed
    with pytest.raises(tapegraph.TapegraphError) as caught:
        measure.Recording(np.interp(times, np.arange(sound.shape[1]), sound[0]), RATE, description)
    assert str(caught.value).startswith(f"two markers of the test tape are {message} in the recording; ")


def test_a_test_tape_says_which_measurement_it_cannot_have(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, message in (
        (["thd", "loop"], "loop: only graphs can be measured so, and no test tapes\n"),
        (["crosstalk"], "crosstalk: this takes 2 channels, and the test tape has 1\n"),
    ):
        assert main(["measure", "--signals", str(tmp_path / "tape"), *words]) == 1
        assert capsys.readouterr().err == message
    assert main(["measure", "--signals", str(tmp_path / "tape"), "thd", "--rate", "nan"]) == 1
    assert capsys.readouterr().err == "sample_rate is nan Hz; it must be 8000 to 384000 Hz\n"
    assert main(["measure", "--signals", str(tmp_path / "tape"), "null"]) == 2
    assert capsys.readouterr().err == "null compares two graphs, which a test tape cannot\n"
    assert list(tmp_path.iterdir()) == []
