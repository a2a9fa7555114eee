"""The screen, driven by keys in a terminal that is not there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import fake_sounddevice
import pytest

import tapegraph
from tapegraph import resources
from tapegraph.document.targets import targets
from tapegraph.live.slots import Slots

textual = pytest.importorskip("textual")

from textual.pilot import Pilot  # noqa: E402

from tapegraph.ui.terminal import Screen, Slider  # noqa: E402

Act = Callable[[Pilot[None], Screen], Awaitable[None]]


pytestmark = pytest.mark.usefixtures("card")


def with_screen(graph: tapegraph.Graph, act: Act) -> None:
    async def main() -> None:
        with graph.live() as session:
            screen = Screen(Slots(session))
            async with screen.run_test() as pilot:
                await act(pilot, screen)

    asyncio.run(main())


def machine() -> tapegraph.Graph:
    return tapegraph.Graph(
        title="Small machine",
        nodes={"tape": {"kind": "hysteresis"}, "level": {"kind": "gain"}},
        links=["input -> tape -> level -> output"],
        controls={"Drive": "tape.drive"},
    )


def lines(screen: Screen) -> list[str]:
    return [str(slider.render()) for slider in screen.query(Slider) if slider.display]


def test_every_control_and_parameter_has_a_slider_with_its_unit() -> None:
    async def act(pilot: Pilot[None], screen: Screen) -> None:
        assert [line.split()[0] for line in lines(screen)] == [
            "Drive",
            "tape.solver",
            "tape.drive",
            "tape.saturation",
            "tape.bias",
            "tape.makeup",
            "tape.model",
            "level.gain_db",
        ]
        assert lines(screen)[-1].endswith("0 dB")
        assert lines(screen)[0].count("█") == 15
        assert lines(screen)[5].endswith("true")

    with_screen(machine(), act)


def test_arrows_turn_what_has_the_focus_and_u_takes_it_back() -> None:
    graph = machine()

    async def act(pilot: Pilot[None], screen: Screen) -> None:
        await pilot.press("right", "right", "shift+left")
        assert graph.get("Drive") == pytest.approx(0.42)
        await pilot.press("u", "u")
        assert graph.get("Drive") == pytest.approx(0.51)
        await pilot.press("u", "u")
        assert graph.get("Drive") == 0.5
        await pilot.press("tab", "right")
        assert graph.get("tape.solver") == "stn"
        for _ in range(12):
            await pilot.press("shift+left")
        assert graph.get("tape.solver") == "rk2"

    with_screen(graph, act)


def test_bypass_compare_and_next_preset_go_over_to_other_graphs() -> None:
    graph = machine()

    async def act(pilot: Pilot[None], screen: Screen) -> None:
        session = screen.session
        await pilot.press("b")
        assert not session.graph.nodes
        await pilot.press("right")  # a knob can be turned meanwhile
        await pilot.press("b")
        assert session.graph is graph
        await pilot.press("c")
        assert session.graph.get("Drive") == 0.5
        await pilot.press("c")
        assert session.graph.get("Drive") == pytest.approx(0.51)
        await pilot.press("n")
        assert session.graph.title == tapegraph.load(next(iter(resources.presets()))).title
        assert screen.graph is session.graph
        assert lines(screen)[0].startswith("Input ")

    with_screen(graph, act)


@pytest.mark.first
def test_the_screen_goes_through_every_preset_and_shows_what_can_be_set_there() -> None:
    """And comes round to some again, that have been changed."""

    async def act(pilot: Pilot[None], screen: Screen) -> None:
        shown = set()
        for _ in range(len(resources.presets()) + 10):
            await pilot.press("n")
            graph = screen.session.graph
            assert [line.split()[0] for line in lines(screen)] == targets(graph)
            assert len(screen.query(Slider)) == len(screen.sliders) + len(screen.spare)
            first = graph.get(targets(graph)[0])
            await pilot.press("left")
            assert graph.get(targets(graph)[0]) != first
            shown.add(graph.title)
        assert len(shown) == len(resources.presets())

    with_screen(machine(), act)


def test_the_louder_of_two_sides_is_turned_down_and_the_screen_says_by_how_much(
    card: type[fake_sounddevice.OutputStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card, "level", 0.1)
    graph = tapegraph.chain(level={"kind": "gain"})

    async def act(pilot: Pilot[None], screen: Screen) -> None:
        graph.set("level.gain_db", 12.0)
        await pilot.pause(0.5)  # for something to measure
        await pilot.press("c")
        assert screen.session.gain == 1.0  # B, the quiet side
        assert "graph (B)" in screen.meters()
        await pilot.press("c")
        assert screen.session.gain == pytest.approx(10 ** (-12 / 20), rel=1e-6)
        assert "graph (A, turned down by 12.0 dB to compare)" in screen.meters()
        await pilot.press("b")
        assert screen.session.gain == pytest.approx(1.0)  # it was as loud as the input
        assert "graph (bypassed)" in screen.meters()
        await pilot.press("b")
        assert screen.session.gain < 1.0
        while screen.session.deck.incoming or screen.session.deck.next:
            await pilot.pause(0.01)
        screen.session.peak = 0.0
        await pilot.pause(0.5)
        assert 0.1 < screen.session.peak < 1.0  # 5 sigma; at its own level it would be near 2

    with_screen(graph, act)


def test_the_louder_of_bypass_preset_and_graph_is_turned_down_until_m_is_pressed(
    card: type[fake_sounddevice.OutputStream], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card, "level", 0.1)
    graph = tapegraph.chain(level={"kind": "gain", "gain_db": -6})
    louder = tapegraph.chain(level={"kind": "gain", "gain_db": 3})
    monkeypatch.setattr(resources, "presets", lambda: {"louder": Path("louder")})
    monkeypatch.setattr("tapegraph.ui.terminal.GraphModel.load", lambda name: louder)

    async def act(pilot: Pilot[None], screen: Screen) -> None:
        await pilot.pause(0.5)  # for something to measure
        await pilot.press("b")
        assert screen.session.gain == pytest.approx(10 ** (-6 / 20), rel=1e-6)
        assert "graph (bypassed, turned down by 6.0 dB to compare)" in screen.meters()
        await pilot.press("b", "n")
        assert screen.session.graph is louder
        assert screen.session.gain == pytest.approx(10 ** (-9 / 20), rel=1e-6)
        await pilot.press("m")
        assert screen.session.gain == 1.0
        assert "graph (A, levels not matched)" in screen.meters()
        await pilot.press("b")
        assert screen.session.gain == 1.0
        await pilot.press("b", "m")
        assert "graph (A)" in screen.meters()

    with_screen(graph, act)


def test_what_has_been_found_can_be_saved_without_replacing_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    async def act(pilot: Pilot[None], screen: Screen) -> None:
        await pilot.press("s", "right", "s")

    with_screen(machine(), act)
    assert tapegraph.load("small_machine_1.yaml").get("Drive") == 0.5
    assert tapegraph.load("small_machine_2.yaml").get("Drive") == pytest.approx(0.51)


def test_what_is_saved_holds_its_sub_graphs_wherever_they_came_from_and_has_a_name_that_fits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "machines").mkdir()
    machine().save(tmp_path / "machines" / "inner.yaml")
    text = f"title: {'x' * 300}\nnodes: {{m: {{graph: inner.yaml}}}}\nlinks: [input -> m -> output]\n"
    (tmp_path / "machines" / "outer.yaml").write_text("tapegraph: 1\n" + text)
    graph = tapegraph.load(tmp_path / "machines" / "outer.yaml")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")

    async def act(pilot: Pilot[None], screen: Screen) -> None:
        await pilot.press("s")

    with_screen(graph, act)
    (saved,) = Path().iterdir()
    assert tapegraph.load(saved).get("m.Drive") == 0.5


def test_where_nothing_can_be_saved_the_screen_says_so_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    async def act(pilot: Pilot[None], screen: Screen) -> None:
        await pilot.press("s")
        assert [notice.message for notice in screen._notifications] == [
            "small_machine_1.yaml: cannot be written: No such file or directory"
        ]

    with_screen(machine(), act)


def test_a_graph_that_cannot_follow_is_told_and_the_old_one_plays_on() -> None:
    graph = tapegraph.Graph(nodes={"a": {"kind": "gain"}}, links=["input -> a -> output"], block=128)

    async def act(pilot: Pilot[None], screen: Screen) -> None:
        await pilot.press("n")
        assert [notice.message for notice in screen._notifications] == [
            "block is 64; while sound runs it must stay 128"
        ]
        assert screen.graph is screen.session.graph is graph

    with_screen(graph, act)


def test_a_graph_without_anything_to_set_has_a_screen_too() -> None:
    async def act(pilot: Pilot[None], screen: Screen) -> None:
        assert lines(screen) == []
        await pilot.press("n")
        assert lines(screen)

    with_screen(tapegraph.Graph(nodes={}, links=["input -> output"]), act)


def test_a_graph_file_that_was_saved_has_its_sliders_shown() -> None:
    async def act(pilot: Pilot[None], screen: Screen) -> None:
        screen.session.change(tapegraph.chain(other={"kind": "gain"}))
        await screen.tick()
        assert [line.split()[0] for line in lines(screen)] == ["other.gain_db"]
        assert screen.graph is screen.session.graph

    with_screen(machine(), act)


@pytest.mark.parametrize("keys", [["q"], ["c", "q"], ["n", "b", "q"]])
def test_ticks_may_come_at_any_time(keys: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tapegraph.ui.terminal.TICK_S", 0.001)

    async def act(pilot: Pilot[None], screen: Screen) -> None:
        await pilot.press(*keys)

    with_screen(machine(), act)


def test_the_meters_show_level_and_load() -> None:
    async def act(pilot: Pilot[None], screen: Screen) -> None:
        screen.session.peak = 0.5
        assert "level ███████████████████████████░░░   -6.0 dBFS" in screen.meters()
        assert "dropouts 0" in screen.meters()

    with_screen(machine(), act)


def test_the_screen_ends_with_the_sound() -> None:
    graph = machine()

    async def main() -> None:
        with graph.live() as session:
            screen = Screen(Slots(session))
            async with screen.run_test() as pilot:
                session.stopping = True
                session.finished.wait(5)
                await pilot.pause(0.5)
                assert not screen.is_running

    asyncio.run(main())
