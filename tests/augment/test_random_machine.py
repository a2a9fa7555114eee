"""Random machines on sound: what comes out, and the interfaces of transforms, batches, tensors and processes."""

from __future__ import annotations

import copy
import itertools
import json
import multiprocessing
import os
import pickle
import subprocess
import sys
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soloist

import tapegraph
from tapegraph import TapegraphError, demo
from tapegraph.analysis.loudness import integrated
from tapegraph.augment import Draw, RandomMachine

RATE = 16_000
X = np.ascontiguousarray(demo.music()[:, 30_000:34_000])
WORDS: dict[str, Any] = {
    "graphs": {"tc260": 1, "cassette": 2},
    "draw": {"Drive": {"uniform": [0.2, 0.9]}, "Wow": {"uniform": [0, 0.3]}, "tape.solver": {"choice": ["rk2", "rk4"]}},
    "seed": 3,
}
MACHINE = RandomMachine(WORDS)
GAIN = RandomMachine({"graphs": {"gain": tapegraph.chain(gain={"gain_db": 6.0})}})


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("x", [X[0], X[:1], X], ids=["mono", "one channel", "stereo"])
def test_samples_come_back_in_their_shape_and_type(x: Any, kind: type) -> None:
    sound = x.astype(kind)
    kept = sound.copy()
    out = MACHINE(sound, RATE, clip="a")
    assert (out.shape, out.dtype) == (sound.shape, sound.dtype)
    assert np.array_equal(sound, kept)
    assert not np.array_equal(out, sound)


def test_a_clip_sounds_as_the_graph_that_was_drawn_does() -> None:
    for clip in "abcd":
        draw = MACHINE.draw(clip)
        expected = MACHINE.graph(draw).render(X, RATE, tail=0.0)
        assert np.array_equal(MACHINE(X, RATE, clip=clip), expected)
        assert np.array_equal(MACHINE.apply(X, RATE, Draw.from_dict(json.loads(json.dumps(draw.as_dict())))), expected)


def test_the_graph_has_what_was_drawn() -> None:
    draw = MACHINE.draw("a")
    graph = MACHINE.graph(draw)
    assert {target: graph.get(target) for target in draw.values} == draw.values
    assert graph.seed == draw.seed
    assert tapegraph.load(str(draw.graph)).words()["links"] == graph.links


def test_what_was_rendered_before_changes_nothing() -> None:
    first = RandomMachine(WORDS)(X, RATE, clip="a")
    for clip in "bcd":
        MACHINE(X, RATE, clip=clip)
    assert np.array_equal(MACHINE(X, RATE, clip="a"), first)


def test_noise_differs_from_clip_to_clip() -> None:
    hiss = RandomMachine({"graphs": ["tc260"]})
    silent = np.zeros(2000)
    one, other = (hiss(silent, RATE, clip=clip) for clip in "ab")
    assert np.std(one) > 1e-6
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.1


def test_the_output_is_in_time_with_the_input() -> None:
    """A click stays where it is, through the latency of wow, flutter, head and resamplers."""
    click = np.zeros(8000)
    click[4000] = 0.3
    for clip in "abc":
        out = RandomMachine({"graphs": ["clean"]})(click, 48_000, clip=clip)
        assert abs(int(np.argmax(np.abs(out))) - 4000) <= 12  # what wow displaces


def test_a_draw_that_does_not_apply_returns_the_samples_themselves() -> None:
    assert RandomMachine(WORDS, p=0.0)(X, RATE, clip="a") is X


def test_a_gain_is_that_behind_the_machine() -> None:
    draw = Draw(True, "gain", gain_db=-6.0)
    assert np.allclose(GAIN.apply(X, RATE, draw), X * 10 ** (0.3 - 0.3), rtol=1e-12)


def test_the_loudness_is_that_at_the_input_of_the_machine_and_the_level_stays() -> None:
    """A linear machine does not notice; tape gets the clip at that loudness, to the bit."""
    x = demo.music()[:, 48_000:96_000]
    assert np.allclose(GAIN.apply(x, 48_000, Draw(True, "gain", loudness_lufs=-10.0)), x * 10**0.3, rtol=1e-12)
    draw = attrs_of(MACHINE.draw("a"), loudness_lufs=-12.0)
    gain = 10.0 ** ((-12.0 - integrated(x, 48_000)) / 20.0)
    expected = MACHINE.graph(draw).render(x * gain, 48_000, tail=0.0) / gain
    assert np.allclose(MACHINE.apply(x, 48_000, draw), expected, rtol=1e-9, atol=1e-12)
    assert gain > 1.5
    assert not np.allclose(expected, MACHINE.apply(x, 48_000, MACHINE.draw("a")), atol=1e-3)


