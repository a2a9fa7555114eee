"""What play and live have in common: their options, and a session run in a terminal until it ends."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tapegraph.commands._options import chosen, warn
from tapegraph.live.devices import BLOCK_FRAMES

if TYPE_CHECKING:
    from tapegraph.live.session import Session
    from tapegraph.ui.terminal import Screen
    from tapegraph.ui.watch import Watch

LOOK_S = 0.2  # between two looks at the graph file and the load
MINE = ("midi", "learn", "screen", "quiet")  # what run() sees to


def session_options(block: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options of a session: what it takes is given to the command, what run() sees to is not."""
    options = (
        click.option(
            "--block",
            type=click.IntRange(*BLOCK_FRAMES),
            default=block,
            show_default=True,
            metavar="FRAMES",
            help="How much the card asks for at a time: more is safer, less is quicker.",
        ),
        click.option(
            "--quality",
            type=click.Choice(["draft", "live", "render"]),
            default="render",
            show_default=True,
            help="Solver and oversampling: the quickest, at most twice the rate, or as the graph says.",
        ),
        click.option("--record", metavar="FILE", help="Also write what is heard: wav, flac, aiff ..."),
        click.option("--overwrite", is_flag=True, help="Replace the recording if it is there."),
        click.option("--midi", is_flag=True, help="Let MIDI controllers move what they were learnt for."),
        click.option(
            "--learn",
            multiple=True,
            metavar="NODE.PARAM",
            help="Ask for a MIDI controller for a parameter, a $variable or a control; may be repeated.",
        ),
        click.option("--screen", is_flag=True, help="Show sliders and meters in the terminal."),
        click.option("--quiet", "-q", is_flag=True, help="Say nothing but warnings and errors."),
    )

    def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def without_mine(**given: Any) -> Any:
            return command(**{name: value for name, value in given.items() if name not in MINE})

        return functools.reduce(lambda inner, option: option(inner), reversed(options), without_mine)

    return with_options


def run(session: Session, start_line: Callable[[], str]) -> None:
    """Run a session until it ends or Ctrl-C, with its graph file watched; then say how it went.

    start_line: returns what is to be said once the sound runs
    """
    params = click.get_current_context().params
    quiet = params["quiet"]
    watch = watched_file()
    shown = sys.stderr.isatty() and not quiet
    clear = clear_line()

    def look() -> list[str]:
        return read_again(session, watch) if watch is not None and watch.changed() else []

    with stop_on_signals(session):
        screen = screen_class() if params["screen"] else None
        failed = False
        with knobs(session), session.start():
            if not quiet:
                click.echo(start_line(), err=True)
            if screen is not None:
                failed = screen_failed(screen(session, look))
                session.stopping = True
            while not session.wait(LOOK_S):
                for line in look():
                    click.echo(clear + line, err=True)
                if shown:
                    click.echo(clear + state(session)[: columns()], nl=False, err=True)
        click.echo(clear, nl=False, err=True)
        for warning in session.warnings():
            warn(warning)
        if not quiet:
            click.echo(state(session))
    if failed:
        click.get_current_context().exit(1)


def screen_failed(screen: Screen) -> bool:
    """Run the screen; return whether a mistake of its own ended it, which it has shown."""
    screen.run()
    return bool(screen.return_code)


def screen_class() -> type[Screen]:
    """Return the screen, which takes so long to import that sound would stumble over it."""
    from tapegraph.errors import TapegraphError

    try:
        from tapegraph.ui.terminal import Screen
    except ImportError:
        raise TapegraphError("--screen needs textual: pip install 'tapegraph[tui]'") from None
    return Screen


@contextlib.contextmanager
def stop_on_signals(session: Session) -> Iterator[None]:
    """Have Ctrl-C, kill and a terminal that is closed end the sound as if it had come to its end.

    What is to be ignored, as under nohup, still is.
    """

    def end(number: int, frame: object) -> None:
        session.stopping = True
        if number == getattr(signal, "SIGHUP", None):  # what is still written would wait for the terminal for ever
            nowhere = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(nowhere, descriptor)

    from tapegraph.live.devices import ENDING

    heeded = [number for number in ENDING if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def knobs(session: Session) -> Iterator[None]:
    """Let MIDI controllers move the graph that plays, where --midi or --learn says so."""
    params = click.get_current_context().params
    if not (params["midi"] or params["learn"]):
        yield
        return
    from tapegraph.ui.midi import Knobs, listen

    def say(line: str) -> None:
        click.echo(clear_line() + line, err=True)

    file = Path(click.get_app_dir("tapegraph")) / "midi.yaml"
    ports = listen(Knobs(session.playing, file, params["learn"], say).receive)
    try:
        yield
    finally:
        for port in ports:
            port.close()


def watched_file() -> Watch | None:
    from tapegraph.ui.watch import Watch

    file = click.get_current_context().params["file"]
    return Watch(file) if file is not None else None


def read_again(session: Session, watch: Watch) -> list[str]:
    """Go over to the graph as it has been saved; where there is a mistake in it, play on. Return what to say."""
    from tapegraph.errors import TapegraphError

    try:
        session.change(chosen(None, str(watch.path), click.get_current_context().params["settings"]))
    except TapegraphError as error:
        said = str(error)
    except Exception as error:  # by a node of somebody's own
        said = f"{watch.path}: {type(error).__name__}: {error}"
    else:
        return [f"{watch.path}: read again"]
    return [said, f"{watch.path}: the sound goes on as it was"]


def clear_line() -> str:
    """Return what takes the last state off the terminal, where there is one."""
    return "\r\033[K" if sys.stderr.isatty() else ""


def columns() -> int:
    """Return how long a line may be that is to be cleared again: one that wraps would stay."""
    return shutil.get_terminal_size().columns - 1


def state(session: Session) -> str:
    minutes, tenths = divmod(round(10 * session.frames / session.sample_rate), 600)
    return f"{minutes}:{tenths / 10:04.1f} heard, {session.effort()}, dropouts {session.dropouts}"
