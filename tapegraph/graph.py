"""Graphs as people use them: read, made in Python, changed, written, and put to work on sound."""

from __future__ import annotations

import copy
import os
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from tapegraph import document, resources
from tapegraph.check import read, remarks
from tapegraph.document import Entry, Inline, Place
from tapegraph.errors import Problem, TapegraphError, did_you_mean
from tapegraph.files import replacing
from tapegraph.flat import FlatGraph, flatten
from tapegraph.param import Value, plain
from tapegraph.spec import DEFAULT_BLOCK, RESAMPLERS, VERSION, NodeSpec, Spec, assign, leaves, resolve
from tapegraph.stream import Audio, Engine, Rendering, Stream, Tail, planar, render
from tapegraph.targets import check_value, unknown_target

if TYPE_CHECKING:
    from tapegraph.live.playback import Playback
    from tapegraph.live.quality import Quality
    from tapegraph.live.through import Through


class Graph(Spec):
    """A graph of nodes: what a graph file says, checked.

    Its words are those of the file:

        Graph(
            nodes={"drive": {"kind": "gain", "gain_db": 3}, "tape": {"kind": "hysteresis", "oversample": 4}},
            links=["input -> drive -> tape -> output"],
        )

    Raises TapegraphError with every problem. graph["tape"].drive reads a parameter, set() or graph["tape"].drive = 0.7
    changes it, also in every stream that is open on the graph.
    """

    def __init__(
        self,
        *,
        nodes: Mapping[str, Mapping[str, Any]],
        links: Sequence[str],
        title: str = "",
        description: str = "",
        sources: Sequence[str] = (),
        block: int = DEFAULT_BLOCK,
        resampler: str = RESAMPLERS[0],
        vars: Mapping[str, Value] | None = None,  # noqa: A002  the word of the file
        controls: Mapping[str, str] | None = None,
        automation: Mapping[str, Sequence[Sequence[float]]] | None = None,
    ) -> None:
        words = {
            "tapegraph": VERSION,
            "title": title,
            "description": description,
            "sources": sources,
            "block": block,
            "resampler": resampler,
            "vars": vars or {},
            "nodes": {
                name: {k: v.words() if isinstance(v, Graph) else v for k, v in node.items()}
                for name, node in nodes.items()
            },
            "links": links,
            "controls": controls or {},
            "automation": automation or {},
        }
        self._adopt(read(document.tree(words), SubGraphs(Path())))

    def _adopt(self, spec: Spec) -> None:
        fields = {field.name: getattr(spec, field.name) for field in attrs.fields(Spec)}
        Spec.__init__(self, **fields)
        self._engines: weakref.WeakSet[Engine] = weakref.WeakSet()

    @classmethod
    def from_yaml(cls, text: str, name: str = "graph", folder: str | Path = ".") -> Graph:
        """Return the graph of a YAML text.

        name: stands for the file in errors; folder: where sub-graphs named by a relative path are
        """
        return cls._read(text, name, SubGraphs(Path(folder)))

    @classmethod
    def _read(cls, text: str, name: str, sub_graphs: SubGraphs) -> Graph:
        entry, problems = document.parse(text, name)
        return restored(read(entry, sub_graphs, problems))

    def words(self) -> dict[str, Any]:
        """Return the graph as plain data, in the words of the file and without what is as by default."""
        return words(self)

    def to_yaml(self) -> str:
        """Return the graph as the text of a file; reading it gives an equal graph."""
        return document.dump(self.words())

    def save(self, path: str | Path) -> None:
        """Write the graph to a file, whole or not at all."""
        with replacing(Path(path)) as temporary:
            temporary.write_text(self.to_yaml(), "utf-8")

    def __getitem__(self, name: str) -> NodeView:
        flat = self.flat()
        if name not in flat.nodes:
            raise TapegraphError(f"no node is called {name}{did_you_mean(name, flat.nodes)}")
        return NodeView(self, name)

    def _repr_svg_(self) -> str:
        """Show a drawing of the graph in notebooks."""
        from tapegraph.draw import sketch
        from tapegraph.svg import svg

        return svg(sketch(self, 48_000, 2))

    def __reduce__(self) -> tuple[Any, ...]:
        """Go to other processes, and into copies, as plain data; open streams stay behind."""
        return restored, (Spec(**{field.name: getattr(self, field.name) for field in attrs.fields(Spec)}),)

    def copy(self) -> Graph:
        """Return a graph of its own that is equal now and has no streams."""
        return copy.deepcopy(self)

    def get(self, target: str) -> Value:
        """Return the value of "node.parameter", "$variable" or a control; of the first of what moves together."""
        self._check_target(target)
        target = self.controls.get(target, target)
        if target.startswith("$"):
            return self.vars[target[1:]]
        found = leaves(self, target)
        if not found:
            raise TapegraphError(f"{target} moves nothing: no node uses it")
        way, param = found[0]
        value: Value = getattr(self["/".join(way)], param)
        return value

    def set(self, target: str, value: Value) -> None:
        """Set "node.parameter", "$variable" or a control, here and in every open stream from its next block on.

        Raises TapegraphError when there is no such thing or it does not take the value.
        """
        self._check_target(target)
        value = plain(value)
        resolved = self._variable(value) if isinstance(value, str) and value.startswith("$") else value
        resolved = float(resolved) if isinstance(resolved, int) and not isinstance(resolved, bool) else resolved
        check_value(self, target, resolved)
        assign(self, target, value if isinstance(value, str) else resolved)
        for engine in self._engines:
            for way, param in leaves(self, target):
                engine.set("/".join(way), param, resolved)

    def _variable(self, name: str) -> Value:
        self._check_target(name)
        return resolve(self, name)

    def _check_target(self, target: str) -> None:
        if not isinstance(target, str):
            raise TapegraphError(f"a target is {target!r}; it must be node.parameter, $variable or a control, as text")
        wrong = unknown_target(self, target)
        if wrong:
            raise TapegraphError(wrong)

    def remarks(self) -> list[Problem]:
        """Return what is no mistake but probably not meant: nodes that nobody hears, variables that nothing uses."""
        return remarks(self)

    def flat(self) -> FlatGraph:
        """Return the graph without sub-graphs and variables."""
        return flatten(self)

    def render(self, audio: Audio, sample_rate: float, *, tail: Tail = "auto") -> Audio:
        """Return audio through the graph, in time with it and as long, plus the tail.

        audio: (channels, frames) or one-dimensional, float32 or float64, full scale 1; the result is alike
        sample_rate: Hz, 8000 to 384000
        tail: seconds, or "auto" for as long as the nodes say
        """
        return render(self.flat(), audio, sample_rate, tail)

    def rendering(self, sample_rate: float, channels: int, *, tail: Tail = "auto") -> Rendering:
        """Return what renders sound that comes in pieces, for files too long to hold at once."""
        return Rendering(self.flat(), sample_rate, channels, tail)

    def stream(self, sample_rate: float, channels: int = 1) -> Stream:
        """Return a running graph for sound that comes in pieces of any size; set() on the graph reaches it."""
        stream = Stream(self.flat(), sample_rate, channels)
        self.attach(stream.engine)
        return stream

    def play(
        self,
        audio: Audio,
        sample_rate: float,
        *,
        tail: Tail = "auto",
        device: str | int | None = None,
        block: int = 512,
        quality: Quality = "render",
        record: str | Path | None = None,
        overwrite: bool = False,
    ) -> Playback:
        """Play audio through the graph and the sound card; return what is playing, to be used in a with statement.

            with graph.play(audio, sample_rate) as playing:
                graph.set("tape.drive", 0.8)
                playing.wait()  # to the end; leaving the with statement ends the sound at once

        sample_rate: Hz; where the card refuses it, the sound is converted to the card's own by the extra `resample`
        device: number of a sound card, or its name or a part of it; otherwise the one the system prefers
        block: frames that the card asks for at a time
        quality: "draft" or "live" for less work, "render" for the graph as it stands
        record: an audio file for what is heard, which overwrite allows to replace
        """
        from tapegraph.live.playback import Playback

        x = planar(audio)
        return Playback(
            self,
            [x],
            sample_rate,
            x.shape[0],
            tail=tail,
            device=device,
            block=block,
            quality=quality,
            record=record,
            overwrite=overwrite,
        ).start()

    def live(
        self,
        *,
        input: str | int | None = None,  # noqa: A002  the word of sound cards
        output: str | int | None = None,
        sample_rate: float | None = None,
        channels: int | None = None,
        block: int = 256,
        quality: Quality = "render",
        record: str | Path | None = None,
        overwrite: bool = False,
    ) -> Through:
        """Put the input of the sound card through the graph to its output, until the with statement is left.

            with graph.live(block=128) as running:
                running.wait(60)

        sample_rate: Hz; otherwise the card's own
        channels: of the input; otherwise two, or one where it has no more
        The rest is as in play(). A block is a multiple of the graph's.
        """
        from tapegraph.live.through import Through

        return Through(
            self,
            input=input,
            output=output,
            sample_rate=sample_rate,
            channels=channels,
            block=block,
            quality=quality,
            record=record,
            overwrite=overwrite,
        ).start()

    def attach(self, engine: Engine) -> None:
        """Pass every later set() on to an engine that runs this graph."""
        self._engines = weakref.WeakSet({*self._engines, engine})  # a new one: another thread may be in set() just now

    def detach(self, engine: Engine) -> None:
        """Leave an engine alone that runs another graph now."""
        self._engines = weakref.WeakSet({*self._engines} - {engine})


