"""Numbers as people write them, with their units, and as callers bring them."""

from __future__ import annotations

import math
from typing import Any


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