def attrs_of(draw: Draw, **changes: Any) -> Draw:
    return Draw.from_dict({**draw.as_dict(), **changes})


def test_a_silent_clip_is_left_at_its_level() -> None:
    draw = Draw(True, "gain", loudness_lufs=-10.0)
    quiet = np.full((1, 8000), 1e-5)
    assert np.array_equal(GAIN.apply(quiet, RATE, draw), GAIN.apply(quiet, RATE, Draw(True, "gain")))
    assert not GAIN.apply(np.zeros(4000), RATE, draw).any()


@pytest.mark.parametrize("shape", [(0,), (1, 0), (2, 0)])
def test_an_empty_clip_stays_empty(shape: tuple[int, ...]) -> None:
    out = MACHINE(np.zeros(shape, np.float32), RATE, clip="a")
    assert (out.shape, out.dtype) == (shape, np.float32)


@pytest.mark.parametrize("frames", [1, 5, 63, 65, 300])
def test_a_clip_that_is_shorter_than_a_block_or_the_latency_keeps_its_length_and_its_place(frames: int) -> None:
    draw = MACHINE.draw("a")
    short = MACHINE.apply(X[:, :frames], 48_000, draw)
    followed = MACHINE.apply(np.concatenate([X[:, :frames], np.zeros((2, 2000))], axis=1), 48_000, draw)
    assert np.array_equal(short, followed[:, :frames])


def test_what_is_no_number_becomes_silence_with_a_warning() -> None:
    broken = X.copy()
    broken[1, 10:12] = np.nan
    with pytest.warns(tapegraph.SoundWarning, match="^2 input samples were NaN"):
        out = MACHINE(broken, RATE, clip="a")
    calls: list[Callable[[], Any]] = [
        lambda: MACHINE(broken, RATE, clip="a"),
        lambda: MACHINE.apply(broken, RATE, MACHINE.draw("a")),
        lambda: MACHINE.batch(broken[np.newaxis], RATE, clips=["a"]),
    ]
    for call in calls:
        with pytest.warns(tapegraph.SoundWarning) as warned:
            call()
        assert [warning.filename for warning in warned] == [__file__]  # the line to look at is the caller's
    broken[1, 10:12] = 0.0
    assert np.array_equal(out, MACHINE(broken, RATE, clip="a"))


@pytest.mark.parametrize(
    ("samples", "rate", "told"),
    [
        (np.zeros((4000, 2)), RATE, "channels are 4000; there must be a whole number from 1 to 64; audio is"),
        (np.zeros((1, 2, 10)), RATE, "audio has 3 dimensions; it must be (channels, frames) or one-dimensional"),
        (np.zeros(10, np.int16), RATE, "audio is of type int16; it must be float32 or float64; divide integers"),
        (np.zeros(10), 4000, "sample_rate is 4000 Hz; it must be 8000 to 384000 Hz"),
        (np.zeros(10), "16k", "sample_rate is '16k'; it must be a number of Hz"),
    ],
)
def test_what_is_no_sound_is_refused_in_a_sentence(samples: Any, rate: Any, told: str) -> None:
    for machine in (MACHINE, RandomMachine(WORDS, p=0.0)):  # whether or not a machine applies
        with pytest.raises(TapegraphError) as caught:
            machine(samples, rate, clip="a")
        assert str(caught.value).startswith(told)


