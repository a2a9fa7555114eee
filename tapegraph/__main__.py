"""The program `tapegraph`: 0 when all went well, 1 when it did not, 2 for wrong use, 130 when it was interrupted."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from tapegraph.commands import commands
from tapegraph.errors import TapegraphError

INTERRUPTED = 130  # 128 + SIGINT, as shells have it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status. What a user can put right is said in a line each, on stderr."""
    try:
        status = commands.main(arguments, prog_name="tapegraph", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except TapegraphError as error:
        click.echo(error, err=True)
        return 1
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted; nothing unfinished was kept", err=True)
        return INTERRUPTED
    return status if isinstance(status, int) else 0


if __name__ == "__main__":
    sys.exit(main())
