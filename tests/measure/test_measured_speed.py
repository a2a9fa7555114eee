"""What a graph takes: that every part is named and shares add up, and how text stands beside numbers. Nothing is timed.

That the steps are those of the plan is tested with the profile itself.
"""

from __future__ import annotations

import csv
import importlib
import io

import numpy as np
import pytest

import tapegraph
from tapegraph import demo, measure
from tapegraph.measure import report
from tapegraph.measure.limits import exceeded
from tapegraph.run.sound import Audio
from tapegraph.run.stream import Stream

module = importlib.import_module("tapegraph.measure.speed")  # which is named like the function in it

FOUND = measure.Speed(
    part=("whole graph", "tape", "in and out"),
    kind=("", "hysteresis", "scheduler"),
    block_frames=np.array([64.0, 64.0, 64.0]),
    frame_ns=np.array([100.0, 90.0, 10.0]),
    share_percent=np.array([100.0, 90.0, 10.0]),
    load_percent=np.array([0.48, 0.432, 0.048]),
    highest_percent=np.array([0.6, np.nan, np.nan]),
    speed_times=np.array([208.3, 231.5, 2083.3]),
)


def test_every_block_size_and_every_step_has_a_row_and_the_shares_of_steps_add_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "SOUND_S", 0.1)
    graph = tapegraph.chain(
        low={"kind": "gain"}, tape={"kind": "hysteresis", "oversample": 2}, dc={"kind": "dc_blocker"}
    )
    found = measure.speed(measure.Rig(graph, channels=2), (64, 1024))
    assert found.part == ("whole graph", "whole graph", "low", "low", "tape", "tape", "dc", "in and out")
    assert found.kind == ("", "", "gain", "up by 2", "hysteresis", "down by 2", "dc_blocker", "scheduler")
    assert list(found.block_frames) == [64.0, 1024.0, *[64.0] * 6]
    assert found.share_percent[2:].sum() == pytest.approx(100.0)
    assert np.all((found.frame_ns[:2] > 0.0) & (found.frame_ns[:2] < 1e6))
    np.testing.assert_allclose(found.load_percent, 100.0 * found.frame_ns * 48_000.0 / 1e9)
    np.testing.assert_allclose(found.speed_times[:2], 100.0 / found.load_percent[:2])
    assert np.all(found.highest_percent[:2] >= found.load_percent[:2])
    assert np.isnan(found.highest_percent[2:]).all()


def test_the_whole_graph_gets_all_of_the_sound_in_pieces_of_each_size(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: list[tuple[int, ...]] = []
    process = Stream.process

    def noted(stream: Stream, audio: Audio) -> Audio:
        shapes.append(audio.shape)
        return process(stream, audio)

    monkeypatch.setattr(Stream, "process", noted)
    monkeypatch.setattr(module, "RUNS", 1)
    monkeypatch.setattr(module, "SOUND_S", 0.1)
    rig = measure.Rig(tapegraph.chain(gain={}), channels=3)
    measure.speed(rig, (64, 1024))
    assert shapes == [*[(3, 64)] * 75, *[(3, 1024)] * 4]
    np.testing.assert_array_equal(module.music(rig, 64), demo.music()[[0, 1, 0], :64])


def test_a_step_that_takes_no_time_at_all_is_infinitely_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tapegraph.run.profile.timed_ns", lambda work: (work(), 100)[1])
    found = measure.speed(tapegraph.chain(gain={}), (64,))
    assert found.frame_ns[1] == 0.0
    assert found.rows()[1]["speed_times"] is None


def test_text_stands_to_the_left_of_numbers() -> None:
    assert report.table({"share_percent": FOUND.share_percent}, FOUND.labels()).splitlines() == [
        "part         kind        share_percent",
        "whole graph                    100.000",
        "tape         hysteresis         90.000",
        "in and out   scheduler          10.000",
    ]


def test_text_is_written_as_csv_and_as_json() -> None:
    rows = list(csv.DictReader(io.StringIO(report.as_csv({"speed": FOUND}))))
    assert (rows[1]["measurement"], rows[1]["part"], rows[1]["kind"]) == ("speed", "tape", "hysteresis")
    assert (rows[1]["frame_ns"], rows[1]["highest_percent"]) == ("90.0", "")
    rig = measure.Rig(tapegraph.chain(gain={}), 8000.0)
    data = report.as_data("tape.yaml", rig, {"speed": FOUND})["measurements"]["speed"]
    assert list(data)[:3] == ["part", "kind", "block_frames"]
    assert data["part"] == ["whole graph", "tape", "in and out"]
    assert data["highest_percent"] == [0.6, None, None]


def test_text_chooses_the_rows_of_a_limit_and_says_where_it_is_exceeded() -> None:
    limits = {"speed": {"share_percent": {"max": 50, "part": "tape"}}}
    assert [str(problem) for problem in exceeded(limits, {"speed": FOUND})] == [
        "speed.share_percent is 90 at part tape, kind hysteresis, block_frames 64; it must be at most 50"
    ]
    limits["speed"]["share_percent"]["part"] = "in and out"
    assert exceeded(limits, {"speed": FOUND}) == []
    limits["speed"]["share_percent"]["part"] = "tope"
    assert [str(problem) for problem in exceeded(limits, {"speed": FOUND})] == [
        "speed.share_percent has no value where its limit holds"
    ]
