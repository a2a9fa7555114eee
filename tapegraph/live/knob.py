"""A knob: the way from 0 to 1, and what a parameter is along it.

number:  minimum + (maximum - minimum) s,    or minimum (maximum / minimum)^s where its curve is log
choice:  the options in equal parts;    switch:  on beyond the middle
"""

from __future__ import annotations

import math

from tapegraph.graph import Graph
from tapegraph.param import AnyParam, Choice, Model, Switch, Value
from tapegraph.spec import leaves, node_at
from tapegraph.targets import parameter


def declared(graph: Graph, target: str) -> AnyParam:
    """Return the declaration of the first that a target moves."""
    way, name = leaves(graph, target)[0]
    found = parameter(node_at(graph, way), name)
    assert found is not None
    return found


def value_at(param: AnyParam, share: float) -> Value:
    """Return the value where a knob has gone a share of its way, 0 to 1."""
    if isinstance(param, Switch):
        return share > 0.5
    if isinstance(param, Choice | Model):
        return param.options[min(int(share * len(param.options)), len(param.options) - 1)]
    if share >= 1.0:
        return param.maximum  # whatever rounding would make of it
    if param.curve == "log":
        return param.minimum * math.pow(param.maximum / param.minimum, share)
    return param.minimum + (param.maximum - param.minimum) * share


def share_at(param: AnyParam, value: Value) -> float:
    """Return where a knob stands for a value: the inverse of value_at."""
    if isinstance(param, Switch):
        return float(bool(value))
    if isinstance(param, Choice | Model):
        known = param.options
        return (known.index(str(value)) + 0.5) / len(known) if value in known else 0.0
    if param.curve == "log":
        return math.log(float(value) / param.minimum) / math.log(param.maximum / param.minimum)
    return (float(value) - param.minimum) / (param.maximum - param.minimum)
