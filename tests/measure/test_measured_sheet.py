"""Data sheets: files of four kinds, the same to the byte each time, whole or not at all; nothing outside its place."""

from __future__ import annotations

import functools
import re
import sys
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

import tapegraph
from tapegraph import measure
from tapegraph.__main__ import main
from tapegraph.measure.datasheet import DataSheet, Subject
from tapegraph.measure.sheet import files, layout, panels, pens
from tapegraph.measure.sheet.files import write_sheet
from tapegraph.measure.sheet.panels import Box

MAGIC = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "html": b"<!doctype html>"}
TITLE = "A <b>$\\x$ & $</b> \u6f22"


def subject(gain_db: float, *, title: str = TITLE) -> Subject:
    graph = tapegraph.chain(gain={"gain_db": gain_db}, hysteresis={}, tone={})
    return Subject("quiet.yaml", measure.Rig(graph, 16_000.0), title, "What it is, in a sentence, and more. " * 12)


@pytest.fixture(scope="module")
def usual() -> DataSheet:
    """Two graphs with all that is measured."""
    sheet = DataSheet(subject(0.0), subject(-6.0, title="Other"))
    for name in ("response", "harmonics", "thd", "imd", "latency", "dynamics", "alias", "null"):
        sheet.measure(name, {"levels_dbfs": (-10.0, -20.0)} if name in ("imd", "thd", "harmonics") else {})
    return sheet


@pytest.fixture(scope="module")
def one(usual: DataSheet) -> DataSheet:
    return DataSheet(usual.subject)


@pytest.fixture(scope="module")
def small(usual: DataSheet) -> DataSheet:
    """Two graphs with little that is measured."""
    few = ("imd", "latency", "dynamics")
    first, second = (
        attrs.evolve(some, results={name: some.results[name] for name in few}) for some in usual.subjects()
    )
    return DataSheet(first, second, usual.together)


def written(sheet: DataSheet, file: Path) -> bytes:
    write_sheet(file, sheet)
    content = file.read_bytes()
    file.unlink()
    return content


@pytest.mark.parametrize("ending", MAGIC)
def test_a_sheet_is_the_same_to_the_byte_whatever_the_settings_of_matplotlib(
    ending: str, small: DataSheet, tmp_path: Path
) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    file = tmp_path / f"sheet.{ending}"
    first = written(small, file)
    assert first.startswith(MAGIC[ending])
    with matplotlib.rc_context({"lines.linewidth": 7.0, "svg.hashsalt": "other", "axes.grid": True}):
        assert written(small, file) == first
    assert not re.search(rb"CreationDate|<dc:date>|Software", first)


