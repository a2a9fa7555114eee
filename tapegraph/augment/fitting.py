"""Whether graphs have what is to be drawn, and take every value of it."""

from __future__ import annotations

import os
from pathlib import Path

import attrs

from tapegraph.augment.distributions import NUMERIC, Choice, Distribution, Fixed, Normal
from tapegraph.augment.parts import Drawn, Machine, Written, range_of
from tapegraph.document.files import parameter_value
from tapegraph.document.form import Reading
from tapegraph.document.paths import Leaf, leaf_name, leaves
from tapegraph.document.spec import Spec
from tapegraph.document.targets import automated_target, declared, is_known, unknown_target
from tapegraph.errors import did_you_mean, short
from tapegraph.node.params import AnyParam, Model, Param, Track, Value
from tapegraph.node.params import Choice as ChoiceParam
from tapegraph.quantity import to_float


def settle(graphs: dict[str, Machine | None], common: dict[str, Written], reading: Reading) -> None:
    """Give each graph what is drawn for it; note targets that no graph has, and values that one does not take."""
    machines = {name: machine for name, machine in graphs.items() if machine}
    left = dict(common)  # targets that no graph has had so far
    refused: set[str] = set()  # targets whose distribution a graph has refused: the others would do so too
    for name, machine in machines.items():
        setting: dict[Leaf, str] = {}
        for target, one in {**common, **machine.written}.items():
            own = target in machine.written
            if not is_known(machine.graph, target):
                if own:
                    reading.refuse(one.place, f"{short(name)}: {unknown_target(machine.graph, target)}")
                continue
            left.pop(target, None)
            if target in refused and not own:
                continue
            if drawn := drawn_for(name, machine.graph, target, one, setting, reading):
                machine.draw[target] = drawn
            elif not own:
                refused.add(target)
    if machines and len(machines) == len(graphs):  # otherwise one that could not be read may have the target
        name, machine = next(iter(machines.items()))
        for target, one in left.items():
            none = "" if len(machines) == 1 else f"no graph has {short(target)}; "
            reading.refuse(one.place, f"{none}{short(name)}: {unknown_target(machine.graph, target)}")


def drawn_for(
    name: str, graph: Spec, target: str, written: Written, setting: dict[Leaf, str], reading: Reading
) -> Drawn | None:
    """Return what a target of a graph is drawn from; note what is wrong, and return None.

    setting: which targets set which parameters of the graph so far
    """
    where = f"{target} in {short(name)}"
    params = declared(graph, target)
    wrong = automated_target(graph, target) or (None if params else f"{target} sets nothing: no node uses it")
    for leaf in leaves(graph, target):
        other = setting.setdefault(leaf, target)
        if other != target:
            wrong = wrong or f"{other} and {target} both set {leaf_name(leaf)}; remove one"
    if wrong:
        reading.refuse(written.place, f"{short(name)}: {wrong}")
        return None
    found = checked(where, written, params, reading)
    return Drawn(found, range_of(params)) if found else None


def checked(what: str, written: Written, params: list[AnyParam], reading: Reading) -> Distribution | None:
    """Return a distribution whose values all parameters take, whole numbers as such; note what they do not take."""
    numeric = all(isinstance(param, Param) for param in params)
    if written.distribution.WORD in NUMERIC and not numeric:
        allowed = next(param.allowed for param in params if not isinstance(param, Param))
        reading.refuse(written.place, f"{what} is {allowed}, not a number; draw it from {{choice: [...]}}")
        return None
    values = []
    for entry in written.values:
        value = parameter_value(entry.value, params, reading.sub_graphs.folder)
        if wrong := refusal(value, params, reading) or misfit(value, written.distribution, params):
            reading.refuse(entry.place, f"{what} {wrong}")
            return None
        values.append(settled_value(value, params))
    if isinstance(written.distribution, Choice):
        return Choice(tuple(values))
    return Fixed(values[0]) if isinstance(written.distribution, Fixed) else written.distribution


def refusal(value: Value, params: list[AnyParam], reading: Reading) -> str | None:
    """Return why a file that a value names may not be read, None where it may, or where the value names none."""
    if isinstance(value, str) and os.path.isabs(value) and any(isinstance(p, Model | Track) for p in params):
        wrong = reading.sub_graphs.access.refusal(Path(value))
        return wrong and f"cannot be used: {wrong}"
    return None


def misfit(value: Value, of: Distribution, params: list[AnyParam]) -> str | None:
    """Return which of the parameters does not take a value of a distribution, None where all do."""
    for param in params:
        if isinstance(of, Normal) and isinstance(param, Param):
            param = attrs.evolve(param, whole=False)  # noqa: PLW2901  its mean may lie between
        try:
            param.check(value)
        except ValueError as error:
            options = param.options if isinstance(param, ChoiceParam) and isinstance(value, str) else ()
            return f"{error}{did_you_mean(value, options) if isinstance(value, str) else ''}"
    return None


def settled_value(value: Value, params: list[AnyParam]) -> Value:
    """Return a value as it is drawn: of whole numbers an int, of others a float."""
    if isinstance(value, bool | str):
        return value
    return round(value) if range_of(params).whole else to_float(value)
