"""The command line: a file for each command, found by listing this folder and imported when it is called.

A module holds one click command named `command`; it is called like the module, with - for _ (import_ is import).
Names that begin with _ are not commands.
"""

from __future__ import annotations

import importlib
import pkgutil

import click

EXAMPLES = """\b
Examples:
  tapegraph demo                                           a few bars of music, dry and through tape
  tapegraph render guitar.wav tape.wav --preset NAME       a file of your own
  tapegraph compare song.wav                               the same song through several machines
  tapegraph presets                                        what NAME can be
  tapegraph measure NAME                                   what it does to sweeps and tones
  tapegraph nodes                                          what graphs are made of"""


class Commands(click.Group):
    """A group whose commands are the modules of this package."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        modules = (module.name for module in pkgutil.iter_modules(__path__))
        return sorted(name.rstrip("_").replace("_", "-") for name in modules if not name.startswith("_"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        modules = [module.name for module in pkgutil.iter_modules(__path__)]
        name = cmd_name.replace("-", "_")
        name = name if name in modules else f"{name}_"
        command: click.Command = importlib.import_module(f"{__name__}.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError:
            from tapegraph.errors import did_you_mean

            known = self.list_commands(ctx)
            hint = did_you_mean(args[0], known) or f"; there are {', '.join(known)}"
            raise click.UsageError(f"no command is called {args[0]}{hint}", ctx) from None


def print_version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        import tapegraph

        click.echo(f"tapegraph {tapegraph.__version__} ({'compiled' if tapegraph.COMPILED else 'interpreted'})")
        ctx.exit()


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog=EXAMPLES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=print_version, help="Print the version."
)
@click.pass_context
def commands(ctx: click.Context) -> None:
    """Put sound through an analogue tape machine: graphs of nodes, described in YAML."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
