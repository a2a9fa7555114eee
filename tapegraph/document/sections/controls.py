"""The key `controls`: what a player sees, by name."""

from __future__ import annotations

import re

import attrs

from tapegraph.document.form import Reading, Schema, Text
from tapegraph.document.paths import split
from tapegraph.document.targets import unknown_target
from tapegraph.document.text import Entry, Place
from tapegraph.errors import shown as shown_value

NAME = re.compile(r"[^$./][^./]*")


@attrs.frozen
class Controls:
    """Targets by the name of a control. Of the rest of the graph it needs variables, nodes and earlier controls."""

    def read(self, entry: Entry, what: str, reading: Reading) -> dict[str, str]:
        controls = reading.spec.controls  # filled here, so that a control can stand for an earlier one
        for name, item in reading.mapping(entry, what).items():
            if name not in reading.spec.nodes:
                reading.broken.add(name)
            if not NAME.fullmatch(name):
                rule = "names of controls do not begin with $ or contain . or /"
                reading.refuse(item.key, f"{shown_value(name)} is not a valid name for a control; {rule}")
            elif name in reading.spec.nodes:
                reading.refuse(item.key, f"{name} is a node and cannot be the name of a control too")
            elif (target := Text().read(item, f"the control {name}", reading)) and is_target(
                target, item.place, reading
            ):
                controls[name] = target
                reading.broken.discard(name)
        return controls

    def schema(self) -> Schema:
        return {
            "type": ["object", "null"],
            "propertyNames": {"pattern": f"^{NAME.pattern}$"},
            "additionalProperties": {"type": "string", "description": "node.parameter, $variable or a control"},
        }


def is_target(target: str, place: Place, reading: Reading) -> bool:
    """Tell whether there is such a target; note where not, unless it could not be read."""
    if (target if target.startswith("$") else split(target)[0]) in reading.broken:
        return False
    wrong = unknown_target(reading.spec, target)
    if wrong:
        reading.refuse(place, wrong)
    return wrong is None
