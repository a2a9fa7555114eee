"""The graph format as a JSON Schema (draft 7) for editors, with every node and preset that is installed.

Whatever the loader accepts suits the schema. The schema does not know what refers to another part of the same file:
ports and nodes that links name, targets of controls and automation, values of variables, controls of a graph that is
written inside another or in a file, breakpoint times that increase, loops and rates. The loader alone checks these.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tapegraph import resources
from tapegraph.document import load
from tapegraph.document.form import SCALAR, Schema
from tapegraph.document.parts import Parts
from tapegraph.document.sections.nodes import OVERSAMPLE
from tapegraph.document.spec import Key, Spec, keys
from tapegraph.document.targets import declared, values_of
from tapegraph.errors import TapegraphError
from tapegraph.node import Node, registry
from tapegraph.node.declaration import NAME
from tapegraph.node.params import AnyParam, Choice, Model, Param, Track
from tapegraph.node.ports import FAMILY, is_family

VARIABLE = {"type": "string", "pattern": f"^\\${NAME.pattern}$", "description": "the value of a variable"}
OVERSAMPLE_SCHEMA = {
    **OVERSAMPLE.schema(),
    "default": 1,
    "description": "how many times the rate of the graph the node runs at",
}

NUMBERED = "([1-9]|[1-5][0-9]|6[0-4])"  # 1 to MOST_NUMBERED


def schema() -> dict[str, Any]:
    """Return the schema as plain data."""
    kinds = dict(usable_kinds())
    presets = dict(usable_presets())
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "tapegraph",
        **graph_schema(),
        "definitions": {
            "graph:": graph_schema(versioned=False),
            "node:": node_schema(list(kinds), list(presets)),
            "settings:": {"additionalProperties": SCALAR, "properties": {"graph": True}},
            **{kind: kind_schema(cls) for kind, cls in kinds.items()},
            **{f"preset:{name}": preset_schema(name, spec) for name, spec in presets.items()},
        },
    }


def usable_kinds() -> Iterator[tuple[str, type[Node]]]:
    """Yield the kinds that a graph can use: those that the loader would refuse are left out."""
    for kind in registry.kinds():
        try:
            yield kind, registry.find(kind)
        except TapegraphError:
            continue


def usable_presets() -> Iterator[tuple[str, Spec]]:
    for name in resources.presets():
        try:
            yield name, load.load(name)
        except TapegraphError:
            continue


def graph_schema(versioned: bool = True) -> Schema:
    """Return the schema of a graph, whose version may be left out unless it is versioned."""
    table = keys(Spec, versioned)
    return {
        "type": "object",
        "required": [key.name for key in table if key.required],
        "properties": {key.name: key_schema(key) for key in table},
        "additionalProperties": False,
    }


def key_schema(key: Key) -> Schema:
    default = {} if key.default in ("", [], {}) else {"default": key.default}
    return {"description": key.meaning, **key.form.schema(), **default}


def node_schema(kinds: list[str], presets: list[str]) -> Schema:
    """Return the schema of a node: its kind, or its preset, decides about its parameters."""
    file = {"type": "string", "pattern": r"[/\\]|\.ya?ml$"}
    graph = {"anyOf": [{"enum": presets}, file, {"$ref": "#/definitions/graph:"}]}
    return {
        "type": "object",
        "properties": {
            "kind": {"enum": kinds, "description": "what kind of node it is"},
            "graph": {**graph, "description": "a preset, the path of a file or a graph, used as a node"},
            "oversample": OVERSAMPLE_SCHEMA,
        },
        "oneOf": [{"required": ["kind"]}, {"required": ["graph"]}],
        "allOf": [
            *(where("kind", {"const": kind}, f"#/definitions/{kind}") for kind in kinds),
            *(where("graph", {"const": name}, f"#/definitions/preset:{name}") for name in presets),
            where("graph", {"not": {"enum": presets}}, "#/definitions/settings:"),
        ],
    }


def where(key: str, value: Schema, reference: str) -> Schema:
    """Return the schema of nodes to which another schema applies where a key has a value."""
    return {"if": {"properties": {key: value}, "required": [key]}, "then": {"$ref": reference}}


def kind_schema(cls: type[Node]) -> Schema:
    """Return the schema of the nodes of a kind."""
    own = {"kind": {"const": cls.KIND}, "oversample": OVERSAMPLE_SCHEMA}
    params = {param.name: param_schema(param) for param in cls.PARAMS}
    return {"description": registry.source(cls).summary, **settings_schema(own, params)}


def preset_schema(name: str, spec: Spec) -> Schema:
    """Return the schema of the nodes that are a preset: all that can be set in it."""
    own = {"graph": {"const": name}, "oversample": OVERSAMPLE_SCHEMA}
    return {"description": spec.title, **settings_schema(own, dict(settings(spec)))}


def settings_schema(own: dict[str, Schema], params: dict[str, Schema]) -> Schema:
    """Return the schema of what is set in a node, weight1, weight2 ... where there is weight#."""
    return {
        "properties": {**{name: found for name, found in params.items() if not is_family(name)}, **own},
        "patternProperties": {pattern(name): found for name, found in params.items() if is_family(name)},
        "additionalProperties": False,
    }


def pattern(family: str) -> str:
    """Return what the members of a family match; names of nodes and parameters have no other special characters."""
    stem = family.removesuffix(FAMILY).replace(".", r"\.")
    return f"^{stem}{NUMBERED}$"


def settings(spec: Parts) -> Iterator[tuple[str, Schema]]:
    """Yield each target in a graph, families with their #, and what it takes."""
    for name in (*spec.controls, *(f"${name}" for name in spec.vars)):
        params = declared(spec, name)
        value = {"default": values_of(spec, [name])[name]} if params else {}
        yield name, {**(setting_schema(params)), **value}
    for name, node in spec.nodes.items():
        if node.graph is not None:
            for inner, found in settings(node.graph):
                yield f"{name}.{inner}", found
                yield f"{name}/{inner}", found
        else:
            for param in registry.find(node.kind).PARAMS:
                target = f"{name}.{param.name}"
                value = {} if is_family(param.name) else {"default": values_of(spec, [target])[target]}
                yield target, {**param_schema(param), **value}


def setting_schema(params: list[AnyParam]) -> Schema:
    """Return what a control or a variable takes: what suits everything that it sets."""
    if not params:
        return SCALAR
    return param_schema(params[0]) if len(params) == 1 else {"allOf": [param_schema(param) for param in params]}


def param_schema(param: AnyParam) -> Schema:
    """Return what a parameter takes; x-curve says how a knob travels over its range."""
    common: Schema = {"default": param.default, "description": param.meaning}
    if isinstance(param, Model | Track):
        return {**common, "type": "string"}
    own: Schema = {"type": "boolean"}
    if isinstance(param, Choice):
        own = {"enum": list(param.options)}
    elif isinstance(param, Param):
        own = {"type": "integer" if param.whole else "number", "minimum": param.minimum, "maximum": param.maximum}
        if param.unit:
            common["description"] = f"{param.meaning}, {param.unit}" if param.meaning else param.unit
        if param.curve != "linear":
            common["x-curve"] = param.curve
    return {**common, "anyOf": [own, VARIABLE]}
