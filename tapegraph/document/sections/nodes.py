"""The key `nodes`: kinds and graphs by name, with the values of their parameters."""

from __future__ import annotations

import os
from pathlib import Path

import attrs

from tapegraph.document.files import graph_reference, parameter_value
from tapegraph.document.form import NAME_SCHEMA, Reading, Schema, Whole, shown
from tapegraph.document.limits import MOST_NODES, node_count
from tapegraph.document.links import INPUT, OUTPUT
from tapegraph.document.parts import NodeSpec, Parts
from tapegraph.document.targets import declared, declared_at, unknown_param, unknown_target
from tapegraph.document.text import Entry
from tapegraph.errors import UNPRINTABLE, Problem, TapegraphError, did_you_mean, short
from tapegraph.errors import shown as shown_value
from tapegraph.node import Node, registry
from tapegraph.node.params import AnyParam, Choice, Model, Param, Track
from tapegraph.quantity import format_number, to_float

OVERSAMPLE = Whole(1, 64)


@attrs.frozen
class Nodes:
    """Nodes by name. Of the rest of the graph it needs the variables."""

    def read(self, entry: Entry, what: str, reading: Reading) -> dict[str, NodeSpec]:
        nodes: dict[str, NodeSpec] = {}
        count = 0
        for name, item in reading.mapping(entry, what, MOST_NODES).items():
            if reading.name(item, name, "a node") and name in (INPUT, OUTPUT):
                reading.refuse(item.key, f"{name} is the {name} of the graph and cannot be the name of a node")
            node = read_node(name, item, reading)
            if node is None:
                reading.broken.add(name)
                continue
            nodes[name] = node
            count += 1 if node.graph is None else node_count(node.graph)
            if count > MOST_NODES:  # at once: every further look at the graph would take longer
                message = f"with those of sub-graphs there are more than {MOST_NODES} nodes, the most of a graph"
                raise TapegraphError(*reading.problems, Problem(message, str(item.key)))
        return nodes

    def schema(self) -> Schema:
        return {
            "type": ["object", "null"],
            "propertyNames": {**NAME_SCHEMA, "not": {"enum": [INPUT, OUTPUT]}},
            "additionalProperties": {"$ref": "#/definitions/node:"},
        }


def read_node(name: str, entry: Entry, reading: Reading) -> NodeSpec | None:
    """Return a node, or None where it cannot even be told what it is."""
    if not isinstance(entry.value, dict):
        reading.refuse(entry.place, f"{name} is {shown(entry)}; a node is written {{kind: gain, gain_db: 3}}")
        return None
    values = dict(entry.value)
    kind, graph, oversample = (values.pop(key, None) for key in ("kind", "graph", "oversample"))
    node = NodeSpec(where=str(entry.key))
    if oversample is not None:
        node.oversample = OVERSAMPLE.read(oversample, f"{name}.oversample", reading)
    if kind is not None and graph is None:
        cls = read_kind(kind, reading)
        if cls is None:
            return None
        node.kind = cls.KIND
        read_params(name, node, cls, values, reading)
    elif graph is not None and kind is None:
        node.graph = read_sub_graph(name, graph, reading)
        if node.graph is None:
            return None
        if isinstance(graph.value, str):
            node.reference = graph_reference(graph.value, reading.sub_graphs.folder)
        for target, value in values.items():
            read_setting(name, node, node.graph, target, value, reading)
    else:
        found = "neither kind nor graph" if kind is None else "both kind and graph"
        reading.refuse(entry.key, f"{name} has {found}; a node has one of them")
        return None
    return node


def read_kind(entry: Entry, reading: Reading) -> type[Node] | None:
    if not isinstance(entry.value, str):
        reading.refuse(entry.place, f"kind is {shown(entry)}; it must be the name of a kind of node")
        return None
    try:
        return registry.find(short(entry.value))
    except TapegraphError as error:
        for problem in error.problems:
            reading.refuse(entry.place, problem.message)
        return None


def read_sub_graph(name: str, entry: Entry, reading: Reading) -> Parts | None:
    if not isinstance(entry.value, str | dict):
        allowed = "the name of a preset, the path of a file or a graph"
        reading.refuse(entry.place, f"{name}.graph is {shown(entry)}; it must be {allowed}")
        return None
    if isinstance(entry.value, str) and UNPRINTABLE.search(entry.value):
        return None  # which has been reported
    try:
        return reading.sub_graphs(entry.value if isinstance(entry.value, str) else entry, entry.place)
    except TapegraphError as error:
        reading.problems += error.problems
        return None


def read_params(name: str, node: NodeSpec, cls: type[Node], values: dict[str, Entry], reading: Reading) -> None:
    """Read the parameters of a node of a kind."""
    for param, entry in values.items():
        if wrong := unknown_param(name, cls, param):
            reading.refuse(entry.key, wrong)
        else:
            read_value(f"{name}.{param}", node, param, [declared_at(node, param)], entry, reading)


def read_setting(name: str, node: NodeSpec, graph: Parts, target: str, entry: Entry, reading: Reading) -> None:
    """Read what a node that is a graph sets in it: a control, a $variable or node.parameter."""
    wrong = unknown_target(graph, target)
    if wrong:
        reading.refuse(entry.key, f"{name}: {wrong}")
    else:
        read_value(f"{name}.{target}", node, target, declared(graph, target), entry, reading)


def read_value(what: str, node: NodeSpec, target: str, params: list[AnyParam], entry: Entry, reading: Reading) -> None:
    """Give a node a value, or the variable that it names, where that suits all of the parameters; note where not."""
    value, subject, variable = entry.value, what, ""
    if not isinstance(value, int | float | str):
        allowed = params[0].allowed if params else "a number, true, false or text"
        reading.refuse(entry.place, f"{what} is {shown(entry)}; it must be {allowed}")
        return
    if isinstance(value, str) and value.startswith("$"):
        if value in reading.broken:
            return
        if value[1:] not in reading.spec.vars:
            known = {f"${name}" for name in reading.spec.vars}
            reading.refuse(
                entry.place, f"{what} is {short(value)}; there is no such variable{did_you_mean(value, known)}"
            )
            return
        subject, variable = f"{what}, which is {value},", value[1:]
        value = reading.spec.vars[variable]
    value = parameter_value(value, params, reading.sub_graphs.folder)
    names_file = any(isinstance(param, Model | Track) for param in params)
    is_file = isinstance(value, str) and os.path.isabs(value) and names_file
    if is_file and (wrong := reading.sub_graphs.access.refusal(Path(str(value)))):
        reading.refuse(entry.place, f"{subject} cannot be used: {wrong}")
        return
    for param in params:
        try:
            param.check(value)
        except ValueError as error:
            hint = did_you_mean(value, param.options) if isinstance(value, str) and isinstance(param, Choice) else ""
            reading.refuse(entry.place, f"{subject} {number_alone(param, value) or error}{hint}")
            return
    value = value if isinstance(value, bool | str) else to_float(value)
    if variable:
        reading.spec.vars[variable] = value
    node.params[target] = entry.value if variable else value


def number_alone(param: AnyParam, value: object) -> str | None:
    """Return that a file has numbers without units, and which, where a value is a number with a suitable unit."""
    if not isinstance(param, Param) or not isinstance(value, str):
        return None
    try:
        number = param.check(param.parse(value))
    except ValueError:
        return None
    unit = f" in {param.unit}" if param.unit else ""
    return f"is {shown_value(value)}; a graph has numbers{unit} without a unit: {format_number(number)}"
