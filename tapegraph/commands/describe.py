"""tapegraph describe: what a kind of node, or a preset, does, and what can be set in it."""

from __future__ import annotations

import contextlib
import textwrap
from collections.abc import Iterator, Sequence

import click

from tapegraph.commands._options import WrongUseError, nodes_option
from tapegraph.errors import did_you_mean
from tapegraph.node import Node
from tapegraph.node.params import AnyParam, Param, Value
from tapegraph.quantity import format_number

EXAMPLES = """\b
Examples:
  tapegraph describe gain
  tapegraph describe cassette
  tapegraph describe my_node --nodes my_node.py"""


@click.command(epilog=EXAMPLES)
@click.argument("name", metavar="KIND|PRESET")
@nodes_option
def command(name: str) -> None:
    """Describe a kind of node, with its ports and parameters, or a preset with its controls."""
    from tapegraph import resources
    from tapegraph.node import registry

    if name in registry.kinds():
        describe_kind(name)
    elif name in resources.presets():
        describe_preset(name)
    else:
        raise WrongUseError(f"no node kind and no preset is called {name}{hint(name)}")


def describe_kind(kind: str) -> None:
    from tapegraph.node import registry

    cls = registry.find(kind)
    source = registry.source(cls)
    click.echo("\n".join([f"{kind}, {registry.origin(kind)} ({source.path})", "", source.docstring, "", *ports(cls)]))
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


def describe_preset(name: str) -> None:
    import tapegraph
    from tapegraph import resources
    from tapegraph.document.targets import declared

    graph = tapegraph.load(name)
    click.echo(f"{name}, a preset ({resources.presets()[name]})\n\n{graph.title}\n")
    click.echo(textwrap.fill(graph.description, 118) + "\n")
    rows = [("control", "value", "allowed", "meaning")]
    for control, target in graph.controls.items():
        first = declared(graph, control)[0]
        control_name, value, allowed, meaning = row(control, graph.get(control), first)
        rows.append((control_name, value, allowed, f"{meaning} ({target})"))
    print_table(rows if graph.controls else [])


def row(name: str, value: Value, param: AnyParam) -> tuple[str, str, str, str]:
    """Return a name, a value of a parameter, what is allowed, and what the parameter means."""
    text = format_number(float(value), param.unit) if isinstance(param, Param) else str(value).lower()
    curve = f" ({param.curve})" if isinstance(param, Param) and param.curve != "linear" else ""
    return name, text, f"{param.allowed}{curve}", param.meaning


def print_table(rows: Sequence[tuple[str, str, str, str]]) -> None:
    widths = [max(len(cells[column]) for cells in rows) for column in range(3)] if rows else []
    for first, second, third, last in rows:
        click.echo(f"{first:{widths[0]}}  {second:{widths[1]}}  {third:{widths[2]}}  {last}".rstrip())


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
