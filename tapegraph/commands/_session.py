"""What play and live share: their options, and running a session in a terminal until it ends."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import click

from tapegraph.commands._options import chosen, warn
from tapegraph.live.devices import BLOCK_FRAMES

if TYPE_CHECKING:
    from tapegraph.live.session import Session
    from tapegraph.live.slots import Slots
    from tapegraph.ui.terminal import Screen
    from tapegraph.ui.watch import Watch

POLL_S = 0.2  # between two checks of the graph file and the load
OWN = ("midi", "learn", "screen", "quiet")  # options that run() handles


def session_options(block: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options of a session; those that run() handles are not passed to the command."""
    options = (
        click.option(
            "--output-channels",
            callback=channel_numbers,
            metavar="N,N...",
            help="Channels of the output device, such as 3,4; otherwise the first ones.",
        ),
        click.option(
            "--block",
            type=click.IntRange(*BLOCK_FRAMES),
            default=block,
            show_default=True,
            metavar="FRAMES",
            help="Block size of the card: larger is safer, smaller has less latency.",
        ),
        click.option(
            "--quality",
            type=click.Choice(["draft", "live", "render"]),
            default="render",
            show_default=True,
            help="Solvers and oversampling: fastest, at most 2x oversampled, or as in the graph.",
        ),
        click.option("--record", metavar="FILE", help="Record the output to a file: wav, flac, aiff ..."),
        click.option("--overwrite", is_flag=True, help="Replace the recording if it exists."),
        click.option("--midi", is_flag=True, help="Let MIDI controllers set the parameters assigned to them."),
        click.option(
            "--learn",
            multiple=True,
            metavar="NODE.PARAM",
            help="Assign a MIDI controller to a parameter, a $variable or a control; may be repeated.",
        ),
        click.option("--screen", is_flag=True, help="Show sliders and meters in the terminal."),
        click.option("--quiet", "-q", is_flag=True, help="Print only warnings and errors."),
    )

    def with_options(command: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(command)
        def without_own(**values: Any) -> Any:
            return command(**{name: value for name, value in values.items() if name not in OWN})

        return functools.reduce(lambda inner, option: option(inner), reversed(options), without_own)

    return with_options


def channel_numbers(ctx: click.Context, param: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """Return the value of an option that names channels of a device: 2 or 1,2."""
    try:
        return value if value is None else tuple(int(number) for number in value.split(","))
    except ValueError:
        raise click.BadParameter(f"{value} does not name channels; write 2 or 1,2") from None


def run(session: Session, start_line: Callable[[], str]) -> None:
    """Run a session until it ends or Ctrl-C, and watch its graph file; then print a summary.

    start_line: returns the line to print once the sound runs
    """
    from tapegraph.live.slots import Slots

    params = click.get_current_context().params
    quiet = params["quiet"]
    watch = watched_file()
    shown = sys.stderr.isatty() and not quiet
    clear = clear_line()
    slots = Slots(session)
    lines: SimpleQueue[str] = SimpleQueue()  # of threads that must not write over the screen

    def news() -> list[str]:
        """Return the lines to be shown since the last call."""
        new = [lines.get() for _ in range(lines.qsize())]
        return new + (reload(slots, watch) if watch is not None and watch.changed() else [])

    def show_news() -> None:
        for line in news():
            click.echo(clear + line, err=True)

    with stop_on_signals(session):
        screen = screen_class() if params["screen"] else None
        failed = False
        with knobs(slots, lines.put) as prompt, session.start():
            if not quiet:
                click.echo(start_line(), err=True)
            prompt()
            if screen is not None:
                failed = screen_failed(screen(slots, news))
                session.stopping = True
            show_news()
            while not session.wait(POLL_S):
                show_news()
                if shown:
                    click.echo(clear + state(session)[: columns()], nl=False, err=True)
        show_news()
        click.echo(clear, nl=False, err=True)
        for warning in session.warnings():
            warn(warning)
        if not quiet:
            click.echo(state(session))
    if failed:
        click.get_current_context().exit(1)


def screen_failed(screen: Screen) -> bool:
    """Run the screen; return whether an error of its own ended it, which it has shown."""
    screen.run()
    return bool(screen.return_code)


def screen_class() -> type[Screen]:
    """Return the screen, to be imported before the sound starts: that takes long enough for dropouts."""
    from tapegraph.errors import TapegraphError

    try:
        from tapegraph.ui.terminal import Screen
    except ImportError:
        raise TapegraphError("--screen needs textual: pip install 'tapegraph[tui]'") from None
    return Screen


@contextlib.contextmanager
def stop_on_signals(session: Session) -> Iterator[None]:
    """End the sound at SIGINT, SIGTERM and SIGHUP as at the end of the input.

    Signals that are ignored, as under nohup, still are.
    """

    def end(number: int, frame: object) -> None:
        session.stopping = True
        if number == getattr(signal, "SIGHUP", None):  # writing to a closed terminal would block forever
            null = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(null, descriptor)

    from tapegraph.live.portaudio import TERMINATING

    handled = [number for number in TERMINATING if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, end) for number in handled}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def knobs(slots: Slots, report: Callable[[str], None]) -> Iterator[Callable[[], None]]:
    """Let MIDI controllers set parameters of the selected graph, where --midi or --learn asks for it.

    Yields a function that asks for the first controller to be learnt, if there is one.
    """
    params = click.get_current_context().params
    if not (params["midi"] or params["learn"]):
        yield lambda: None
        return
    from tapegraph.ui.midi import Knobs, listen

    file = Path(click.get_app_dir("tapegraph")) / "midi.yaml"
    known = Knobs(slots.lend, file, params["learn"], report)
    ports = listen(known.receive, report)
    try:
        yield known.prompt
    finally:
        for port in ports:
            port.close()


def watched_file() -> Watch | None:
    from tapegraph.ui.watch import Watch

    params = click.get_current_context().params
    return Watch(params["file"], params["nodes"]) if params["file"] is not None else None


def reload(slots: Slots, watch: Watch) -> list[str]:
    """Switch to the graph and its nodes as they have been saved, unless they have errors. Returns lines to print."""
    from tapegraph.errors import TapegraphError
    from tapegraph.node import registry

    try:
        for path in watch.needed:
            registry.add_nodes(path)
        params = click.get_current_context().params
        slots.load(chosen(None, str(watch.path), params["settings"], params["allow"], params["seed"]))
    except TapegraphError as error:
        message = str(error)
    except Exception as error:  # in a node of the user's own
        message = f"{watch.path}: {type(error).__name__}: {error}"
    else:
        return [f"{watch.path}: reloaded"]
    return [message, f"{watch.path}: not reloaded; the old graph plays on"]


def clear_line() -> str:
    """Return the escape codes that clear the status line, where there is a terminal."""
    return "\r\033[K" if sys.stderr.isatty() else ""


def columns() -> int:
    """Return how long the status line may be: one that wraps could not be cleared."""
    return shutil.get_terminal_size().columns - 1


def state(session: Session) -> str:
    minutes, tenths = divmod(round(10 * session.frames / session.sample_rate), 600)
    return f"{minutes}:{tenths / 10:04.1f} played, {session.effort()}, dropouts {session.dropouts}"