@pytest.mark.usefixtures("toys")
def test_a_graph_that_makes_more_channels_is_refused() -> None:
    @tapegraph.register
    class TwoChannels(tapegraph.Node):
        KIND = "two_channels"
        INPUTS = ()
        CHANNELS = 2

        def process(self, x: list[tapegraph.Signal], y: list[tapegraph.Signal]) -> None:
            y[0].put(np.ones((2, self.frames)))

    graph = tapegraph.Graph(nodes={"two": {"kind": "two_channels"}}, links=["two -> output"])
    with pytest.raises(TapegraphError) as caught:
        RandomMachine({"graphs": {"wide": graph}})(X[0], RATE, clip="a")
    assert str(caught.value) == "wide makes 2 channels of 1; a random machine keeps the number of channels"


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (Draw(True, "tc206"), "the random machine has no graph tc206; did you mean tc260?"),
        (Draw(True, "tc260", values={"Drive": 3.0}), "tape.drive is 3; it must be 0 to 1"),
        (
            Draw(True, "tc260", values={"Drvie": 0.3}),
            "Drvie is neither node.parameter nor a control; did you mean Drive?",
        ),
    ],
)
def test_a_draw_that_does_not_suit_the_machine_is_refused(draw: Draw, told: str) -> None:
    with pytest.raises(TapegraphError) as caught:
        MACHINE.apply(X, RATE, draw)
    assert str(caught.value) == told


# Transforms: the interface of audiomentations


def test_frozen_parameters_do_the_same_again_whatever_the_clip() -> None:
    machine = RandomMachine(WORDS)
    first = machine(X, RATE, clip="a")
    machine.freeze_parameters()
    assert np.array_equal(machine(X, RATE, clip="b"), first)
    assert np.array_equal(machine(X, RATE), first)
    machine.unfreeze_parameters()
    assert not np.array_equal(machine(X, RATE), first)


def test_parameters_tell_what_was_done_in_plain_data() -> None:
    machine = RandomMachine(WORDS)
    assert machine.parameters == {"should_apply": None}
    machine(X, RATE, clip="a")
    assert json.loads(json.dumps(machine.serialize_parameters())) == machine.draw("a").as_dict()
    machine.randomize_parameters(X, RATE, clip="b")
    assert machine.parameters == machine.draw("b").as_dict()


def test_frozen_before_the_first_clip_it_draws_once() -> None:
    machine = RandomMachine(WORDS)
    machine.freeze_parameters()
    assert np.array_equal(machine(X, RATE), machine(X, RATE))


def test_calls_without_a_clip_differ_and_are_the_same_in_every_run() -> None:
    first, again = RandomMachine(WORDS), RandomMachine(WORDS)
    seeds = []
    for _ in range(5):
        first.randomize_parameters()
        again.randomize_parameters()
        assert first.parameters == again.parameters
        seeds.append(first.parameters["seed"])
    assert len(set(seeds)) == 5


# Batches


def test_a_batch_is_its_clips_one_by_one() -> None:
    batch = np.stack([X, 0.5 * X, X[::-1]]).astype(np.float32)
    out = MACHINE.batch(batch, RATE, clips=["a", "b", "c"], epoch=2)
    for k, clip in enumerate("abc"):
        assert np.array_equal(out[k], MACHINE(batch[k], RATE, clip=clip, epoch=2))
    mono = MACHINE.batch(batch[:, 0], RATE, clips=["a", "b", "c"])
    assert np.array_equal(mono[1], MACHINE(batch[1, 0], RATE, clip="b"))


def test_what_follows_the_length_of_a_clip_is_left_as_it_is() -> None:
    batch = np.stack([X, X])
    batch[1, :, 1500:] = 7.0
    out = MACHINE.batch(batch, RATE, lengths=[4000, 1500], clips=["a", "b"])
    assert np.array_equal(out[1, :, :1500], MACHINE(X[:, :1500], RATE, clip="b"))
    assert (out[1, :, 1500:] == 7.0).all()


def test_clips_of_a_batch_without_names_differ() -> None:
    hiss = RandomMachine({"graphs": ["tc260"]})
    out = hiss.batch(np.zeros((3, 500)), RATE)
    assert len({row.tobytes() for row in out}) == 3


@pytest.mark.parametrize(
    ("shape", "options", "told"),
    [
        ((8,), {}, "the batch has 1 dimensions; it must be (batch, frames) or (batch, channels, frames)"),
        ((2, 8), {"lengths": [8]}, "lengths are 1; the batch has 2 clips"),
        ((2, 8), {"clips": "abc"}, "clips are 3; the batch has 2 clips"),
        ((2, 8), {"lengths": [8, 9]}, "a length is 9; it must be a whole number from 0 to 8"),
        ((2, 8), {"lengths": [8, 0.5]}, "a length is 0.5; it must be a whole number from 0 to 8"),
    ],
)
def test_a_batch_that_does_not_fit_together_is_refused(shape: Any, options: Any, told: str) -> None:
    with pytest.raises(TapegraphError) as caught:
        MACHINE.batch(np.zeros(shape), RATE, **options)
    assert str(caught.value) == told


