"""tapegraph describe: what a kind of node, or a graph, does, and what can be set in it; in lines that fit a page."""

from __future__ import annotations

import contextlib
import itertools
import re
import textwrap
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from tapegraph.commands._options import WrongUseError, allow_option, is_graph_file, load_argument, nodes_option
from tapegraph.errors import did_you_mean, printable
from tapegraph.node import Node
from tapegraph.node.params import AnyParam, Param, Value
from tapegraph.quantity import format_number

if TYPE_CHECKING:
    from tapegraph.api import Graph

EXAMPLES = """\b
Examples:
  tapegraph describe gain
  tapegraph describe cassette
  tapegraph describe my.yaml
  tapegraph describe my_node --nodes my_node.py"""


WIDTH = 100  # of what is printed; only a path or a name may be longer
SOURCE_WIDTH = 120  # of the files of nodes
ALLOWED_WIDTH = 30


@click.command(epilog=EXAMPLES)
@click.argument("name", metavar="KIND|PRESET|FILE")
@allow_option
@nodes_option
def command(name: str, allow: tuple[str, ...]) -> None:
    """Describe a kind of node, with its ports and parameters, or a graph with its controls and links."""
    from tapegraph import resources
    from tapegraph.node import registry

    if name in registry.kinds():
        describe_kind(name)
    elif name in resources.presets():
        describe_graph(name, load_argument(name), f"a preset ({resources.presets()[name]})")
    elif is_graph_file(name):
        describe_graph(name, load_argument(name, allow), "a graph")
    else:
        raise WrongUseError(f"no node kind and no preset is called {name}{hint(name)}")


def describe_kind(kind: str) -> None:
    from tapegraph.node import registry

    cls = registry.find(kind)
    source = registry.source(cls)
    heading = f"{kind}, {registry.origin(kind)} ({source.path})"
    click.echo("\n".join([filled(heading), "", *refilled(source.docstring), "", *ports(cls)]))
    rows = [
        ("parameter", "default", "allowed", "meaning"),
        *(row(param.name, param.default, param) for param in cls.PARAMS),
    ]
    print_table(rows if cls.PARAMS else [])


def ports(cls: type[Node]) -> Iterator[str]:
    yield f"inputs   {', '.join(cls.INPUTS) or 'none'}"
    yield f"outputs  {', '.join(cls.OUTPUTS)}"
    if cls.MAX_CHANNELS:
        yield f"channels at most {cls.MAX_CHANNELS}"
    if cls.BREAKS_LOOPS:
        yield "may close a feedback loop"
    yield ""


def describe_graph(name: str, graph: Graph, what: str) -> None:
    from tapegraph.document.targets import declared

    texts = [f"{name}, {what}", graph.title, graph.description]
    click.echo("\n\n".join(filled(printable(text)) for text in texts if text) + "\n")
    rows = [("control", "value", "allowed", "meaning")]
    for control, target in graph.controls.items():
        first = declared(graph, control)[0]
        control_name, value, allowed, meaning = row(control, graph.get(control), first)
        rows.append((control_name, value, allowed, f"{meaning} ({target})"))
    if graph.controls:
        print_table(rows)
        click.echo()
    click.echo("links")
    for link in graph.links:
        click.echo(filled(link, "  ", "    "))
    click.echo(filled(f"\ntapegraph measure {name} prints its data sheet, tapegraph graph {name} draws it."))


def row(name: str, value: Value, param: AnyParam) -> tuple[str, str, str, str]:
    """Return a name, a value of a parameter, what is allowed, and what the parameter means."""
    text = format_number(float(value), param.unit) if isinstance(param, Param) else str(value).lower()
    curve = f" ({param.curve})" if isinstance(param, Param) and param.curve != "linear" else ""
    return name, text, f"{param.allowed}{curve}", param.meaning


def print_table(rows: Sequence[tuple[str, str, str, str]]) -> None:
    """Print rows of four cells, each in as many lines as it needs; the third and the fourth share what is left."""
    widths = [max((len(cells[column]) for cells in rows), default=0) for column in range(3)]
    widths[2] = min(widths[2], ALLOWED_WIDTH)
    widths.append(WIDTH - sum(widths) - 6)
    for cells in rows:
        wrapped = [wrap(cell, width) for cell, width in zip(cells, widths, strict=True)]
        for parts in itertools.zip_longest(*wrapped, fillvalue=""):
            click.echo("  ".join(f"{part:{width}}" for part, width in zip(parts, widths, strict=True)).rstrip())


def wrap(text: str, width: int, first: str = "", later: str = "") -> list[str]:
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=later, break_long_words=False, break_on_hyphens=False
    )


def filled(text: str, first: str = "", later: str = "") -> str:
    return "\n".join("\n".join(wrap(line, WIDTH, first, later)) for line in text.split("\n"))


def refilled(docstring: str) -> Iterator[str]:
    """Yield the lines of a docstring anew: prose that its file broke for want of room is joined."""
    paragraphs: list[list[str]] = []
    for line in docstring.split("\n"):
        before = paragraphs[-1][-1] if paragraphs else ""
        word = line.split(maxsplit=1)[0] if line.strip() else ""
        was_full = len(f"{before} {word}") > SOURCE_WIDTH or (len(before) > WIDTH and before[-1] != ".")
        if word and was_full and not indent_of(line) and not indent_of(before):
            paragraphs[-1].append(line)
        else:
            paragraphs.append([line])
    for lines in paragraphs:
        indent = indent_of(lines[0])
        text = " ".join(line.strip() for line in lines)
        column = re.match(r".*\S {3,}(?=\S)", text)  # what an equation means stands beside it
        later = indent + " " * len(column[0]) if column and len(column[0]) < WIDTH / 2 else indent
        yield filled(text, indent, later) if text else ""


def indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def hint(name: str) -> str:
    """Return what speaks of a word, in the first lines of nodes or in titles of presets, or else the nearest name."""
    import tapegraph
    from tapegraph import resources
    from tapegraph.errors import TapegraphError
    from tapegraph.node import registry

    word = name.lower()
    found = []
    for kind in registry.kinds():
        with contextlib.suppress(TapegraphError):  # of a node of the user's own
            if word in registry.source(registry.find(kind)).summary.lower():
                found.append(kind)
    titles = {preset: tapegraph.load(preset).title for preset in resources.presets()}
    found += [preset for preset, title in titles.items() if word in f"{preset} {title}".lower()]
    if found:
        return f"; see {', '.join(found)}"
    return did_you_mean(name, [*registry.kinds(), *titles]) or "; tapegraph nodes and tapegraph presets list them"
