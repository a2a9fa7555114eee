"""The key `links`: what is linked to what, in texts such as input -> tape -> output."""

from __future__ import annotations

from itertools import pairwise

import attrs

from tapegraph.document.form import Reading, Schema, shown
from tapegraph.document.links import ARROW, INPUT, OUTPUT, End, ends
from tapegraph.document.parts import Parts
from tapegraph.document.targets import has, is_numeric, unknown_target
from tapegraph.document.text import Entry
from tapegraph.errors import did_you_mean, short
from tapegraph.node import registry
from tapegraph.node.params import Param
from tapegraph.node.ports import has_port, member

EXAMPLE = "input -> tape -> output"


@attrs.frozen
class Links:
    """Links as they are written. Of the rest of the graph it needs the nodes."""

    def read(self, entry: Entry, what: str, reading: Reading) -> list[str]:
        seen, leaving, misspelt = set(), False, False
        links = []
        for item in reading.items(entry, what):
            if not isinstance(item.value, str):
                reading.refuse(item.place, f"a link is {shown(item)}; it is written {EXAMPLE}")
                misspelt = True
                continue
            along = ends(item.value)
            if len(along) < 2:
                reading.refuse(item.place, f"{short(item.value)} is not a link; a link is written {EXAMPLE}")
                misspelt = True
                continue
            last = len(along) - 1
            good = [check_end(end, item, k == 0, k == last, reading) for k, end in enumerate(along)]
            misspelt = misspelt or not good[-1]
            usable = []
            for k, (source, target) in enumerate(pairwise(along)):
                leaving = leaving or target.node == OUTPUT
                link = (source.node, source.port if k == 0 else "", target.node, target.port)
                if link in seen:
                    reading.refuse(
                        item.place.right(target.column), f"{short(str(source))} -> {short(str(target))} is linked twice"
                    )
                elif good[k] and good[k + 1]:
                    usable.append(f"{source if k == 0 else source.node} {ARROW} {target}")
                seen.add(link)
            # Of a link with a mistake the rest is kept, so that loops and rates can be checked all the same.
            links += [f" {ARROW} ".join(map(str, along))] if len(usable) == last else usable
        if not leaving and not misspelt:
            reading.refuse(entry.key, "nothing is linked to output; end a link with -> output")
        return links

    def schema(self) -> Schema:
        leaving = {"type": "string", "pattern": rf"{ARROW}\s*{OUTPUT}(\.(in)?)?\s*$"}
        return {"type": "array", "items": {"type": "string", "pattern": ARROW}, "contains": leaving}


def check_end(end: End, entry: Entry, first: bool, last: bool, reading: Reading) -> bool:
    """Tell whether one end of a link is there and has the port; note where not."""
    place = entry.place.right(end.column)
    message: str | None
    if end.node in (INPUT, OUTPUT):
        message = wrong_terminal(end, first, last)
    elif end.node in reading.spec.nodes:
        message = wrong_port(reading.spec, end, first, last)
    elif end.node in reading.broken:
        return False
    elif not end.node:
        message = f"this link has an end without a name; a link is written {EXAMPLE}"
    else:
        known = [INPUT, *reading.spec.nodes, *reading.broken, OUTPUT]
        message = f"no node is called {short(end.node)}{did_you_mean(end.node, known)}"
    if message:
        reading.refuse(place, message)
    return message is None


def wrong_terminal(end: End, first: bool, last: bool) -> str | None:
    """Return what is wrong with an end that is the input or the output of the graph."""
    if end.node == INPUT and not first:
        return "input can only begin a link"
    if end.node == OUTPUT and not last:
        return "output can only end a link"
    port = "out" if end.node == INPUT else "in"
    return None if end.port in ("", port) else f"{end.node} has no port {short(end.port)}; it has {port}"


def wrong_port(spec: Parts, end: End, first: bool, last: bool) -> str | None:
    """Return what is wrong with the port or parameter of a node that an end names."""
    node = spec.nodes[end.node]
    if node.graph is not None:
        return wrong_graph_port(node.graph, end, first)
    cls = registry.find(node.kind)
    who = f"{end.node} ({cls.KIND})"
    ports = cls.OUTPUTS if first else cls.INPUTS
    if not end.port:
        return None if ports else f"{who} has no input"
    params = tuple(p.name for p in cls.PARAMS if isinstance(p, Param)) if last and not first else ()
    known = (*ports, *params)
    if has_port(known, end.port):
        return None
    what = "output" if first else "input or parameter" if params else "input"
    hint = did_you_mean(end.port, [member(name, 1) for name in known]) or has([member(port, 1) for port in ports])
    return f"{who} has no {what} called {short(end.port)}{hint}"


def wrong_graph_port(graph: Parts, end: End, first: bool) -> str | None:
    """Return what is wrong with the port or target that an end names of a node that is a graph."""
    if end.port in ("", "out" if first else "in"):
        return None
    if first:
        return f"{end.node} is a graph and has no output called {short(end.port)}; it has out"
    if wrong := unknown_target(graph, end.port):
        return f"{end.node}: {wrong}"
    return None if is_numeric(graph, end.port) else f"{end.node}.{end.port} is not a number and cannot be modulated"