def test_a_page_for_the_browser_is_one_file_with_the_picture_and_the_tables(one: DataSheet, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    text = written(one, tmp_path / "sheet.html").decode("utf-8")
    assert "<title>A &lt;b&gt;$\\x$ &amp; $&lt;/b&gt; \u6f22, measured</title>" in text
    assert text.count("<svg ") == 1
    assert not re.search(r"<script|<link|<img|src=|@import|url\(http", text)
    assert "prefers-color-scheme: dark" in text
    assert "@page { size: A4 " in text
    assert "{{" not in text
    heads = re.findall(r"<h2>(.*?)</h2>", text)
    assert heads == [result.TITLE for result in one.subject.results.values()]
    found = one.subject.results["dynamics"]
    assert isinstance(found, measure.Dynamics)
    row = (found.level_dbfs[3], found.output_dbfs[3], found.gain_db[3])
    assert "<tr>" + "".join(f"<td>{value:.2f}</td>" for value in row).replace("-", "\u2212") + "</tr>" in text


def test_a_page_of_two_graphs_has_both_and_the_difference(small: DataSheet, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    text = written(small, tmp_path / "sheet.html").decode("utf-8")
    assert "<th>gain_db, a</th><th>gain_db, b</th><th>gain_db, b - a</th>" in text
    assert "<h2>Null test</h2>" in text


@pytest.mark.parametrize("count", range(1, 25))
def test_panels_lie_on_the_page_and_not_on_each_other(count: int) -> None:
    page, columns = layout.grid(count)
    assert sorted(page) == [210.0, 297.0]
    area = Box(12.0, 40.0, page[0] - 24.0, page[1] - 60.0)
    boxes = layout.cells(area, columns, count)
    assert len(boxes) == count
    for k, box in enumerate(boxes):
        assert area.x - 1e-9 <= box.x
        assert box.x + box.width <= area.x + area.width + 1e-9
        assert area.y - 1e-9 <= box.y
        assert box.y + box.height <= area.y + area.height + 1e-9
        for other in boxes[:k]:
            assert (
                other.x + other.width <= box.x + 1e-9
                or box.x + box.width <= other.x + 1e-9
                or other.y + other.height <= box.y + 1e-9
            )


def test_a_curve_that_is_alone_has_the_numbers_beside_it(one: DataSheet) -> None:
    pytest.importorskip("matplotlib")
    alone = attrs.evolve(one.subject, results={name: one.subject.results[name] for name in ("alias", "latency")})
    with panels.style():
        figure = layout.draw(DataSheet(alone))
    width, height = figure.get_size_inches()
    assert width > height
    place = figure.axes[0].get_position()
    assert 0.5 < place.width < 0.66
    assert place.height > 0.55


@pytest.mark.filterwarnings("ignore:Glyph")
def test_all_that_is_written_lies_on_the_page(usual: DataSheet) -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    with panels.style():
        figure = layout.draw(usual)
        canvas: Any = FigureCanvasAgg(figure)
        renderer = canvas.get_renderer()
        for words in figure.findobj(Text):
            if words.get_text() and words.get_visible():
                box = words.get_window_extent(renderer)
                assert box.x0 >= 0.0, words
                assert box.x1 <= figure.bbox.x1, words


def test_curves_of_the_second_graph_are_dashed_in_the_colours_of_the_first(usual: DataSheet) -> None:
    pytest.importorskip("matplotlib")
    with panels.style():
        figure = layout.draw(usual)
    ax = next(ax for ax in figure.axes if ax.get_xlabel() == "dBFS at the input" and len(ax.lines) == 2)
    first, second = ax.lines
    assert (first.get_linestyle(), second.get_linestyle()) == ("-", "--")
    assert first.get_color() == second.get_color()


def test_single_numbers_stand_in_a_table_and_make_no_panel(one: DataSheet) -> None:
    assert not any("atency" in title for title in layout.curves_of(one))
    numbers = layout.numbers_of(one)
    assert list(numbers)[:3] == ["Within 3 dB of 1 kHz from", "Within 3 dB of 1 kHz to", "Gain at 1 kHz"]
    assert {"Latency, declared", "Latency, measured"} <= set(numbers)
    both = layout.numbers_of(DataSheet(one.subject, one.subject))
    assert both["Latency, declared"] == numbers["Latency, declared"] * 2
    less = attrs.evolve(one.subject, results={"thd": one.subject.results["thd"]})
    assert layout.numbers_of(DataSheet(less, one.subject))["Gain at 1 kHz"] == ["", *numbers["Gain at 1 kHz"]]
    assert layout.numbers_of(DataSheet(one.subject, less))["Gain at 1 kHz"] == [*numbers["Gain at 1 kHz"], ""]
    many = {str(k): [""] for k in range(20)}
    assert [len(part) for part in layout.portions(many)] == [7, 7, 6]
    assert layout.portions({}) == []


def test_a_sheet_of_anything_can_be_drawn(one: DataSheet) -> None:
    pytest.importorskip("matplotlib")
    for name in ("latency", "harmonics"):
        alone = attrs.evolve(one.subject, results={name: one.subject.results[name]})
        assert layout.drawing(DataSheet(alone), "svg").startswith(MAGIC["svg"])


def test_a_curve_that_is_alone_has_a_name_too(one: DataSheet) -> None:
    pytest.importorskip("matplotlib")
    alone = attrs.evolve(one.subject, results={"response": one.subject.results["response"]})
    with panels.style():
        figure = layout.draw(DataSheet(alone))
    names = [text.get_text() for ax in figure.axes if (legend := ax.get_legend()) for text in legend.texts]
    assert names == ["\N{MINUS SIGN}20 dBFS"] * 3


def test_a_sheet_says_what_was_left_out_and_why() -> None:
    hiss = tapegraph.Graph(nodes={"hiss": {"kind": "noise"}}, links=["hiss -> output"])
    sheet = DataSheet(Subject("hiss.yaml", measure.Rig(hiss, 8000.0)))
    (table,) = sheet.measure_what_can_be(["thd", "flutter", "noise", "imd"])
    assert table.startswith("noise\n")
    assert [words.partition(":")[0] for words in sheet.left_out] == ["thd, imd are left out", "flutter is left out"]
    thd, flutter, _ = layout.remarks(sheet)
    assert thd == f"Thd, imd are left out: {str(sheet.left_out[0]).partition(': ')[2]}."
    assert flutter.startswith("Flutter is left out: ")


def quiet(folder: Path, *words: str) -> int:
    graph = "tapegraph: 1\nnodes: {level: {kind: gain, gain_db: -6}}\nlinks: [input -> level -> output]\n"
    (folder / "quiet.yaml").write_text(graph)
    return main(["measure", "quiet.yaml", "dynamics", "--level", "-20", "--rate", "8000", *words])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_draws_a_sheet(folder: Path) -> None:
    pytest.importorskip("matplotlib")
    assert quiet(folder, "--plot", "sheet.svg", "--set", "level.gain_db=-3") == 0
    assert (folder / "sheet.svg").read_bytes().startswith(MAGIC["svg"])


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ("sheet.gif", "sheet.gif: a sheet must end in .svg, .png, .pdf or .html\n"),
        ("sheet", "sheet: a sheet must end in .svg, .png, .pdf or .html\n"),
        ("old.svg", "old.svg: exists already; it is replaced only with --overwrite\n"),
    ],
)
def test_what_cannot_be_written_is_said_before_anything_is_measured(
    file: str, sentence: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "old.svg").write_text("mine")
    assert quiet(folder, "--plot", file) == 1
    assert capsys.readouterr() == ("", sentence)
    assert (folder / "old.svg").read_text() == "mine"


