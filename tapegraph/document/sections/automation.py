"""The key `automation`: breakpoints over time by target."""

from __future__ import annotations

import math
from itertools import pairwise

import attrs

from tapegraph.document.form import Reading, Schema, shown
from tapegraph.document.parts import Points
from tapegraph.document.paths import leaf_name, leaves
from tapegraph.document.sections.controls import is_target
from tapegraph.document.targets import automated, declared, is_numeric
from tapegraph.document.text import Entry
from tapegraph.node.params import AnyParam
from tapegraph.quantity import to_float


@attrs.frozen
class Automation:
    """Breakpoints (time in s, value) by target. Of the rest of the graph it needs all that can be set."""

    def read(self, entry: Entry, what: str, reading: Reading) -> dict[str, Points]:
        automation: dict[str, Points] = {}
        spec = reading.spec
        moved = automated(spec)  # in sub-graphs
        for target, item in reading.mapping(entry, what).items():
            if not is_target(target, item.key, reading):
                read_points(target, item, [], reading)
                continue
            if not is_numeric(spec, target):
                reading.refuse(item.key, f"{target} is not a number and cannot be automated")
                continue
            for leaf in leaves(spec, target):
                if leaf in moved:
                    message = f"{target} and {moved[leaf]} both automate {leaf_name(leaf)}; remove one"
                    reading.refuse(item.key, message)
                moved[leaf] = target
            automation[target] = read_points(target, item, declared(spec, target), reading)
        return automation

    def schema(self) -> Schema:
        point = {
            "type": "array",
            "items": [{"type": "number", "minimum": 0}, {"type": "number"}],
            "minItems": 2,
            "maxItems": 2,
        }
        return {"type": ["object", "null"], "additionalProperties": {"type": "array", "items": point, "minItems": 1}}


def read_points(target: str, entry: Entry, params: list[AnyParam], reading: Reading) -> Points:
    points = [read_point(target, item, params, reading) for item in reading.items(entry, f"the automation of {target}")]
    if not points:
        message = f"the automation of {target} has no breakpoints; it takes a list of [time in s, value]"
        reading.refuse(entry.place, message)
    for (time, _), (later, _) in pairwise(points):
        if later <= time:
            message = f"breakpoint times must increase; {target} has {later:g} s after {time:g} s"
            reading.refuse(entry.place, message)
            break
    return points


def read_point(target: str, entry: Entry, params: list[AnyParam], reading: Reading) -> tuple[float, float]:
    pair = entry.plain
    numbers = [to_float(v) for v in pair if is_number(v)] if isinstance(pair, list) and len(pair) == 2 else []
    if len(numbers) != 2 or not 0 <= numbers[0] < math.inf:
        message = f"a breakpoint of {target} is {shown(entry)}; it must be [time in s, value]"
        reading.refuse(entry.place, message)
        return 0.0, 0.0
    for param in params:
        try:
            param.check(numbers[1])
        except ValueError as error:
            reading.refuse(entry.place, f"{target} {error}")
            break
    return numbers[0], numbers[1]


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