def restored(spec: Spec) -> Graph:
    graph = Graph.__new__(Graph)
    graph._adopt(spec)
    return graph


class NodeView:
    """The parameters of one node, as attributes."""

    _graph: Graph
    _name: str

    def __init__(self, graph: Graph, name: str) -> None:
        object.__setattr__(self, "_graph", graph)
        object.__setattr__(self, "_name", name)

    def _values(self) -> dict[str, Value]:
        node = self._graph.flat().nodes[self._name]
        return {**{param.name: param.default for param in node.cls.PARAMS}, **node.params}

    def __getattr__(self, param: str) -> Value:
        values = self._values()
        family = param.rstrip("0123456789") + "#"
        if param not in values and family not in values:
            raise AttributeError(f"{self._name} has no parameter {param}{did_you_mean(param, values)}")
        return values[param if param in values else family]

    def __setattr__(self, param: str, value: Value) -> None:
        self._graph.set(f"{self._name}.{param}", value)

    def __dir__(self) -> list[str]:
        return [name for name in self._values() if not name.endswith("#")]

    def __repr__(self) -> str:
        kind = self._graph.flat().nodes[self._name].cls.KIND
        return f"{kind}({', '.join(f'{name}={value!r}' for name, value in self._values().items())})"


class SubGraphs:
    """Finds the graphs that stand in a graph, and refuses one that stands in itself.

    folder: where relative paths begin; inside: the files being read, outermost first
    """

    def __init__(self, folder: Path, inside: tuple[Path, ...] = ()) -> None:
        self.folder, self.inside = folder, inside

    def __call__(self, reference: Any, place: Place) -> Spec:
        if isinstance(reference, Entry):
            return read(versioned(reference), self)
        try:
            path = find_file(reference, self.folder)
        except TapegraphError as error:
            raise TapegraphError(*(Problem(p.message, str(place)) for p in error.problems)) from None
        if path.resolve() in self.inside:
            way = " -> ".join(p.name for p in (*self.inside, path))
            raise TapegraphError(Problem(f"{path.name} stands in itself: {way}", str(place)))
        return load_file(path, self.inside)


