"""A graph as data that people and programs share: read, changed, observed, written. No sound here."""

from __future__ import annotations

import copy
import functools
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from inspect import Parameter, Signature
from pathlib import Path
from typing import Any, ClassVar, Concatenate, ParamSpec, Protocol, Self, TypeVar

import attrs

from tapegraph.atomic import replacing
from tapegraph.document import load, write
from tapegraph.document.access import below
from tapegraph.document.check import remarks
from tapegraph.document.files import parameter_value
from tapegraph.document.flat import FlatGraph, flatten
from tapegraph.document.parts import Parts
from tapegraph.document.paths import Path as NodePath
from tapegraph.document.paths import assign, leaves, node_at, resolve, settled
from tapegraph.document.spec import Spec, keys
from tapegraph.document.targets import (
    automated_target,
    check_value,
    declared,
    declared_at,
    find_node,
    known_nodes,
    typed_value,
    unknown_target,
    values_of,
)
from tapegraph.errors import Problem, TapegraphError, did_you_mean, shown
from tapegraph.node import Node, registry
from tapegraph.node.params import NodeValue, Value
from tapegraph.node.ports import find_param, is_family
from tapegraph.quantity import plain, to_float

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Listener(Protocol):
    """What is notified of every change while it is attached: something that runs the graph."""

    def set(self, node: str, param: str, value: NodeValue) -> None:
        """Take a checked and resolved value for a parameter of a node, "sub/node" in a sub-graph."""


