"""Graphs as files: what each must give is written in its first comments.

# ! line:column: message     a problem; all of them, in this order
# gives frame: value, ...    the output for an impulse of 1 at frame 0 and 48 kHz; zero at all other frames
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

import tapegraph

CASES = sorted(Path(__file__).parent.glob("cases/*.yaml"))


def comments(path: Path, mark: str) -> list[str]:
    start = f"# {mark} "
    return [line.removeprefix(start) for line in path.read_text("utf-8").splitlines() if line.startswith(start)]


@pytest.mark.parametrize("path", [p for p in CASES if comments(p, "!")], ids=lambda p: p.stem)
def test_every_problem_is_told_at_once_in_the_order_of_the_lines(path: Path) -> None:
    with pytest.raises(tapegraph.TapegraphError) as caught:
        tapegraph.load(path)
    assert str(caught.value).replace(f"{path}:", "").splitlines() == comments(path, "!")


LINES = (CASES[0].parent / "every_mistake.yaml").read_text("utf-8").splitlines()
CORRECTED = re.compile(r"(?P<indent> *)(?P<wrong>.*)  # right:(?P<right>.*)")
MISTAKES = [number for number, line in enumerate(LINES) if CORRECTED.fullmatch(line)]


def problems(*mistakes: int) -> list[str]:
    """What is reported of every_mistake.yaml when all its lines but these are corrected."""

    def corrected(number: int, line: str) -> str:
        parts = CORRECTED.fullmatch(line)
        if parts is None:
            return line
        return parts["indent"] + (parts["wrong"] if number in mistakes else parts["right"].strip())

    try:
        tapegraph.Graph.from_yaml("\n".join(itertools.starmap(corrected, enumerate(LINES))), "g")
    except tapegraph.TapegraphError as error:
        return str(error).splitlines()
    return []


def test_no_mistake_hides_another() -> None:
    assert not problems()
    alone = {mistake: problems(mistake) for mistake in MISTAKES}
    assert all(alone.values())
    # Of all pairs, which have been tried, every twelfth: 13 ms for each add up.
    for one, other in itertools.islice(itertools.combinations(MISTAKES, 2), 0, None, 12):
        assert sorted(problems(one, other)) == sorted(alone[one] + alone[other]), (LINES[one], LINES[other])


@pytest.mark.parametrize("path", [p for p in CASES if comments(p, "gives")], ids=lambda p: p.stem)
def test_a_graph_gives_what_its_file_says(path: Path) -> None:
    graph = tapegraph.load(path)
    impulse = np.zeros(4000)
    impulse[0] = 1.0
    expected = np.zeros(4000)
    for pair in comments(path, "gives")[0].split(","):
        frame, value = pair.split(":")
        expected[int(frame)] = float(value)
    np.testing.assert_allclose(graph.render(impulse, 48_000, tail=0), expected, atol=1e-12)
    again = tapegraph.Graph.from_yaml(graph.to_yaml(), folder=path.parent)
    assert again == graph
