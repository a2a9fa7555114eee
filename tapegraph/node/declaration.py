"""Checks what a class of nodes declares: its kind, parameters, ports and channels."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from tapegraph.errors import TapegraphError
from tapegraph.node.base import Node
from tapegraph.node.params import Choice, Model, Param, Switch, Track

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
NAME_RULE = "names consist of letters, digits, _ and -, and begin with a letter or _"
CURVES: dict[str, Callable[[float], bool]] = {  # and which minimum of the range each can have
    "linear": lambda minimum: True,
    "log": lambda minimum: minimum > 0.0,
    "dB": lambda minimum: minimum == 0.0,
}
KEYS = {"kind", "graph", "oversample"}  # of a node in a graph file, beside its parameters
SURROUNDINGS = {"name", "seed", "fs", "channels", "first_channel", "frames", "loop_latency"}  # set by the scheduler
RESERVED = KEYS | SURROUNDINGS | {name for name in dir(Node) if not name.startswith("__")}


def check(cls: type[Node], who: str, own: bool) -> type[Node]:
    """Return a class if it can be used as a node. Raises TapegraphError where it cannot.

    who: where it comes from; own: whether it was compiled together with its base class
    """
    kind: Any = cls.KIND
    if not own and "__mypyc_attrs__" in cls.__dict__:
        # Its methods would be called through a method table of another layout, with any result.
        raise TapegraphError(
            f"{who}: {kind} was compiled separately from tapegraph, which cannot work; "
            "declare it @mypyc_attr(native_class=False) and compile its loops as functions"
        )
    if not isinstance(kind, str) or not NAME.fullmatch(kind):
        raise TapegraphError(f"{who}: KIND is {kind!r}; {NAME_RULE}")
    check_ports(cls, who)
    check_params(cls, who)
    if cls.process is Node.process:
        raise TapegraphError(f"{who}: {kind} has no process(); a node makes its sound there")
    return cls


def check_ports(cls: type[Node], who: str) -> None:
    kind = cls.KIND
    for key, ports in (("INPUTS", cls.INPUTS), ("OUTPUTS", cls.OUTPUTS)):
        if not isinstance(ports, tuple) or not all(isinstance(port, str) for port in ports):
            raise TapegraphError(f"{who}: {key} of {kind} is {ports!r}; it must be a tuple of names")
        for port in ports:
            if not NAME.fullmatch(port.removesuffix("#")):
                raise TapegraphError(f"{who}: {key} of {kind} has {port!r}; {NAME_RULE}")
            if ports.count(port) > 1:
                raise TapegraphError(f"{who}: {key} of {kind} has {port} twice; names of ports must differ")
    if not cls.OUTPUTS:
        raise TapegraphError(f"{who}: {kind} has no output")
    for key, number in (("CHANNELS", cls.CHANNELS), ("MAX_CHANNELS", cls.MAX_CHANNELS)):
        if isinstance(number, bool) or not isinstance(number, int) or number < 0:
            raise TapegraphError(f"{who}: {key} of {kind} is {number!r}; it must be a whole number from 0 up")


def check_params(cls: type[Node], who: str) -> None:
    kind = cls.KIND
    if not isinstance(cls.PARAMS, tuple):
        raise TapegraphError(f"{who}: PARAMS of {kind} is {cls.PARAMS!r}; it must be a tuple")
    names: list[str] = []
    for param in cls.PARAMS:
        if not isinstance(param, Param | Choice | Switch | Model | Track):
            raise TapegraphError(
                f"{who}: PARAMS of {kind} has {param!r}; it takes Param, Choice, Switch, Model and Track"
            )
        name: Any = param.name
        if not isinstance(name, str) or not NAME.fullmatch(name.removesuffix("#")):
            raise TapegraphError(f"{who}: {kind} has a parameter called {name!r}; {NAME_RULE}")
        if isinstance(param, Param) and (wrong := wrong_range(param)):
            raise TapegraphError(f"{who}: {kind}.{name} {wrong}")
        try:
            param.check(param.default)
        except ValueError as error:
            raise TapegraphError(f"{who}: the default of {kind}.{name} {error}") from None
        if name in names or name in RESERVED or name in cls.INPUTS:
            raise TapegraphError(f"{who}: {kind} has a parameter called {name}; that name is reserved or used twice")
        names.append(name)
    coupled_by: Any = cls.COUPLED_BY
    if coupled_by is not None and not (isinstance(coupled_by, tuple) and set(coupled_by) <= set(names)):
        raise TapegraphError(
            f"{who}: COUPLED_BY of {kind} is {coupled_by!r}; it must be None or a tuple of names of its parameters"
        )


def wrong_range(param: Param) -> str | None:
    """Return what is wrong with the range of a parameter, or None."""
    for end in (param.default, param.minimum, param.maximum):
        if isinstance(end, bool) or not isinstance(end, int | float):
            return f"has {end!r} as its default, minimum or maximum; these must be numbers"
    low, high = param.minimum, param.maximum
    if not -math.inf < low < high < math.inf:
        return f"has the range {low:g} to {high:g}; it must be finite and increase"
    if param.whole and not (float(low).is_integer() and float(high).is_integer()):
        return f"takes whole numbers and has the range {low:g} to {high:g}; its ends must be whole numbers too"
    if param.curve not in CURVES:
        return f"has the curve {param.curve!r}; it must be one of {', '.join(CURVES)}"
    if not CURVES[param.curve](low):
        return f"has the curve {param.curve} and a minimum of {low:g}; log needs one above 0, dB one of 0"
    return None