def one_thread_at_a_time(
    method: Callable[Concatenate[GraphModel, Given], Result],
) -> Callable[Concatenate[GraphModel, Given], Result]:
    """Let threads that change a graph take turns, so that its data and what runs it get changes in the same order."""

    @functools.wraps(method)
    def locked(self: GraphModel, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        with self._changing:
            return method(self, *args, **kwargs)

    return locked


class GraphModel(Spec):
    """A graph of nodes: what a graph file says, checked.

    Its keywords are the keys of the file:

        Graph(
            nodes={"drive": {"kind": "gain", "gain_db": 3}, "tape": {"kind": "hysteresis", "oversample": 4}},
            links=["input -> drive -> tape -> output"],
        )

    Raises TapegraphError with every problem. graph["tape"].drive reads a parameter, set() or graph["tape"].drive = 0.7
    changes it, also in every stream that is open on the graph.
    """

    __signature__: ClassVar[Signature] = Signature(
        [
            Parameter(key.name, Parameter.KEYWORD_ONLY, default=Parameter.empty if key.required else key.default)
            for key in keys(Spec, versioned=False)
        ]
    )

    def __init__(self, **words: Any) -> None:
        self._adopt(load.from_words(write.plain(words), Path()))

    def _adopt(self, spec: Spec, source: Source | None = None) -> None:
        for key in keys(type(spec)):
            setattr(self, key.name, getattr(spec, key.name))
        self._source = source
        self._listeners: weakref.WeakSet[Listener] = weakref.WeakSet()
        self._changing = threading.RLock()  # reentrant: a listener, or a signal handler, may change the graph too

    @classmethod
    def load(cls, source: str | Path, allow: Iterable[str | Path] = ()) -> Self:
        """Return a graph by the name of a preset, or from a file.

        A name without a folder and without .yaml is that of a preset.
        allow: files and folders, beside the folder of the file, that it may name sub-graphs and models from
        Raises TapegraphError with every problem.
        """
        spec, text = load.opened(source, allow)
        return cls.of(spec, Source(text, write.words(spec)))

    @classmethod
    def from_yaml(
        cls, text: str, name: str = "graph", folder: str | Path = ".", allow: Iterable[str | Path] | None = None
    ) -> Self:
        """Return the graph of a YAML text.

        name: of the file in errors; folder: where relative paths in the text begin
        allow: files and folders, beside that folder, that it may name files from; otherwise any
        """
        access = None if allow is None else below(Path(folder), allow)
        spec = load.from_text(text, name, load.SubGraphs(Path(folder), access=access))
        return cls.of(spec, Source(text, write.words(spec)))

    @classmethod
    def of(cls, spec: Spec, source: Source | None = None) -> Self:
        """Return the graph of checked data; source: the text that it was read from."""
        graph = cls.__new__(cls)
        graph._adopt(spec, source)
        return graph

    def words(self) -> dict[str, Any]:
        """Return the graph as plain data, under the keys of the file; defaults are left out."""
        return write.words(self)

    def to_yaml(self, folder: str | Path | None = None) -> str:
        """Return the graph as the text of a file; reading it gives an equal graph.

        folder: where the text will be; files are named relative to it, or without it by their absolute paths
        """
        return write.to_yaml(self, None if folder is None else Path(folder))

    def save(self, path: str | Path) -> None:
        """Write the graph to a file, completely or not at all; files that it names are found from there, too.

        A graph that was read from a text keeps its comments and layout: only what has changed since is written anew.
        """
        folder = Path(path).parent
        text = self._source.changed(self, folder) if self._source else None
        with replacing(Path(path)) as temporary:
            temporary.write_text(text or self.to_yaml(folder), "utf-8", newline="")

    def __getitem__(self, name: str) -> NodeView:
        return NodeView(self, find_node(self, name))

    def __iter__(self) -> Iterator[str]:
        """Yield the names of all nodes, "sub/node" in a sub-graph: what graph[name] takes."""
        return iter(known_nodes(self))

    def __len__(self) -> int:
        return len(known_nodes(self))

    def __contains__(self, name: object) -> bool:
        return name in known_nodes(self)

    def __bool__(self) -> bool:
        return True  # a graph without nodes, too

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle, and copy, as plain data, without listeners; another process is told where its nodes come from."""
        spec = Spec(**{key.name: getattr(self, key.name) for key in keys(Spec)})
        return restored, (type(self), spec, self._source, registry.additions(kinds_in(spec)))

    def copy(self) -> Self:
        """Return an independent graph that is equal now and has no listeners."""
        return copy.deepcopy(self)

    def get(self, target: str) -> Value:
        """Return the value of "node.parameter", "$variable" or a control; where it sets several, that of the first."""
        return self.values([target])[target]

    def values(self, targets: Iterable[str]) -> dict[str, Value]:
        """Return the values of several targets, as get() does, in less time than one after the other."""
        targets = list(targets)
        for target in targets:
            self._check_target(target)
        return values_of(self, targets)

    @one_thread_at_a_time
    def set(self, target: str | Mapping[str, Value], value: Value | None = None) -> None:
        """Set "node.parameter", "$variable" or a control, here and for every listener from its next block on.

        A number may be text with a unit: "1.2 kHz", "+6 dB", "80%". A path starts in the current folder.
        set({"tape.drive": 0.7, "Speed": 15}) sets everything or, where anything is wrong, nothing.
        Raises TapegraphError when there is no such thing, when it does not take the value, and while automation moves
        it.
        """
        if not isinstance(target, Mapping):
            self._set(target, value)
            return
        trial = self.copy()
        problems: list[Problem] = []
        for one, new in target.items():
            try:
                trial._set(one, new)
            except TapegraphError as error:
                problems += error.problems
        if problems:
            raise TapegraphError(*problems)
        for one, new in target.items():
            self._set(one, new)

    def _set(self, target: str, value: object) -> None:
        self._check_target(target)
        if automation := automated_target(self, target):
            raise TapegraphError(automation)
        value = plain(value)
        if not isinstance(value, bool | int | float | str):
            raise TapegraphError(f"{target} is {shown(value)}; it must be a number, true, false or text")
        variable = value if isinstance(value, str) and value.startswith("$") else ""
        resolved = self._variable(variable) if variable else value
        if isinstance(resolved, str):
            resolved = parameter_value(typed_value(self, target, resolved), declared(self, target), Path())
        resolved = resolved if isinstance(resolved, bool | str) else to_float(resolved)
        check_value(self, target, resolved)
        if variable:
            self.vars[variable[1:]] = resolved
        assign(self, target, variable or resolved)
        for listener in self._listeners:
            for path, name in leaves(self, target):
                listener.set("/".join(path), name, declared_at(node_at(self, path), name).resolve(resolved))

    def _variable(self, name: str) -> Value:
        self._check_target(name)
        return resolve(self, name)

    def _check_target(self, target: str) -> None:
        if not isinstance(target, str):
            raise TapegraphError(f"a target is {shown(target)}; it must be node.parameter, $variable or a control")
        wrong = unknown_target(self, target)
        if wrong:
            raise TapegraphError(wrong)

    def remarks(self) -> list[Problem]:
        """Return what is no mistake but probably not meant: nodes without effect, variables that nothing uses."""
        return remarks(self)

    def flat(self) -> FlatGraph:
        """Return the graph without sub-graphs and variables."""
        return flatten(self)

    @one_thread_at_a_time
    def attach(self, listener: Listener) -> None:
        """Pass every later set() on to what runs this graph."""
        # A new set: a listener that set() is calling may attach another.
        self._listeners = weakref.WeakSet({*self._listeners, listener})

    @one_thread_at_a_time
    def detach(self, listener: Listener) -> None:
        """Stop passing changes on to a listener."""
        self._listeners = weakref.WeakSet({*self._listeners} - {listener})


def kinds_in(parts: Parts) -> set[str]:
    """Return the kinds of all nodes of a graph and of the graphs in it."""
    inner = (kinds_in(node.graph) for node in parts.nodes.values() if node.graph is not None)
    return {node.kind for node in parts.nodes.values() if node.kind}.union(*inner)


def restored(
    cls: type[GraphModel], spec: Spec, source: Source | None, additions: list[registry.Addition]
) -> GraphModel:
    registry.add_again(additions)
    return cls.of(spec, source)


@attrs.frozen
class Source:
    """The text that a graph was read from, and the plain data that it stood for."""

    text: str
    words: dict[str, Any]

    def changed(self, spec: Spec, folder: Path) -> str | None:
        """Return the text as a graph has become since, for a file in folder; None where it has to be written anew."""
        from tapegraph.document.edit import edited

        words = write.words(spec)
        text = edited(self.text, self.words, words, folder)
        if text is None:
            return None
        try:
            again = load.from_text(text, "", load.KnownSubGraphs(folder, spec))
        except TapegraphError:
            return None
        return text if write.words(again) == words else None


class NodeView:
    """The parameters of one node, as attributes."""

    _graph: GraphModel
    _path: NodePath

    def __init__(self, graph: GraphModel, path: NodePath) -> None:
        object.__setattr__(self, "_graph", graph)
        object.__setattr__(self, "_path", path)

    def _kind(self) -> type[Node]:
        return registry.find(node_at(self._graph, self._path).kind)

    def _values(self) -> dict[str, Value]:
        defaults = {param.name: param.default for param in self._kind().PARAMS if not is_family(param.name)}
        return {**defaults, **settled(self._graph, self._path)}

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle with the graph; a copy shows the same graph, a deep copy one of its own."""
        return NodeView, (self._graph, self._path)

    def __getattr__(self, param: str) -> Value:
        if param.startswith("_"):  # no parameter, and perhaps asked for before there is a graph
            raise AttributeError(f"{type(self).__name__} has no attribute {param}")
        values, declared = self._values(), find_param(self._kind(), param)
        if declared is None:
            raise AttributeError(f"{'/'.join(self._path)} has no parameter {param}{did_you_mean(param, values)}")
        return values.get(param, declared.default)

    def __setattr__(self, param: str, value: Value) -> None:
        self._graph.set(f"{'/'.join(self._path)}.{param}", value)

    def __dir__(self) -> list[str]:
        return list(self._values())

    def __repr__(self) -> str:
        return f"{self._kind().KIND}({', '.join(f'{name}={value!r}' for name, value in self._values().items())})"
