"""A graph as data that people and programs share: read, changed, listened to, written. No sound here."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, Self

import attrs

from tapegraph.atomic import replacing
from tapegraph.document import load, write
from tapegraph.document.check import remarks
from tapegraph.document.flat import FlatGraph, flatten
from tapegraph.document.spec import (
    DEFAULT_BLOCK,
    RESAMPLERS,
    VERSION,
    Spec,
    assign,
    leaves,
    node_at,
    resolve,
)
from tapegraph.document.targets import check_value, declared_at, unknown_target
from tapegraph.errors import Problem, TapegraphError, did_you_mean
from tapegraph.node.params import NodeValue, Value
from tapegraph.node.ports import family, is_family
from tapegraph.quantity import plain


class Listener(Protocol):
    """What is told of every change while it is attached: something that runs the graph."""

    def set(self, node: str, param: str, value: NodeValue) -> None:
        """Take a checked and resolved value for a parameter of a node, "sub/node" in a sub-graph."""


class GraphModel(Spec):
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
        seed: int = 0,
        vars: Mapping[str, Value] | None = None,  # noqa: A002  the word of the file
        controls: Mapping[str, str] | None = None,
        automation: Mapping[str, Sequence[Sequence[float]]] | None = None,
    ) -> None:
        words: dict[str, Any] = {
            "tapegraph": VERSION,
            "title": title,
            "description": description,
            "sources": sources,
            "block": block,
            "resampler": resampler,
            "seed": seed,
            "vars": vars or {},
            "nodes": {
                name: {k: write.words(v) if isinstance(v, Spec) else v for k, v in node.items()}
                for name, node in nodes.items()
            },
            "links": links,
            "controls": controls or {},
            "automation": automation or {},
        }
        self._adopt(load.from_words(words, Path()))

    def _adopt(self, spec: Spec) -> None:
        fields = {field.name: getattr(spec, field.name) for field in attrs.fields(Spec)}
        Spec.__init__(self, **fields)
        self._listeners: weakref.WeakSet[Listener] = weakref.WeakSet()

    @classmethod
    def load(cls, source: str | Path) -> Self:
        """Return a graph by the name of a preset, or from a file.

        A name without a folder and without .yaml is that of a preset. Raises TapegraphError with every problem.
        """
        return cls._of(load.load(source))

    @classmethod
    def from_yaml(cls, text: str, name: str = "graph", folder: str | Path = ".") -> Self:
        """Return the graph of a YAML text.

        name: stands for the file in errors; folder: where sub-graphs named by a relative path are
        """
        return cls._of(load.from_text(text, name, load.SubGraphs(Path(folder))))

    @classmethod
    def _of(cls, spec: Spec) -> Self:
        graph = cls.__new__(cls)
        graph._adopt(spec)
        return graph

    def words(self) -> dict[str, Any]:
        """Return the graph as plain data, in the words of the file and without what is as by default."""
        return write.words(self)

    def to_yaml(self) -> str:
        """Return the graph as the text of a file; reading it gives an equal graph."""
        return write.to_yaml(self)

    def save(self, path: str | Path) -> None:
        """Write the graph to a file, whole or not at all."""
        with replacing(Path(path)) as temporary:
            temporary.write_text(self.to_yaml(), "utf-8")

    def __getitem__(self, name: str) -> NodeView:
        flat = self.flat()
        if name not in flat.nodes:
            raise TapegraphError(f"no node is called {name}{did_you_mean(name, flat.nodes)}")
        return NodeView(self, name)

    def __reduce__(self) -> tuple[Any, ...]:
        """Go to other processes, and into copies, as plain data; listeners stay behind."""
        spec = Spec(**{field.name: getattr(self, field.name) for field in attrs.fields(Spec)})
        return restored, (type(self), spec)

    def copy(self) -> Self:
        """Return a graph of its own that is equal now and has no listeners."""
        return copy.deepcopy(self)

    def get(self, target: str) -> Value:
        """Return the value of "node.parameter", "$variable" or a control; of the first of what moves together."""
        return self.values([target])[target]

    def values(self, targets: Iterable[str]) -> dict[str, Value]:
        """Return the values of several targets, as get() does, in less time than one after the other."""
        found: dict[str, Value] = {}
        flat: FlatGraph | None = None
        for target in targets:
            self._check_target(target)
            aim = self.controls.get(target, target)
            if aim.startswith("$"):
                found[target] = self.vars[aim[1:]]
                continue
            moved = leaves(self, aim)
            if not moved:
                raise TapegraphError(f"{target} moves nothing: no node uses it")
            way, name = moved[0]
            declared = declared_at(node_at(self, way), name)
            params = self.nodes[way[0]].params
            if len(way) > 1:  # what surrounds a sub-graph has a say in it
                flat = flat or self.flat()
                params = flat.nodes["/".join(way)].params
            found[target] = resolve(self, params.get(name, declared.default))
        return found

    def set(self, target: str, value: Value) -> None:
        """Set "node.parameter", "$variable" or a control, here and for every listener from its next block on.

        Raises TapegraphError when there is no such thing or it does not take the value.
        """
        self._check_target(target)
        value = plain(value)
        resolved = self._variable(value) if isinstance(value, str) and value.startswith("$") else value
        resolved = float(resolved) if isinstance(resolved, int) and not isinstance(resolved, bool) else resolved
        check_value(self, target, resolved)
        assign(self, target, value if isinstance(value, str) else resolved)
        for listener in self._listeners:
            for way, name in leaves(self, target):
                listener.set("/".join(way), name, declared_at(node_at(self, way), name).resolve(resolved))

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

    def attach(self, listener: Listener) -> None:
        """Pass every later set() on to what runs this graph."""
        # A new set: another thread may be in set() just now.
        self._listeners = weakref.WeakSet({*self._listeners, listener})

    def detach(self, listener: Listener) -> None:
        """Leave alone what runs another graph now."""
        self._listeners = weakref.WeakSet({*self._listeners} - {listener})


def restored(cls: type[GraphModel], spec: Spec) -> GraphModel:
    return cls._of(spec)


class NodeView:
    """The parameters of one node, as attributes."""

    _graph: GraphModel
    _name: str

    def __init__(self, graph: GraphModel, name: str) -> None:
        object.__setattr__(self, "_graph", graph)
        object.__setattr__(self, "_name", name)

    def _values(self) -> dict[str, Value]:
        node = self._graph.flat().nodes[self._name]
        return {**{param.name: param.default for param in node.cls.PARAMS}, **node.params}

    def __getattr__(self, param: str) -> Value:
        values = self._values()
        of_family = family(param)
        if param not in values and of_family not in values:
            raise AttributeError(f"{self._name} has no parameter {param}{did_you_mean(param, values)}")
        return values[param if param in values else of_family]

    def __setattr__(self, param: str, value: Value) -> None:
        self._graph.set(f"{self._name}.{param}", value)

    def __dir__(self) -> list[str]:
        return [name for name in self._values() if not is_family(name)]

    def __repr__(self) -> str:
        kind = self._graph.flat().nodes[self._name].cls.KIND
        return f"{kind}({', '.join(f'{name}={value!r}' for name, value in self._values().items())})"
