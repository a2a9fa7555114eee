"""Options that several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tapegraph.errors import Problem, TapegraphError, did_you_mean, printable

if TYPE_CHECKING:
    from tapegraph.api import Graph


class WrongUseError(TapegraphError):
    """An error in the command line itself, as opposed to one in a file."""


def nodes_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --nodes, which registers the user's own nodes before the command runs."""

    @click.option("--nodes", multiple=True, metavar="PATH", help="Add the nodes of a .py file or of a folder of them.")
    @functools.wraps(command)
    def with_nodes(nodes: tuple[str, ...], **rest: Any) -> Any:
        from tapegraph.node import registry

        for path in nodes:
            registry.add_nodes(path)
        for warning in registry.warnings():
            warn(warning)
        return command(**rest)

    return with_nodes


def allow_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --allow: what a graph file may name files from, beside its own folder."""
    text = "Let the graph name sub-graphs and models of this file or folder, outside its own folder; may be repeated."
    return click.option("--allow", multiple=True, metavar="PATH", help=text)(command)


def set_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --set, as `settings`; adjusted() carries them out."""
    text = "Change a parameter, a $variable or a control; may be repeated."
    return click.option("--set", "settings", multiple=True, metavar="NODE.PARAM=VALUE", help=text)(command)


def graph_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --preset, --graph, --set, --seed, --allow and --nodes; the command gets the resulting graph as `graph`."""

    @click.option(
        "--preset",
        multiple=True,
        callback=once,
        metavar="NAME",
        help="A graph that comes with tapegraph; see tapegraph presets.",
    )
    @click.option("--graph", "file", multiple=True, callback=once, metavar="FILE", help="A graph of your own, in YAML.")
    @set_option
    @click.option(
        "--seed",
        type=click.IntRange(0, 2**32 - 1),
        metavar="NUMBER",
        help="What all that is random is drawn from, in place of the graph's own seed.",
    )
    @allow_option
    @nodes_option
    @functools.wraps(command)
    def with_graph(
        preset: str | None,
        file: str | None,
        settings: tuple[str, ...],
        seed: int | None,
        allow: tuple[str, ...],
        **rest: Any,
    ) -> Any:
        return command(graph=chosen(preset, file, settings, allow, seed), **rest)

    return with_graph


def once(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> str | None:
    """Return the value of an option that may be given only once, or None."""
    if len(values) > 1:
        raise click.UsageError(f"{param.opts[0]} is given {len(values)} times; run the command once for each", ctx)
    return values[0] if values else None


def overwrite_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --overwrite, without which no output replaces a file."""
    return click.option("--overwrite", is_flag=True, help="Replace existing files.")(command)


def chosen(
    preset: str | None,
    file: str | None,
    settings: tuple[str, ...],
    allow: tuple[str, ...] = (),
    seed: int | None = None,
) -> Graph:
    """Return the graph that the options name, with its parameters and its seed set."""
    import tapegraph
    from tapegraph import resources

    if (preset is None) == (file is None):
        raise click.UsageError(f"give either --preset NAME or --graph FILE; presets: {', '.join(resources.presets())}")
    graph = load_preset(preset) if preset is not None else tapegraph.load(Path(file or ""), allow)
    return adjusted(graph, settings, seed)


def adjusted(graph: Graph, settings: tuple[str, ...], seed: int | None = None) -> Graph:
    """Return a graph with what --set and --seed say."""
    from tapegraph.document.text import scalar

    problems: list[Problem] = []
    for setting in settings:
        target, sign, value = setting.partition("=")
        if not sign:
            raise click.UsageError(f"--set {setting} has no value; write NODE.PARAM=VALUE")
        try:
            graph.set(target.strip(), scalar(value.strip()))
        except TapegraphError as error:
            problems += error.problems
    if problems:
        raise WrongUseError(*problems)
    if seed is not None:
        graph.seed = seed
    return graph


def load_preset(name: str) -> Graph:
    import tapegraph
    from tapegraph import resources

    presets = resources.presets()
    if name not in presets:
        hint = did_you_mean(name, presets) or f"; there are {', '.join(presets)}"
        raise WrongUseError(f"no preset is called {name}{hint}")
    return tapegraph.load(name)


def load_argument(name_or_file: str, allow: tuple[str, ...] = ()) -> Graph:
    """Return the graph that an argument names: a preset or a file."""
    import tapegraph

    return tapegraph.load(Path(name_or_file), allow) if is_graph_file(name_or_file) else load_preset(name_or_file)


def is_graph_file(name: str) -> bool:
    """Tell whether an argument means a file and not a name."""
    return Path(name).is_file() or Path(name).suffix in (".yaml", ".yml")


def warn(message: str) -> None:
    click.echo(f"warning: {printable(message)}", err=True)


def write_or_print(text: str, output: str | None, overwrite: bool) -> None:
    """Print a text, or write it to a file, which is replaced only where `overwrite` allows it."""
    if output is None:
        click.echo(text)
        return
    from tapegraph.atomic import replacing

    with replacing(output, overwrite) as temporary:
        temporary.write_text(text.rstrip("\n") + "\n", "utf-8")


def seconds(ctx: click.Context, param: click.Parameter, value: str) -> float | str:
    """Return the value of an option that is a number of seconds, or auto."""
    from tapegraph.run.sound import check_tail

    try:
        return value if value == "auto" else check_tail(float(value))
    except TapegraphError as error:
        raise click.BadParameter(str(error)) from None
    except ValueError:
        raise click.BadParameter(f"{value} is neither a number of seconds nor auto") from None
