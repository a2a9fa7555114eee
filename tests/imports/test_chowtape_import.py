"""Presets of CHOW Tape Model as graphs: sections by their equations, and the command that writes them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chowtape_presets import ERAS, preset
from harness import Array

import tapegraph
from tapegraph.__main__ import main
from tapegraph.imports.chowtape_file import SETTINGS

FS = 48_000
HZ = np.geomspace(25.0, 18_000.0, 200)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bare(**settings: str | None) -> str:
    """Return a preset without tape, head and tone, where the settings do not switch them on."""
    off: dict[str, str | None] = {"hyst_onoff": "0", "loss_onoff": "0", "tone_onoff": "0"}
    return preset(**(off | settings))


def imported(text: str) -> tapegraph.Graph:
    """Return the graph of a preset, by way of its files, in the current folder."""
    Path("a.chowpreset").write_text(text, "utf-8")
    assert main(["import", "chowtape", "a.chowpreset", "--overwrite"]) == 0
    return tapegraph.load("a.yaml")


def response_db(graph: tapegraph.Graph) -> Array:
    """Return the level at HZ of what a graph makes of a small impulse."""
    x = np.zeros((2, FS))
    x[:, FS // 4] = 1e-3
    y = graph.render(x, FS, tail=0)[0]
    waves = np.exp(-2j * np.pi * HZ[:, None] / FS * np.arange(len(y)))
    return np.asarray(20.0 * np.log10(np.abs(waves @ y) / 1e-3))


@pytest.mark.parametrize(
    ("ips", "gap_um", "spacing_um", "thick_um"), [(15, 1, 0.1, 0.1), (7.5, 6, 2, 5), (30, 12, 4, 20)]
)
def test_the_head_loses_what_the_plugin_loses(
    folder: Path, ips: float, gap_um: float, spacing_um: float, thick_um: float
) -> None:
    """exp(-k d) (1 - exp(-k t)) / (k t) sin(k g / 2) / (k g / 2), and a peak of Q 2 at v / (500 g)."""
    settings = {"speed": ips, "gap": gap_um, "spacing": spacing_um, "thick": thick_um}
    texts = {name: str(value) for name, value in settings.items()}
    graph = imported(bare(loss_onoff="1", **texts))
    v = ips * 0.0254
    k = 2 * np.pi * HZ / v
    d, t, g = spacing_um * 1e-6, thick_um * 1e-6, gap_um * 1e-6
    loss = np.exp(-k * d) * -np.expm1(-k * t) / (k * t) * np.sinc(k * g / 2 / np.pi)
    bump_hz = v / (500 * g)
    gain = max(1.5 * (1000 - abs(bump_hz - 100)) / 1000, 1.0)
    s = 1j * HZ / bump_hz
    A = math.sqrt(gain)
    bump = np.abs((s * s + s * A / 2 + 1) / (s * s + s / (2 * A) + 1))
    expected = 20 * np.log10(np.abs(loss) * bump)
    heard = expected > -50
    np.testing.assert_allclose(response_db(graph)[heard], expected[heard], atol=0.5)


def test_tone_is_turned_up_before_the_tape_and_down_behind_it(folder: Path) -> None:
    graph = imported(bare(tone_onoff="1", h_bass="0.5", h_treble="-0.25", h_tfreq="800"))
    assert np.max(np.abs(response_db(graph))) < 0.01
    low, high = 10 ** (9 / 20), 10 ** (-4.5 / 20)
    s = 1j * HZ / 800 / math.sqrt(high / low)
    graph.links = ["input -> tone -> output"]
    np.testing.assert_allclose(response_db(graph), 20 * np.log10(np.abs((high * s + low) / (s + 1))), atol=0.5)


def test_the_input_filters_cut_and_what_they_cut_can_come_back(folder: Path) -> None:
    """Two Butterworth filters of second order in a row at each end."""
    cuts = {"ifilt_onoff": "1", "ifilt_low": "200", "ifilt_high": "3000"}
    low, high = (np.tan(np.pi * HZ / FS) / np.tan(np.pi * cut / FS) for cut in (200, 3000))
    expected = -20 * np.log10(1 + low**-4) - 20 * np.log10(1 + high**4)
    heard = expected > -50
    np.testing.assert_allclose(response_db(imported(bare(**cuts)))[heard], expected[heard], atol=0.5)
    back = response_db(imported(bare(**cuts, ifilt_makeup="1")))
    assert np.max(np.abs(back)) < 0.5


def test_gains_balance_and_mix_act_as_they_are_set(folder: Path) -> None:
    settings = {"ingain": "-6", "outgain": "4", "stereo_balance": "0.5", "stereo_makeup": "0", "drywet": "0.25"}
    graph = imported(bare(**settings))
    y = graph.render(np.full((2, 2000), 0.1), FS, tail=0)[:, -1] / 0.1
    wet = 10 ** ((-6 + 4 + np.array([3, -3])) / 20)
    np.testing.assert_allclose(y, 0.75 + 0.25 * wet, atol=1e-9)


def test_mid_and_side_are_made_and_undone(folder: Path) -> None:
    graph = imported(bare(mid_side="1"))
    x = np.random.default_rng(0).uniform(-1, 1, (2, 500))
    np.testing.assert_allclose(graph.render(x, FS, tail=0), x, atol=1e-12)


def test_the_azimuth_is_that_of_the_plugin(folder: Path) -> None:
    """0.25 in sin(angle) times the speed: a delay of the first track."""
    graph = imported(bare(loss_onoff="1", azimuth="30", speed="30"))
    x = np.zeros((2, 4800))
    x[:, 2400] = 1.0
    y = graph.render(x, FS, tail=0)
    delay = 0.25 * 0.0254 * math.sin(math.radians(30)) * 30 * 0.0254 * FS
    assert np.argmax(y[0]) - np.argmax(y[1]) == pytest.approx(delay, abs=0.6)


@pytest.mark.parametrize(("mode", "solver"), list(enumerate(["rk2", "rk4", "nr4", "nr8", "stn", "v1"])))
def test_the_tape_has_the_solver_and_the_settings_of_the_preset(folder: Path, mode: int, solver: str) -> None:
    graph = imported(preset(mode=str(mode), drive="0.61", sat="0.3", width="0.8", os_factor="3", os_mode="1"))
    tape = graph["tape"]
    assert (tape.solver, tape.drive, tape.saturation, tape.bias, tape.makeup) == (solver, 0.61, 0.3, 0.8, True)
    assert graph.nodes["tape"].oversample == 8
    assert graph.resampler == "linear"


def test_wow_and_flutter_swing_as_far_as_the_plugin_does_at_48_khz(folder: Path) -> None:
    graph = imported(bare(wow_depth="0.5", wow_rate="0.6", depth="0.4", rate="0.7"))
    wow_hz, flutter_hz = 4.5**0.6 - 1, 0.1 * 1000**0.7
    assert graph["wow"].rate_hz == pytest.approx(wow_hz, rel=1e-5)
    assert graph["flutter"].rate_hz == pytest.approx(flutter_hz, rel=1e-5)
    wow_frames = float(graph["wow"].depth_percent) / 100 / (2 * math.pi * wow_hz) * FS
    assert wow_frames == pytest.approx(1000 * 0.5**3, rel=1e-4)
    y = flutter_delay(graph["flutter"], np.linspace(0, 1, 1000))
    p = np.linspace(0, 2 * np.pi, 1000) + np.pi / 2
    plugin = -230 * np.cos(p) - 80 * np.cos(2 * p + 13 * np.pi / 4) - 99 * np.cos(3 * p - np.pi / 10)
    np.testing.assert_allclose(y, 0.36 * 0.4**1.5 * plugin, atol=0.01)


def flutter_delay(flutter: Any, p: Array) -> Array:
    """Return the delay, frames, that the settings of a flutter node stand for at the angle p, turns."""
    weights = np.array([1.0, flutter.second, flutter.third])
    amplitude = flutter.depth_percent / 100 / (2 * math.pi * flutter.rate_hz) * FS * weights / weights.sum()
    phases = np.radians([0.0, flutter.second_phase_deg, flutter.third_phase_deg])
    waves = [a / k * np.sin(2 * np.pi * k * p + phi) for k, a, phi in zip((1, 2, 3), amplitude, phases, strict=True)]
    return np.asarray(sum(waves))


@pytest.mark.parametrize(("amount", "deviation"), [("0.25", 0.0178), ("0.5", 0.0294), ("1", 0.0468)])
def test_wow_varies_as_much_as_the_ornstein_uhlenbeck_process_of_the_plugin(
    folder: Path, amount: str, deviation: float
) -> None:
    """sigma / sqrt(2 theta) with sigma = 0.30348 a, theta = 1 + 20 a, a = amount^1.25, relative to the depth."""
    graph = imported(bare(wow_depth="0.5", wow_var=amount))
    assert float(graph["wow"].variance) == pytest.approx(deviation, rel=0.005)


def test_drift_raises_the_rate_of_wow_by_its_mean(folder: Path) -> None:
    """The mean of 1 + d U^1.25, U even between 0 and 1."""
    graph = imported(bare(wow_depth="0.5", wow_rate="0.6", wow_drift="0.8"))
    assert float(graph["wow"].rate_hz) == pytest.approx((4.5**0.6 - 1) * (1 + 0.8 / 2.25), rel=1e-5)


def test_wear_has_the_settings_of_the_preset_and_a_tenth_of_the_depth_where_it_says_so(folder: Path) -> None:
    wear = {"deg_onoff": "1", "deg_depth": "0.5", "deg_amt": "0.4", "deg_var": "0.3", "deg_env": "0.2"}
    chew: dict[str, str | None] = {"chew_onoff": "1", "chew_depth": "0.6", "chew_freq": "0.7", "chew_var": "0.8"}
    graph = imported(bare(**wear, **chew, deg_point1x="1"))
    degrade, creases = graph["degrade"], graph["chew"]
    assert (degrade.depth, degrade.amount, degrade.variance, degrade.envelope) == (0.05, 0.4, 0.3, 0.2)
    assert (creases.depth, creases.frequency, creases.variance) == (0.6, 0.7, 0.8)


@pytest.mark.parametrize("era", ERAS)
def test_every_section_of_a_preset_of_every_version_plays(folder: Path, era: str) -> None:
    names = ["chew_depth", "chew_freq", "chew_var", "deg_depth", "deg_amt", "deg_var", "depth", "wow_depth", "h_bass"]
    on = {name: "1" for names_of_era in ERAS.values() for name in names_of_era if name.endswith("_onoff")}
    known = {name for names_of_era in list(ERAS.values())[: list(ERAS).index(era) + 1] for name in names_of_era}
    settings: dict[str, str | None] = {name: value for name, value in on.items() if name in known}
    graph = imported(preset(era, **settings, **dict.fromkeys(names, "0.5")))
    assert {"tone", "tape", "tone_back", "chew", "degrade", "wow", "flutter", "head"} <= set(graph.nodes)
    y = graph.render(0.1 * np.random.default_rng(0).uniform(-1, 1, (2, 9600)), FS, tail=0)
    assert 0.001 < np.max(np.abs(y)) < 2.0


@pytest.mark.parametrize("end", ["minimum", "maximum"])
def test_all_settings_at_an_end_make_a_graph_that_plays(folder: Path, end: str) -> None:
    settings = {name: str(getattr(setting, end)) for name, setting in SETTINGS.items()}
    on = {name: "1" for name in SETTINGS if name.endswith("_onoff")}
    y = imported(preset(**settings | on | {"chew_freq": "0.5"})).render(np.full((2, 4800), 0.1), FS, tail=0)
    assert np.isfinite(y).all()


def test_wow_deeper_than_the_node_can_is_held_and_said(folder: Path) -> None:
    """1000 samples at 48 kHz and 3.5 Hz: 2 pi 3.5 / 48 = 46 %; with all drift the mean rate is 5.06 Hz, 66 %."""
    assert imported(bare(wow_depth="1", wow_rate="1"))["wow"].depth_percent == pytest.approx(45.8, abs=0.1)
    assert imported(bare(wow_depth="1", wow_rate="1", wow_drift="1"))["wow"].depth_percent == 50.0
    assert "# - wow moves the speed by 66 %; it is held at 50 %" in Path("a.yaml").read_text().splitlines()


def test_thousands_of_remarks_are_shortened(folder: Path) -> None:
    imported(preset(**{f"unknown{i}": "1" for i in range(5000)}))
    comments = [line for line in Path("a.yaml").read_text().splitlines() if line.startswith("# - ")]
    assert len(comments) == 101
    assert comments[-1] == "# - and 4900 more"


def test_what_was_not_carried_over_is_a_comment(folder: Path) -> None:
    imported(preset("2.10", drywet="65", mix_group="2", shine="1"))
    assert Path("a.yaml").read_text().splitlines()[:4] == [
        "# Imported from a.chowpreset",
        "# - the parameter 'shine' is unknown and was left out",
        "# - dry/wet was in percent: 65 % became 0.65",
        "# - the mix group, which links several plugins, has no meaning here",
    ]


def test_a_folder_is_imported_in_one_call_and_broken_files_cost_a_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("in/drums").mkdir(parents=True)
    Path("in/One.chowpreset").write_text(preset())
    Path("in/drums/Two & a half.chowpreset").write_text(preset(drywet="50"))
    Path("in/broken.chowpreset").write_text("<Preset")
    Path("in/notes.txt").write_text("no preset")
    assert main(["import", "chowtape", "in", "--into", "out"]) == 1
    captured = capsys.readouterr()
    assert captured.out.splitlines() == [
        "in/One.chowpreset -> out/One.yaml",
        "in/drums/Two & a half.chowpreset -> out/drums/Two & a half.yaml",
        "2 presets imported, with 1 comment; 1 failed",
    ]
    assert captured.err.startswith("in/broken.chowpreset: not XML: ")
    assert main(["import", "chowtape", "in/One.chowpreset", "--into", "out"]) == 1
    assert capsys.readouterr().err == "out/One.yaml: exists already; it is replaced only with --overwrite\n"
    assert main(["import", "chowtape", "in/One.chowpreset", "--into", "out", "--overwrite"]) == 0


def test_two_presets_never_become_one_graph(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        Path(name).mkdir()
        Path(name, "One.chowpreset").write_text(preset())
    assert main(["import", "chowtape", "a", "b", "--into", "out", "--overwrite"]) == 1
    assert "b/One.chowpreset: out/One.yaml is already made from a/One.chowpreset" in capsys.readouterr().err


def test_a_graph_never_replaces_its_preset(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text(preset())
    assert main(["import", "chowtape", "mine.yaml", "--overwrite"]) == 1
    assert capsys.readouterr().err == "mine.yaml: the graph would replace the preset; give another folder\n"
    assert Path("mine.yaml").read_text() == preset()


def test_a_folder_without_presets_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert main(["import", "chowtape", "empty"]) == 1
    assert capsys.readouterr().err == "empty: has no .chowpreset in it\n"
