"""The program `tapegraph`. Exit status: 0 for success, 1 for failure, 2 for wrong use, 130 when interrupted."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from tapegraph.commands import commands
from tapegraph.commands._options import WrongUseError
from tapegraph.errors import TapegraphError

FAILURE, WRONG_USE = 1, 2
INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status. Errors that a user can correct go to stderr, one a line."""
    try:
        status = commands.main(arguments, prog_name="tapegraph", standalone_mode=False)
    except click.UsageError as error:
        command = error.ctx.command_path if error.ctx else "tapegraph"
        click.echo(f"{command}: {error.format_message().rstrip('.')}; see {command} --help", err=True)
        return WRONG_USE
    except (click.ClickException, TapegraphError) as error:
        click.echo(error, err=True)
        return WRONG_USE if isinstance(error, WrongUseError) else FAILURE
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; no incomplete files were kept", err=True)
        return INTERRUPTED
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    sys.exit(main())