def versioned(entry: Entry) -> Entry:
    """Return the tree of a graph inside another, which need not repeat the version."""
    if isinstance(entry.value, dict) and "tapegraph" not in entry.value:
        return attrs.evolve(entry, value={**entry.value, "tapegraph": Entry(VERSION, entry.place, entry.key)})
    return entry


def load(source: str | Path) -> Graph:
    """Return a graph by the name of a preset, or from a file.

    A name without a folder and without .yaml is that of a preset. Raises TapegraphError with every problem.
    """
    return load_file(find_file(source, Path()))


def find_file(source: str | Path, folder: Path) -> Path:
    """Return the file of a preset, or of a path that starts in folder when it is relative."""
    text = os.fspath(source)
    if isinstance(source, str) and Path(text).name == text and Path(text).suffix not in (".yaml", ".yml"):
        presets = resources.presets()
        if text in presets:
            return presets[text]
        hint = did_you_mean(text, presets) or f"; there are {', '.join(presets)}"
        raise TapegraphError(f"no preset is called {text}{hint}; a graph of your own ends in .yaml")
    return folder / text


def load_file(path: Path, inside: tuple[Path, ...] = ()) -> Graph:
    try:
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise TapegraphError(Problem("not text in UTF-8, which a graph file is", str(path))) from None
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be read: {error.strerror}", str(path))) from None
    return Graph._read(text, str(path), SubGraphs(path.parent, (*inside, path.resolve())))


def chain(**nodes: Mapping[str, Any]) -> Graph:
    """Return a graph of nodes one after the other, from input to output.

        chain(gain={"gain_db": 3}, tape={"kind": "hysteresis", "drive": 0.7, "oversample": 4})

    A node without a kind is of the kind that it is called by.
    """
    full = {name: node if {"kind", "graph"} & node.keys() else {"kind": name, **node} for name, node in nodes.items()}
    return Graph(nodes=full, links=[" -> ".join(["input", *full, "output"])])


def words(spec: Spec) -> dict[str, Any]:
    """Return a graph as plain data, in the words and order of the file, without what is as by default."""
    blank = Spec()
    said = {field.name: getattr(spec, field.name) for field in attrs.fields(Spec)}
    changed = {name: value for name, value in said.items() if value != getattr(blank, name)}
    if "nodes" in changed:
        changed["nodes"] = {name: node_words(node) for name, node in spec.nodes.items()}
    return {"tapegraph": VERSION, **changed}


def node_words(node: NodeSpec) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if node.graph is None:
        found["kind"] = node.kind
    else:
        found["graph"] = node.reference or words(node.graph)
    found.update(node.params)
    if node.oversample != 1:
        found["oversample"] = node.oversample
    return found if isinstance(found.get("graph"), dict) else Inline(found)
