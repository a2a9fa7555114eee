"""The graph format as a JSON Schema (draft 7) for editors, with every node that is installed."""

from __future__ import annotations

from typing import Any

from tapegraph.document.check import BLOCK_FRAMES, KEYS, MOST_OVERSAMPLE
from tapegraph.document.spec import DEFAULT_BLOCK, RESAMPLERS, VERSION
from tapegraph.node import Node, registry
from tapegraph.node.params import AnyParam, Choice, Model, Param
from tapegraph.node.registry import NAME

VARIABLE = {"type": "string", "pattern": f"^\\${NAME.pattern}$", "description": "the value of a variable"}
OVERSAMPLE = {
    "type": "integer",
    "minimum": 1,
    "maximum": MOST_OVERSAMPLE,
    "default": 1,
    "description": "how many times the rate of the graph the node runs at",
}
TARGET = {"type": "string", "description": "node.parameter, $variable or a control"}


def schema() -> dict[str, Any]:
    """Return the schema as plain data."""
    texts = {"type": "array", "items": {"type": "string"}}
    point = {
        "type": "array",
        "items": [{"type": "number", "minimum": 0}, {"type": "number"}],
        "minItems": 2,
        "maxItems": 2,
    }
    keys: dict[str, dict[str, Any]] = {
        "tapegraph": {"const": VERSION},
        "title": {"type": "string"},
        "description": {"type": "string"},
        "sources": texts,
        "block": {
            "type": "integer",
            "minimum": BLOCK_FRAMES[0],
            "maximum": BLOCK_FRAMES[1],
            "default": DEFAULT_BLOCK,
        },
        "seed": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1, "default": 0},
        "resampler": {"enum": list(RESAMPLERS), "default": RESAMPLERS[0]},
        "vars": {"type": "object", "additionalProperties": {"type": ["number", "boolean", "string"]}},
        "nodes": {
            "type": "object",
            "propertyNames": {"pattern": f"^{NAME.pattern}$", "not": {"enum": ["input", "output"]}},
            "additionalProperties": node_schema(),
        },
        "links": {**texts, "items": {"type": "string", "pattern": "->"}},
        "controls": {"type": "object", "additionalProperties": TARGET},
        "automation": {"type": "object", "additionalProperties": {"type": "array", "items": point, "minItems": 1}},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "tapegraph",
        "type": "object",
        "required": ["tapegraph", "links"],
        "properties": {key: {"description": KEYS[key], **said} for key, said in keys.items()},
        "additionalProperties": False,
        "definitions": {kind: kind_schema(registry.find(kind)) for kind in registry.kinds()},
    }


def node_schema() -> dict[str, Any]:
    """Return the schema of a node: its kind decides about its parameters."""
    of_kind = [
        {
            "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
            "then": {"$ref": f"#/definitions/{kind}"},
        }
        for kind in registry.kinds()
    ]
    return {
        "type": "object",
        "properties": {
            "kind": {"enum": registry.kinds(), "description": "what kind of node it is"},
            "graph": {"type": ["string", "object"], "description": "a preset, a file or a graph, used as a node"},
            "oversample": OVERSAMPLE,
        },
        "oneOf": [{"required": ["kind"]}, {"required": ["graph"]}],
        "allOf": of_kind,
    }


def kind_schema(cls: type[Node]) -> dict[str, Any]:
    single = {p.name: param_schema(p) for p in cls.PARAMS if not p.name.endswith("#")}
    family = {f"^{p.name[:-1]}[1-9][0-9]*$": param_schema(p) for p in cls.PARAMS if p.name.endswith("#")}
    return {
        "description": registry.source(cls).summary,
        "properties": {"kind": {"const": cls.KIND}, "oversample": OVERSAMPLE, **single},
        "patternProperties": family,
        "additionalProperties": False,
    }


def param_schema(param: AnyParam) -> dict[str, Any]:
    said: dict[str, Any] = {"default": param.default, "description": param.meaning}
    if isinstance(param, Param):
        unit = f"{param.meaning}, {param.unit}" if param.unit else param.meaning
        own: dict[str, Any] = {"type": "number", "minimum": param.minimum, "maximum": param.maximum}
        return {**said, "description": unit, "anyOf": [own, VARIABLE]}
    if isinstance(param, Choice):
        return {**said, "anyOf": [{"enum": list(param.options)}, VARIABLE]}
    if isinstance(param, Model):
        return {**said, "type": "string"}
    return {**said, "anyOf": [{"type": "boolean"}, VARIABLE]}
