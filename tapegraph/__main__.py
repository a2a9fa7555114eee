"""The program `tapegraph`. Exit status: 0 for success, 1 for failure, 2 for wrong use, 130 when interrupted."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType

import click

from tapegraph import atomic
from tapegraph.commands import commands
from tapegraph.commands._options import WrongUseError
from tapegraph.errors import TapegraphError

FAILURE, WRONG_USE = 1, 2
SIGNALLED = 128  # and the number of the signal, as shells have it: 130 for Ctrl-C


class Ended(KeyboardInterrupt):
    """A signal asked the program to end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status. Errors that a user can correct go to stderr, one a line."""
    if not gc.isenabled():  # see starting.py
        gc.freeze()
        gc.enable()
    write_any_character()
    signals: list[int] = []
    try:
        with ending_on_signals(signals):
            status = run(arguments, signals)
            sys.stdout.flush()
            return status
    except KeyboardInterrupt:  # again, while ending
        atomic.discard_all()
        return SIGNALLED + signal.SIGINT
    except BrokenPipeError:  # of `| head`: nobody reads any more
        silence_stdout()
        return FAILURE
    except OSError as error:
        if error.filename is None:
            silence_stdout()
            click.echo(f"standard output: cannot be written: {error.strerror}", err=True)
        else:
            click.echo(f"{error.filename}: cannot be used: {error.strerror}", err=True)
        return FAILURE


def run(arguments: Sequence[str] | None, signals: list[int]) -> int:
    """Run a command. signals: those that have come"""
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
        atomic.discard_all()  # a second signal may have ended the clean-up of the first
        if not signals or signals[0] == signal.SIGINT:
            click.echo("interrupted; no incomplete files were kept", err=True)
        return SIGNALLED + (signals[0] if signals else signal.SIGINT)
    return status if isinstance(status, int) else 0


@contextlib.contextmanager
def ending_on_signals(signals: list[int]) -> Iterator[None]:
    """End at SIGTERM and SIGHUP as at SIGINT, so that nothing unfinished is left; ignored ones stay ignored.

    signals: gets the numbers of those that come
    """

    def end(number: int, frame: FrameType | None) -> None:
        signals.append(number)
        raise Ended

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    if threading.current_thread() is not threading.main_thread():
        numbers = []
    before = {number: signal.getsignal(number) for number in numbers}
    for number, handler in before.items():
        if handler in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def write_any_character() -> None:
    """Let names be printed that the terminal cannot show: as escapes, instead of ending with an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure") and stream.errors != "backslashreplace":
            stream.reconfigure(errors="backslashreplace")


def silence_stdout() -> None:
    """Let the interpreter find nothing to complain about when it flushes at its end."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
