"""What is drawn: from seed, clip and epoch alone, the same everywhere, distributed as asked for."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy import stats

from tapegraph import TapegraphError
from tapegraph.augment import Draw, RandomMachine
from tapegraph.augment.distributions import Choice, Fixed, LogUniform, Normal, Range, Triangular, Uniform
from tapegraph.augment.draws import number

ANY = Range(-1e9, 1e9)
GRAPHS = {"tc260": 2, "cassette": 1}
DRAW = {"Drive": {"uniform": [0.2, 0.9]}, "tape.solver": {"choice": ["rk2", "rk4"]}, "Hiss": {"normal": [-72, 4]}}


def machine(seed: int = 7, **words: Any) -> RandomMachine:
    return RandomMachine({"graphs": GRAPHS, "draw": DRAW, "seed": seed, **words})


def us(thing: str, count: int = 4000) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([number(1, str(clip), 0, thing) for clip in range(count)])


def test_a_number_is_made_of_the_first_52_bits_of_the_hash() -> None:
    digest = hashlib.sha256(b'[7,"dev/caf\\u00e9.flac",3,"draw tape.drive"]').hexdigest()
    assert number(7, "dev/café.flac", 3, "draw tape.drive") == (int(digest[:13], 16) + 0.5) / 2.0**52


def test_numbers_are_uniform_and_independent_of_each_other() -> None:
    drive, bias = us("draw tape.drive"), us("draw tape.bias")
    for numbers in (drive, bias):
        assert stats.kstest(numbers, "uniform").pvalue > 1e-3
    assert abs(stats.pearsonr(drive, bias).statistic) < 4.0 / len(drive) ** 0.5
    assert min(drive) > 0.0
    assert max(drive) < 1.0


@pytest.mark.parametrize(
    ("distribution", "expected"),
    [
        (Uniform(-3.0, 5.0), stats.uniform(-3.0, 8.0)),
        (LogUniform(0.1, 8.0), stats.loguniform(0.1, 8.0)),
        (Triangular(1.0, 2.0, 6.0), stats.triang(0.2, 1.0, 5.0)),
        (Triangular(1.0, 1.0, 6.0), stats.triang(0.0, 1.0, 5.0)),
        (Triangular(1.0, 6.0, 6.0), stats.triang(1.0, 1.0, 5.0)),
        (Normal(3.0, 2.0), stats.norm(3.0, 2.0)),
    ],
)
def test_a_distribution_is_the_quantile_function_of_scipy(distribution: Any, expected: Any) -> None:
    for u in np.linspace(0.001, 0.999, 97):
        assert distribution.at(float(u), ANY) == pytest.approx(expected.ppf(u), rel=1e-12)


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.5, 0.8), (0.0, 0.5)])
def test_a_normal_distribution_is_cut_off_at_the_range_of_the_parameter(low: float, high: float) -> None:
    mean, sd = 0.5, 0.3
    expected = stats.truncnorm((low - mean) / sd, (high - mean) / sd, mean, sd)
    for u in np.linspace(0.001, 0.999, 97):
        assert Normal(mean, sd).at(float(u), Range(low, high)) == pytest.approx(expected.ppf(u), rel=1e-12)


@pytest.mark.parametrize("mean", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("sd", [1e-9, 0.3, 1e9])
@pytest.mark.parametrize("u", [2.0**-53, 0.5, 1.0 - 2.0**-53])
def test_a_normal_distribution_never_leaves_the_range(mean: float, sd: float, u: float) -> None:
    assert 0.0 <= float(Normal(mean, sd).at(u, Range(0.0, 1.0))) <= 1.0


@pytest.mark.parametrize("distribution", [Uniform(1, 4), LogUniform(1, 4), Triangular(1, 2, 4), Normal(2, 1)], ids=str)
def test_whole_parameters_get_whole_numbers_and_all_of_them(distribution: Any) -> None:
    values = [distribution.at(float(u), Range(1.0, 4.0, whole=True)) for u in us("whole", 500)]
    assert {type(value) for value in values} == {int}
    assert set(values) == {1, 2, 3, 4}


def test_whole_numbers_are_equally_often_at_the_ends_and_in_between() -> None:
    values = [Uniform(1.0, 4.0).at(float(u), Range(1.0, 4.0, whole=True)) for u in us("whole")]
    assert stats.chisquare(np.bincount(values)[1:]).pvalue > 1e-3


def test_of_a_choice_every_value_is_equally_often() -> None:
    values = [Choice(("a", "b", "c")).at(float(u), ANY) for u in us("choice")]
    assert stats.chisquare([values.count(value) for value in "abc"]).pvalue > 1e-3
    assert Choice(("a", "b")).at(1.0 - 2.0**-53, ANY) == "b"
    assert Fixed("rk4").at(0.3, ANY) == "rk4"


def test_a_machine_applies_as_often_as_p_says_and_graphs_by_their_weights() -> None:
    half = machine(p=0.25)
    draws = [half.draw(str(clip)) for clip in range(4000)]
    applied = [draw for draw in draws if draw.should_apply]
    assert stats.binomtest(len(applied), 4000, 0.25).pvalue > 1e-3
    assert stats.binomtest(sum(d.graph == "tc260" for d in applied), len(applied), 2 / 3).pvalue > 1e-3
    assert all(draw == Draw(False) for draw in draws if not draw.should_apply)
    assert machine(p=1).draw("x").should_apply
    assert not machine(p=0).draw("x").should_apply


def test_seed_clip_and_epoch_each_change_all_that_is_drawn() -> None:
    draws = [machine().draw("a"), machine(8).draw("a"), machine().draw("b"), machine().draw("a", 1)]
    for values in zip(*[[d.seed, d.values["Drive"], d.values["Hiss"]] for d in draws], strict=True):
        assert len(set(values)) == 4
    assert machine().draw("a") == draws[0]


def test_the_end_of_a_name_is_not_taken_for_an_epoch() -> None:
    assert number(0, "a/1", 2, "x") != number(0, "a", 1, "2/x")


def test_another_target_leaves_all_other_draws_alone() -> None:
    more = machine(draw={**DRAW, "Bias": {"uniform": [0.3, 0.6]}}, level={"gain_db": {"uniform": [-6, 6]}})
    few = machine()
    for clip in map(str, range(50)):
        one, other = few.draw(clip), more.draw(clip)
        assert {**other.values, **one.values} == other.values
        assert (one.graph, one.seed) == (other.graph, other.seed)


def test_another_graph_takes_clips_from_the_others_and_moves_none_between_them() -> None:
    more = machine(graphs={**GRAPHS, "clean": 3})
    few, clips = machine(), [str(clip) for clip in range(600)]
    for clip in clips:
        one, other = few.draw(clip), more.draw(clip)
        assert other.graph in ("clean", one.graph)
        assert other.values == one.values
    taken = sum(more.draw(clip).graph == "clean" for clip in clips)
    assert stats.binomtest(taken, len(clips), 0.5).pvalue > 1e-3


def test_a_smaller_p_leaves_what_is_drawn_alone_where_it_still_applies() -> None:
    seldom, always = machine(p=0.3), machine()
    for clip in map(str, range(50)):
        assert seldom.draw(clip) in (Draw(False), always.draw(clip))


def test_draws_are_the_same_in_every_version_and_on_every_platform() -> None:
    """Written down when the formulas were made. A change of one of these changes the data of everybody: do not."""
    everything = RandomMachine({**WRITTEN, "graphs": {"one": {"graph": INLINE, "weight": 2}, "two": {"graph": INLINE}}})
    assert everything.draw("dev/0001.flac", 3).as_dict() == GOLDEN
    data = [everything.draw(str(clip), clip).as_dict() for clip in range(300)]
    text = json.dumps(data, sort_keys=True)
    assert hashlib.sha256(text.encode()).hexdigest() == GOLDEN_HASH


INLINE = {
    "nodes": {
        "in": {"kind": "gain"},
        "tape": {"kind": "hysteresis"},
        "head": {"kind": "playhead_loss"},
    },
    "links": ["input -> in -> tape -> head -> output"],
    "controls": {"Drive": "tape.drive"},
}
WRITTEN: dict[str, Any] = {
    "seed": 7,
    "p": 0.9,
    "draw": {
        "Drive": {"uniform": [0.2, 0.9]},
        "tape.bias": {"triangular": [0.2, 0.5, 0.9]},
        "head.spacing_um": {"loguniform": [0.1, 8]},
        "in.gain_db": {"normal": [12, 9]},
        "head.speed_ips": {"choice": [3.75, 7.5]},
        "tape.solver": "rk4",
    },
    "level": {"gain_db": {"uniform": [-6, 6]}, "loudness_lufs": {"normal": [-23, 3]}},
}
GOLDEN: dict[str, Any] = {
    "should_apply": True,
    "graph": "one",
    "seed": 2669180749,
    "values": {
        "Drive": 0.7651564451799193,
        "tape.bias": 0.796049762844251,
        "head.spacing_um": 0.12347726995459628,
        "in.gain_db": 0.7516749334770676,
        "head.speed_ips": 7.5,
        "tape.solver": "rk4",
    },
    "gain_db": 2.288740109998418,
    "loudness_lufs": -23.418747762757665,
}
GOLDEN_HASH = "f20a367df05b2f20524366d084508c646226843c718e201c638ea34d889dc174"


def test_draws_do_not_depend_on_the_process_or_on_the_hashes_of_python() -> None:
    machines = "RandomMachine({'graphs': ['tc260', 'clean'], 'seed': 3})"
    code = f"from tapegraph.augment import *; print({machines}.draw('x'))"
    runs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert runs == {f"{RandomMachine({'graphs': ['tc260', 'clean'], 'seed': 3}).draw('x')}\n".encode()}


def test_a_draw_is_plain_data_and_back() -> None:
    draw = machine().draw("a")
    assert Draw.from_dict(json.loads(json.dumps(draw.as_dict()))) == draw
    assert Draw.from_dict({"should_apply": False}) == Draw(False)


APPLIES = {"should_apply": True, "graph": "tc260"}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"should_aply": True}, "a draw has no 'should_aply'; did you mean should_apply?"),
        ({"graph": "tc260"}, "should_apply of a draw is None; it must be true or false"),
        ({"should_apply": True}, "graph of a draw is None; it must be the name of a graph"),
        ({**APPLIES, "seed": -1}, "seed of a draw is -1; it must be a whole number from 0 to 4294967295"),
        ({**APPLIES, "values": [1]}, "values of a draw are [1]; they must be a mapping of targets to values"),
        ({**APPLIES, "gain_db": "3"}, "gain_db of a draw is '3'; it must be -60 to 60 dB"),
        (3, "a draw is 3; it must be a mapping, as Draw.as_dict() returns"),
        ({**APPLIES, "loudness_lufs": 3}, "loudness_lufs of a draw is 3 LUFS; it must be -60 to 0 LUFS"),
    ],
)
def test_data_that_is_no_draw_is_refused(data: Any, message: str) -> None:
    with pytest.raises(TapegraphError) as caught:
        Draw.from_dict(data)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("clip", "epoch", "message"),
    [
        (1.5, 0, "clip is 1.5; it must be text or a whole number"),
        ("a", -1, "epoch is -1; it must be a whole number from 0"),
        ("a", "1", "epoch is '1'; it must be a whole number from 0"),
    ],
)
def test_what_names_no_clip_is_refused(clip: Any, epoch: Any, message: str) -> None:
    with pytest.raises(TapegraphError) as caught:
        machine().draw(clip, epoch)
    assert str(caught.value) == message


def test_a_whole_number_names_the_same_clip_as_its_digits() -> None:
    number: Any = np.int64(17)  # as datasets count, and not annotated: to a type checker it is no int
    assert machine().draw(17) == machine().draw(number) == machine().draw("17")