def test_a_missing_matplotlib_is_said_before_anything_is_measured(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("matplotlib", "matplotlib.figure"):
        monkeypatch.setitem(sys.modules, module, None)
    assert quiet(folder, "--plot", "sheet.svg") == 1
    assert capsys.readouterr() == ("", 'sheets are drawn by Matplotlib: pip install "tapegraph[plot]"\n')
    assert quiet(folder) == 0


def test_a_sheet_that_fails_leaves_no_file(one: DataSheet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")

    def fail(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "drawing", fail)
    with pytest.raises(KeyboardInterrupt):
        write_sheet(tmp_path / "sheet.svg", one)
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_kept_unless_it_may_be_replaced(one: DataSheet, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    file = tmp_path / "sheet.svg"
    file.write_text("mine")
    with pytest.raises(tapegraph.TapegraphError):
        write_sheet(file, one)
    assert file.read_text() == "mine"


def drawn(draw: panels.Draw) -> Any:
    """Return the axes of a panel."""
    with panels.style():
        figure = panels.page(100.0, 60.0)
        panels.panel(figure, Box(0.0, 0.0, 100.0, 60.0), "Panel", [draw])
    return figure.axes[0]


def test_a_panel_makes_room_for_long_names_and_writes_powers_of_ten_as_numbers() -> None:
    pytest.importorskip("matplotlib")
    short = drawn(lambda ax: ax.plot([1.0, 2.0], [1.0, 2.0]))
    named = drawn(lambda ax: ax.barh(["a node with quite a long name", "b"], [1.0, 2.0]))
    assert named.get_position().x0 > 2.0 * short.get_position().x0
    decades = drawn(lambda ax: ax.loglog([0.1, 10.0], [0.00001, 10.0]))
    labels = {label.get_text() for label in decades.get_yticklabels()}
    assert "0.0001" in labels or "0.00001" in labels
    assert all(re.fullmatch(r"[0-9.]*", label) for label in labels)


@pytest.mark.parametrize(
    "said", ["0.1 % weighted", "what is too long to be said beside the quantity of a narrow panel"]
)
def test_what_is_written_over_a_panel_ends_where_the_panel_does(said: str) -> None:
    pytest.importorskip("matplotlib")

    def draw(ax: Any) -> None:
        for k in range(9):
            ax.plot([1.0, 2.0], [1.0, 2.0], label=f"MMMM {k}")
        ax.set_title(said)
        ax.set_ylabel("% peak")
        ax.legend()

    with panels.style():
        figure = panels.page(120.0, 60.0)
        panels.panel(figure, Box(0.0, 0.0, 60.0, 60.0), "Panel", [draw])
    (ax,) = figure.axes
    assert panels.right_mm(figure, ax.get_legend()) <= 60.0
    assert ax.get_legend()._ncols > 1  # as few rows as there is room for
    (note,) = ax.texts
    assert panels.right_mm(figure, note) <= 60.0
    assert note.get_text() == ("% peak" if "too long" in said else f"% peak, {said}")


def curve_with_title(ax: Any, said: str) -> None:
    ax.plot([1.0, 2.0], [1.0, 2.0])
    if said:
        ax.set_title(said)


def test_what_is_said_of_one_graph_alone_does_not_stand_over_two() -> None:
    pytest.importorskip("matplotlib")
    notes = []
    for second in ("3 dB", "4 dB", ""):
        with panels.style():
            figure = panels.page(100.0, 60.0)
            draws = [functools.partial(curve_with_title, said=said) for said in ("3 dB", second)]
            panels.panel(figure, Box(0.0, 0.0, 100.0, 60.0), "Panel", draws)
        notes.append(figure.axes[0].texts[0].get_text())
    assert notes == ["3 dB", "", ""]


def test_numbers_are_named_and_rounded_as_people_read_them() -> None:
    rig = measure.Rig(tapegraph.chain(gain={"gain_db": -3.0}), 16_000.0)
    assert measure.flutter(rig).figures() == {
        "Speed error": "+0.00 %",
        "Flutter, weighted": "\u00b10.000 %",
        "Flutter, weighted RMS": "0.000 %",
        "Flutter, unweighted RMS": "0.000 %",
        "Strongest flutter at": measure.flutter(rig).figures()["Strongest flutter at"],
        "Strongest flutter, peak": "0.000 %",
        "Tone lost for": "0.00 s",
    }
    assert set(measure.noise(rig).figures().values()) == {"silence"}
    hiss = measure.noise(tapegraph.load("hiss_bed")).figures()
    assert all(re.fullmatch(r"-\d\d\.\d dBFS", level) for level in hiss.values())
    assert measure.latency(rig).figures() == {"Latency, declared": "0.00 ms", "Latency, measured": "0.00 ms"}


@pytest.mark.filterwarnings("error")
def test_panels_of_a_graph_that_does_nothing_say_so() -> None:
    pytest.importorskip("matplotlib")
    sheet = DataSheet(Subject("clean", measure.Rig(tapegraph.chain(gain={}), 16_000.0)))
    for name in ("harmonics", "thd", "imd", "noise", "flutter"):
        sheet.measure(name)
    said = [drawn(draw).texts[-1].get_text() for (draw,) in layout.curves_of(sheet).values()]
    nothing = "less than 0.001 %"
    assert said == ["less than \u2212100 dB", nothing, nothing, "silence", "\u00b10.000 % weighted"]


def test_panels_of_independent_channels_say_that_nothing_crosses_over() -> None:
    pytest.importorskip("matplotlib")
    rig = measure.Rig(tapegraph.chain(gain={}), 16_000.0, channels=2)
    for found in (measure.separation(rig), measure.crosstalk(rig)):
        assert drawn(found.plot).texts[-1].get_text() == "nothing crosses over"


def test_a_number_that_is_called_like_its_measurement_is_named_once() -> None:
    figures = measure.attack(measure.Rig(tapegraph.chain(hysteresis={}), 16_000.0)).figures()
    assert list(figures) == ["Attack, level", "Attack, change", "Attack", "Attack, release"]


def test_a_panel_without_a_value_says_so() -> None:
    pytest.importorskip("matplotlib")
    ax = drawn(lambda ax: ax.plot([1.0, 2.0], [np.nan, np.nan]))
    assert [said.get_text() for said in ax.texts if said.get_text()] == ["nothing that could be measured"]
    assert "nothing" not in str([said.get_text() for said in drawn(lambda ax: ax.plot([1.0], [1.0])).texts])


def names_over(*draws: panels.Draw) -> list[str]:
    """Return the names of curves that stand over a panel."""
    with panels.style():
        figure = panels.page(100.0, 60.0)
        panels.panel(figure, Box(0.0, 0.0, 100.0, 60.0), "Panel", draws)
    legend = figure.axes[0].get_legend()
    return [words.get_text() for words in legend.texts] if legend is not None else []


def curves(ax: Any, **values: float) -> None:
    for name, value in values.items():
        ax.plot([1.0, 2.0], [value, value], label=name)
    ax.legend()


def test_curves_that_are_not_to_be_seen_are_not_named_and_all_others_are() -> None:
    pytest.importorskip("matplotlib")
    first, second = functools.partial(curves, a=1.0, b=2.0, c=np.nan), functools.partial(curves, a=1.0, c=3.0)
    assert names_over(first) == ["a", "b"]
    assert sorted(names_over(first, second)) == ["a", "b", "c"]


def test_a_harmonic_that_is_but_a_spike_is_not_drawn_beside_others() -> None:
    pytest.importorskip("matplotlib")
    relative = np.full((1, 3, 40), -140.0)
    relative[0, 0, 20], relative[0, 1] = -90.0, -40.0
    lone = np.full((1, 3, 40), -140.0)
    lone[0, 0, 20] = -90.0
    hz = np.geomspace(40.0, 400.0, 40)
    drawn_for = []
    for values in (relative, lone):
        found = measure.Harmonics(hz, np.array([-6.0]), np.arange(2.0, 5.0), np.zeros((1, 40)), values)
        drawn_for.append([line.get_label() for line in drawn(found.plot).lines])
    assert drawn_for == [["H3"], ["H2"]]


def test_what_was_held_still_of_two_graphs_is_said_once_where_it_is_the_same() -> None:
    rig = measure.Rig(tapegraph.load("cassette"), 16_000.0)
    sheet = DataSheet(Subject("cassette", rig, changes=["Drive=0.8"]), Subject("cassette", rig))
    assert [line for line in layout.remarks(sheet) if "still" in line] == [f"Held still: {', '.join(rig.changed)}."]
    sheet.other = subject(0.0)
    assert [line.partition(":")[0] for line in layout.remarks(sheet)][:-1] == ["Held still of cassette with Drive=0.8"]


def test_a_file_is_replaced_where_that_is_wanted(folder: Path) -> None:
    pytest.importorskip("matplotlib")
    (folder / "sheet.svg").write_text("mine")
    assert quiet(folder, "--plot", "sheet.svg", "--overwrite") == 0
    assert (folder / "sheet.svg").read_bytes().startswith(MAGIC["svg"])


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        ([0.001, -0.001], -6.0, 6.0),  # rounding of numbers is not blown up
        ([0.6, -18.8], -21.0, 3.0),
        ([4.8, 4.8], -6.0, 6.0),
        ([0.0, -400.0], -70.0, 10.0),  # of nothing at all only the beginning
        ([np.nan, np.nan], -6.0, 6.0),
    ],
)
def test_a_range_of_decibels_holds_its_curves_in_round_steps(values: list[float], low: float, high: float) -> None:
    pytest.importorskip("matplotlib")
    ax = panels.page(100.0, 100.0).add_subplot()
    ax.plot([0.0, 1.0], values)
    pens.fit_decibels(ax)
    assert ax.get_ylim() == (low, high)


def test_distortion_is_drawn_in_whole_decades_without_what_is_less_than_the_least() -> None:
    pytest.importorskip("matplotlib")
    ax = panels.page(100.0, 100.0).add_subplot()
    pens.plot_percents(ax, np.arange(2.0), np.array([1e-9, 1e-5]))
    assert len(ax.lines) == 0
    pens.plot_percents(ax, np.arange(2.0), np.array([0.02, 130.0]))
    pens.fit_percents(ax, mark=3.0)
    assert ax.get_ylim() == (0.01, 1000.0)


def test_a_measurement_shows_itself_in_a_notebook(one: DataSheet, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("matplotlib")
    response, latency = one.subject.results["response"], one.subject.results["latency"]
    picture = response._repr_svg_()
    assert picture is not None
    assert "<svg" in picture
    assert picture == response._repr_svg_()
    assert response._repr_html_() is None
    assert latency._repr_svg_() is None
    table = latency._repr_html_()
    assert table is not None
    assert table.startswith("<table><thead><tr><th>declared_frames</th>")
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert response._repr_svg_() is None
    table = response._repr_html_()
    assert table is not None
    assert table.count("<tr>") == 1 + len(response.summary()["frequency_hz"])


def test_a_measurement_is_a_line_where_it_is_printed(one: DataSheet) -> None:
    results = one.subject.results
    assert repr(results["dynamics"]) == "<Dynamics: 12 rows of level_dbfs, output_dbfs, gain_db>"
    assert repr(results["latency"]).startswith("Latency(declared_frames=")
    assert all(len(repr(result)) < 200 for result in results.values())