# Tensors


class Tensor:
    """As much of a tensor of torch as is needed, for where torch is not installed."""

    def __init__(self, data: Any, device: str = "cpu") -> None:
        self.data, self.device = data, device

    def detach(self) -> Tensor:
        return self

    def cpu(self) -> Tensor:
        return Tensor(self.data)

    def numpy(self) -> Any:
        if self.device != "cpu":
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        if self.data is None:
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.data

    def to(self, device: str) -> Tensor:
        return Tensor(self.data, device)


Tensor.__module__ = "torch"


@pytest.fixture
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("torch")
    monkeypatch.setattr(module, "from_numpy", Tensor, raising=False)
    monkeypatch.setitem(sys.modules, "torch", module)


@pytest.mark.usefixtures("torch")
def test_tensors_come_back_as_tensors_on_their_device() -> None:
    out = MACHINE(Tensor(X, "cuda:0"), RATE, clip="a")
    assert out.device == "cuda:0"
    assert np.array_equal(out.data, MACHINE(X, RATE, clip="a"))
    batch = MACHINE.batch(Tensor(X[np.newaxis], "cuda:0"), RATE, clips=["a"])
    assert np.array_equal(batch.data[0], out.data)
    empty = Tensor(np.zeros(0, np.float32))
    assert MACHINE(empty, RATE).data.shape == (0,)


@pytest.mark.usefixtures("torch")
def test_a_tensor_of_another_type_is_refused() -> None:
    with pytest.raises(TapegraphError, match=r"BFloat16; use .float\(\) for another type$"):
        MACHINE(Tensor(None), RATE, clip="a")


def test_each_worker_of_a_data_loader_has_draws_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    data = types.ModuleType("torch.utils.data")
    monkeypatch.setitem(sys.modules, "torch.utils.data", data)
    found = []
    for seed in (11, 12, 11):
        info = types.SimpleNamespace(seed=seed)
        monkeypatch.setattr(data, "get_worker_info", lambda info=info: info, raising=False)
        machine = pickle.loads(pickle.dumps(MACHINE))
        machine.randomize_parameters()
        found.append(machine.parameters["seed"])
    assert found[0] == found[2] != found[1]


