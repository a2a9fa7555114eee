"""Families of ports and parameters: in# stands for in1, in2 ... as far as they are linked, weight# for weight1 ..."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tapegraph.node.base import Node
    from tapegraph.node.params import AnyParam

FAMILY = "#"
MOST_NUMBERED = 64  # ports or parameters of one family: a node allocates all up to the highest


def is_family(name: str) -> bool:
    return name.endswith(FAMILY)


def member(name: str, number: int) -> str:
    """Return the member of a family with a number: in3 of in#; a name that is not a family as it is."""
    return name.replace(FAMILY, str(number))


def number_of(name: str, of: str) -> int | None:
    """Return the number of a name in a family, 1 to MOST_NUMBERED, or None where it is no member: 3 for in3 in in#."""
    stem = of.removesuffix(FAMILY)
    number = name.removeprefix(stem)
    if not is_family(of) or number == name or not number.isascii() or not number.isdigit() or number[0] == "0":
        return None
    return int(number) if len(number) <= 2 and int(number) <= MOST_NUMBERED else None


def has_port(ports: Sequence[str], name: str) -> bool:
    """Tell whether a name is among ports, in3 where there is in#."""
    return (name in ports and not is_family(name)) or any(number_of(name, port) is not None for port in ports)


def expand(ports: Iterable[str], linked: Iterable[str]) -> list[str]:
    """Return the names of the ports; a family becomes its members from 1 to the highest that is linked."""
    names = []
    for port in ports:
        if is_family(port):
            numbers = [number_of(name, port) or 0 for name in linked]
            names += [member(port, k) for k in range(1, max(numbers, default=0) + 1)]
        else:
            names.append(port)
    return names


def find_param(cls: type[Node], name: str) -> AnyParam | None:
    """Return the declaration of a parameter, that of weight# for weight3; None where there is none."""
    for param in cls.PARAMS:
        if (param.name == name and not is_family(name)) or number_of(name, param.name) is not None:
            return param
    return None
