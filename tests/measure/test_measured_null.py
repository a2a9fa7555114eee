"""What is left of music when one graph is subtracted from another: depths that are known, delays, and equal graphs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import tapegraph
from tapegraph import measure
from tapegraph.__main__ import main
from tapegraph.measure.null import Compared, compared, edges
from tapegraph.run.sound import Array

RATE = 8000.0


def rig(gain_db: float) -> measure.Rig:
    return measure.Rig(tapegraph.chain(gain={"gain_db": gain_db}), RATE)


@pytest.fixture(scope="module")
def plain() -> measure.Rig:
    return rig(0.0)


@pytest.mark.parametrize("gain_db", [-6.0, 3.0])
def test_what_a_gain_leaves_is_known_in_every_octave(plain: measure.Rig, gain_db: float) -> None:
    found = measure.null(plain, rig(gain_db))
    np.testing.assert_allclose(found.depth_db, 20.0 * np.log10(abs(1.0 - 10.0 ** (gain_db / 20.0))), atol=1e-9)
    assert found.gain_db[0] == pytest.approx(-gain_db, abs=1e-9)
    assert np.all(found.matched_db < -250.0)
    assert found.delay_ms[0] == pytest.approx(0.0, abs=1e-9)
    assert np.isnan(found.delay_ms[1:]).all()


def test_octaves_are_around_1_khz_and_as_many_as_the_rate_holds(plain: measure.Rig) -> None:
    found = measure.null(plain, rig(-1.0))
    np.testing.assert_allclose(np.sqrt(found.low_hz * found.high_hz)[1:], [31.25, 62.5, 125, 250, 500, 1000, 2000])
    np.testing.assert_allclose(found.high_hz[1:] / found.low_hz[1:], 2.0)
    assert (found.low_hz[0], found.high_hz[0]) == (0.0, RATE / 2.0)


def in_bands(a: Array, b: Array) -> Compared:
    low, high = edges(RATE)
    return compared(a, b, low * 2 * len(a) / RATE, high * 2 * len(a) / RATE)


def noise() -> Array:
    """A noise that stops at half the highest frequency, and begins and ends in silence."""
    sound = np.fft.rfft(np.random.default_rng(7).standard_normal(8000))
    sound[2000:] = 0.0
    return np.concatenate([np.zeros(1000), np.fft.irfft(sound) * np.hanning(8000), np.zeros(1000)])


@pytest.mark.parametrize("frames", [0.0, 0.37, 5.0, 12.81, -40.25])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_delay_is_found_in_parts_of_a_frame_and_does_not_count(frames: float, sign: float) -> None:
    a = noise()
    turns = np.exp(-2j * np.pi * frames * np.fft.rfftfreq(len(a)))
    found = in_bands(a, sign * np.fft.irfft(np.fft.rfft(a) * turns))
    assert found.delay_frames == pytest.approx(frames, abs=1e-4)
    assert found.matched_db[0] < -75.0
    if sign < 0.0:
        assert found.depth_db[0] == pytest.approx(20.0 * np.log10(2.0), abs=0.01)
    else:
        assert found.depth_db[0] < -75.0


def test_a_difference_in_one_octave_is_found_there_alone() -> None:
    a = noise()
    lines = np.fft.rfft(a)
    f = np.fft.rfftfreq(len(a), 1.0 / RATE)
    octave = (f > 720.0) & (f < 1400.0)
    b = np.fft.irfft(np.where(octave, 0.9 * lines, lines))
    found = in_bands(a, b)
    assert found.depth_db[6] == pytest.approx(-20.0, abs=0.3)  # 1 - 0.9; the edges of the octave are left out
    assert found.depth_db[4] < -40.0
    assert np.isnan(found.depth_db[7]) or found.depth_db[7] < -40.0
    whole = 20.0 * np.log10(np.sqrt(np.sum(np.abs(a - b) ** 2) / np.sum(a**2)))
    assert found.depth_db[0] == pytest.approx(whole, abs=1e-3)


def test_what_holds_too_little_is_blank_and_so_is_silence() -> None:
    high = np.sin(2.0 * np.pi * 1000.0 / RATE * np.arange(8000)) * np.hanning(8000)
    found = in_bands(high, 0.5 * high)
    assert found.depth_db[6] == pytest.approx(-6.02, abs=0.01)
    assert np.isnan(found.depth_db[1])
    assert np.isnan(in_bands(np.zeros(8000), np.zeros(8000)).depth_db).all()


def test_equal_graphs_are_identical(plain: measure.Rig) -> None:
    found = measure.null(plain, plain)
    assert found.is_identical
    assert found.remarks() == ("identical",)
    assert found.figures() == {"Null test": "identical"}
    assert found.panels() == {}
    assert np.isnan(found.summary()["depth_db"]).all()
    assert not measure.null(plain, rig(-6.0)).is_identical


def test_another_sound_and_what_was_held_still_of_both(plain: measure.Rig) -> None:
    wow = measure.Rig(tapegraph.chain(wow={}, gain={"gain_db": -6.0}), RATE)
    found = measure.null(plain, wow, noise())
    assert found.changed == wow.changed
    assert found.gain_db[0] == pytest.approx(6.0, abs=1e-6)


def test_two_rates_are_refused(plain: measure.Rig) -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        measure.null(plain, measure.Rig(tapegraph.chain(gain={}), 16_000.0))
    assert str(caught.value) == "a null test needs one sample rate; there are 8000 Hz and 16000 Hz"


QUIET = "tapegraph: 1\ntitle: Quiet\nnodes: {level: {kind: gain, gain_db: -6}}\nlinks: [input -> level -> output]\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quiet.yaml").write_text(QUIET)
    (tmp_path / "loud.yaml").write_text(QUIET.replace("-6", "0"))
    return tmp_path


def command(*words: str) -> int:
    return main(["measure", "quiet.yaml", *words, "--rate", "8000"])


def test_two_graphs_are_printed_beside_each_other(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("dynamics", "--level", "-20", "--against", "loud.yaml") == 0
    assert capsys.readouterr().out == (
        "a: quiet.yaml at 8000 Hz\n"
        "b: loud.yaml at 8000 Hz\n"
        "\n"
        "dynamics\n"
        "level_dbfs                  output_dbfs               gain_db\n"
        "                 a       b        b - a      a     b    b - a\n"
        "    -20.00  -26.00  -20.00         6.00  -6.00  0.00     6.00\n"
    )


def test_a_graph_beside_itself_is_told_by_what_was_set(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("dynamics", "--level", "-20", "--set", "level.gain_db=-3", "--against", "quiet.yaml") == 0
    assert capsys.readouterr().out.startswith(
        "a: quiet.yaml with level.gain_db=-3 at 8000 Hz\nb: quiet.yaml at 8000 Hz\n"
    )


def test_the_zero_of_two_tapes_stands_under_their_table_for_each_where_it_is_not_the_same(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "loud.yaml").write_text(f"{QUIET}reference_dbfs: -12\n")
    assert command("tape", "--against", "loud.yaml") == 0
    zeros = capsys.readouterr().out.splitlines()[-2:]
    assert zeros == ["a: 0 dB is -18 dBFS at the output", "b: 0 dB is -12 dBFS at the output"]
    assert command("tape", "--against", "loud.yaml", "--reference", "-10") == 0
    assert capsys.readouterr().out.splitlines()[-1] == "0 dB is -10 dBFS at the output"


def test_a_null_test_takes_two_graphs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("null") == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "null compares two graphs; name the other one with --against" in said.err


def test_a_graph_against_itself_is_identical_and_keeps_every_limit(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "limits.yaml").write_text("null: {depth_db: {max: -100}}")
    assert command("--limits", "limits.yaml", "--against", "quiet.yaml") == 0
    out = capsys.readouterr().out
    assert out.endswith("\nidentical\n")
    assert "-400" not in out
    assert command("--set", "level.gain_db=-6.1", "--limits", "limits.yaml", "--against", "quiet.yaml") == 1
    assert "null.depth_db is -38." in capsys.readouterr().err


def test_files_hold_both_graphs(folder: Path) -> None:
    words = ["dynamics", "null", "--level", "-20", "--against", "loud.yaml"]
    assert command(*words, "--json", "out.json", "--csv", "out.csv") == 0
    data = json.loads((folder / "out.json").read_text())
    assert list(data["measurements"]) == ["dynamics", "null"]
    assert data["against"]["graph"] == "loud.yaml"
    assert data["against"]["measurements"]["dynamics"]["gain_db"] == [pytest.approx(0.0, abs=1e-9)]
    names = {line.rpartition(",-20.0")[0] for line in (folder / "out.csv").read_text().splitlines()[1:3]}
    assert names
    assert '"dynamics, loud.yaml"' in (folder / "out.csv").read_text()


def test_a_difference_keeps_what_says_which_row_it_is(plain: measure.Rig) -> None:
    first, second = (measure.dynamics(some, (-20.0, -10.0)) for some in (plain, rig(-6.0)))
    found = measure.difference(first, second)
    assert list(found["level_dbfs"]) == [-20.0, -10.0]
    np.testing.assert_allclose(found["gain_db"], -6.0, atol=1e-9)


def test_what_was_measured_at_other_places_has_no_difference(plain: measure.Rig) -> None:
    first, second = (measure.dynamics(plain, (level,)) for level in (-20.0, -10.0))
    for other in (second, measure.latency(plain)):
        with pytest.raises(tapegraph.TapegraphError) as caught:
            measure.difference(first, other)
        assert "were not measured at the same places, so they have no difference" in str(caught.value)