def test_torch_is_not_imported() -> None:
    code = "import sys, tapegraph.augment; print('torch' in sys.modules, 'soundfile' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_the_name_is_there_without_an_import_of_its_own() -> None:
    code = (
        "import sys, tapegraph; assert 'tapegraph.augment' not in sys.modules; print(tapegraph.augment.RandomMachine)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "RandomMachine" in done.stdout


# Processes


def test_a_pickle_is_small_and_draws_alike() -> None:
    machine = RandomMachine(WORDS)
    machine(X, RATE, clip="a")  # plans are not pickled
    data = pickle.dumps(machine)
    assert len(data) < 12_000
    again = pickle.loads(data)
    assert (again.identity, again.draw("b"), again.parameters) == (
        machine.identity,
        machine.draw("b"),
        machine.parameters,
    )
    assert np.array_equal(again(X, RATE, clip="b"), machine(X, RATE, clip="b"))
    assert copy.deepcopy(machine).draw("b") == machine.draw("b")


def batch_of(machine: RandomMachine, clips: list[str]) -> bytes:
    return b"".join(machine(X, RATE, clip=clip).tobytes() for clip in clips)


def test_a_copy_draws_other_clips_where_they_have_no_name() -> None:
    machine = RandomMachine(WORDS)
    one, other = (pickle.loads(pickle.dumps(machine)) for _ in range(2))
    names = [one.unkeyed(), one.unkeyed(), other.unkeyed(), machine.unkeyed()]
    assert len(set(names)) == 4


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_processes_started_in_any_way_give_equal_clips(method: str) -> None:
    machine = RandomMachine(WORDS)
    parts = [["a", "b"], ["c"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads, in Python 3.12
        with multiprocessing.get_context(method).Pool(2) as pool:
            found = pool.starmap(batch_of, [(machine, part) for part in parts])
    assert b"".join(found) == batch_of(machine, list(itertools.chain(*parts)))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows starts every process anew, without fork")
def test_processes_that_were_forked_do_not_repeat_each_other_without_names() -> None:
    code = """
import os
from tapegraph.augment import RandomMachine
machine = RandomMachine({"graphs": ["clean"]})
for _ in range(2):
    if not os.fork():
        print(machine.unkeyed(), flush=True)
        os._exit(0)
    os.wait()
print(machine.unkeyed())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(set(done.stdout.splitlines())) == 3


def test_nodes_of_ones_own_reach_other_processes(tmp_path: Path) -> None:
    (tmp_path / "half.py").write_text(
        "from tapegraph import Node\n"
        "class Half(Node):\n"
        "    KIND = 'half_of_it'\n"
        "    def process(self, x, y):\n"
        "        y[0].put(x[0].array * 0.5)\n"
    )
    code = f"""
import multiprocessing, numpy as np, tapegraph
from tapegraph.augment import RandomMachine
if __name__ == "__main__":
    tapegraph.add_nodes({str(tmp_path / "half.py")!r})
    graph = {{"nodes": {{"half": {{"kind": "half_of_it"}}}}, "links": ["input -> half -> output"]}}
    machine = RandomMachine({{"graphs": {{"m": {{"graph": graph}}}}}})
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(*pool.apply(machine, (np.ones(3), 48_000, "a")))
"""
    (tmp_path / "main.py").write_text(code)
    done = subprocess.run([sys.executable, str(tmp_path / "main.py")], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["0.5", "0.5", "0.5"]


def test_compiled_and_interpreted_machines_sound_equal_to_the_bit() -> None:
    code = f"""
import sys
sys.path.insert(0, {str(Path(soloist.__file__).parent)!r})
import soloist
if "interpreted" in sys.argv:
    sys.meta_path.insert(0, soloist.SourcesOnly())
import hashlib, numpy as np, tapegraph
from tapegraph.augment import RandomMachine
machine = RandomMachine({WORDS!r})
out = [machine(np.sin(np.arange(300.0)), 16_000, clip=clip).tobytes() for clip in "ab"]
print(tapegraph.COMPILED, hashlib.sha256(b"".join(out)).hexdigest())
"""
    runs = [
        subprocess.run([sys.executable, "-c", code, *how], capture_output=True, text=True, check=True).stdout.split()
        for how in ([], ["interpreted"])
    ]
    assert runs[1][0] == "False"
    assert runs[0][1] == runs[1][1]


NO_MAPPING: Any = 3


@pytest.mark.parametrize(
    ("draw", "told"),
    [
        (None, "draw is None; it must be a Draw, such as draw() and Draw.from_dict() return"),
        ({"should_apply": True}, "draw is {'should_apply': True}; it must be a Draw, such as "),
        (Draw(True, "clean", gain_db=float("nan")), "gain_db of a draw is nan dB; it must be -60 to 60 dB"),
        (Draw(True, "clean", seed=-1), "seed of a draw is -1; it must be a whole number from 0 to 4294967295"),
        (Draw(True, "clean", values=NO_MAPPING), "values of a draw are 3; they must be a mapping of targets to values"),
    ],
)
def test_what_nobody_could_have_drawn_is_refused(draw: Any, told: str) -> None:
    machine = RandomMachine({"graphs": ["clean"]})
    for call in (machine.apply, machine.render):
        with pytest.raises(TapegraphError) as caught:
            call(np.zeros(100), 16_000, draw)
        assert str(caught.value).startswith(told)


@pytest.mark.parametrize(
    ("samples", "options", "told"),
    [
        (np.zeros((2, 10)), {"lengths": 3}, "lengths are 3; they must be a list"),
        (np.zeros((2, 10)), {"clips": 3}, "clips are 3; they must be a list"),
        ([[1.0], [1.0, 2.0]], {}, "the samples cannot become an array: "),
    ],
)
def test_what_is_no_batch_is_refused(samples: Any, options: dict[str, Any], told: str) -> None:
    with pytest.raises(TapegraphError) as caught:
        RandomMachine({"graphs": ["clean"]}).batch(samples, 16_000, **options)
    assert str(caught.value).startswith(told)
