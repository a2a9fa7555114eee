"""Numbers as people write them, with their units, and as callers bring them."""

from __future__ import annotations

import math
import re
from typing import Any

NUMBER = r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+]?[0-9]+)?"
QUANTITY = re.compile(rf"(?P<number>{NUMBER})\s*(?P<unit>.*)")
EXPONENTS = {"": 0, "M": 6, "k": 3, "m": -3, "u": -6, "\N{MICRO SIGN}": -6, "\N{GREEK SMALL LETTER MU}": -6, "n": -9}
PREFIXED = ("Hz", "s", "m", "V", "A")  # units that are used with the prefixes of EXPONENTS


def format_number(value: float, unit: str = "") -> str:
    """Return a number as a person writes it, with its unit: 20 kHz stays "20000 Hz", 0.5 stays "0.5"."""
    value = to_float(value)
    text = f"{value:.10g}" if math.isfinite(value) else str(value)
    return f"{text} {unit}" if unit else text


def plural(n: float, thing: str) -> str:
    """Return a number of things: "1 block", "2 blocks"."""
    return format_number(n, thing if n == 1 else f"{thing}s")


def to_float(value: float) -> float:
    """Return a number as a float, infinite where it is an int too large for one."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def plain(value: Any) -> Any:
    """Return a NumPy scalar as a Python number, and anything else as it is."""
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", None) == 0 else value


def is_whole_number(value: object, low: int, high: int) -> bool:
    """Tell whether a value is a whole number in a range, ends included."""
    found = plain(value)
    return isinstance(found, int) and not isinstance(found, bool) and low <= found <= high


def multiples(unit: str) -> dict[str, int]:
    """Return a unit and those with other prefixes: the power of ten that each is of the unit, by name."""
    for base in PREFIXED:
        if unit.removesuffix(base) in EXPONENTS and unit.endswith(base):
            own = EXPONENTS[unit.removesuffix(base)]
            return {prefix + base: exponent - own for prefix, exponent in EXPONENTS.items()}
    return {unit: 0} if unit else {}


def parse_quantity(text: str, unit: str = "", percent: bool = False) -> float | None:
    """Return the number that a text stands for in a unit; None where it does not begin with a number.

        parse_quantity("1.2 kHz", "Hz")       1200.0
        parse_quantity("+6dB", "dB")          6.0
        parse_quantity("80%", percent=True)   0.8

    The text has the unit itself, with another prefix (k, m, u ...), or none; capitals only matter to tell m from M.
    Raises ValueError, with the unit that the text has, where it has another one.
    """
    found = QUANTITY.fullmatch(text.strip())
    if found is None:
        return None
    number, name = float(found["number"].replace("_", "")), found["unit"]
    if not name:
        return number
    if name == "%" and percent:
        return number / 100
    known = multiples(unit)
    named = [name] if name in known else [one for one in known if one.lower() == name.lower()]
    if len({known[one] for one in named}) != 1:
        raise ValueError(name)
    exponent = known[named[0]]
    return number * 10.0**exponent if exponent >= 0 else number / 10.0**-exponent  # rounds once
