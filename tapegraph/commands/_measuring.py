"""What `tapegraph measure` makes of its options: it refuses what does not go together before anything is measured."""

from __future__ import annotations

import contextlib
import functools
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import click

if TYPE_CHECKING:
    from tapegraph.measure import Result


@contextlib.contextmanager
def sound_warnings() -> Iterator[None]:
    """Print what graphs warn of as sentences, each once, as only counts differ from one signal to the next."""
    from tapegraph.commands._options import warn
    from tapegraph.errors import SoundWarning

    said: set[str] = set()
    usual = warnings.showwarning

    def show(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        if not issubclass(category, SoundWarning):
            usual(message, category, filename, lineno, file, line)
            return
        uncounted = re.sub(r"^\d+ ", "", str(message))
        if uncounted not in said:
            said.add(uncounted)
            warn(str(message))

    with warnings.catch_warnings():
        warnings.simplefilter("always", SoundWarning)
        warnings.showwarning = show
        yield


def check_files(outputs: Iterable[str], inputs: Iterable[str]) -> None:
    """Raise WrongUseError where an output is written twice, or is what is measured, or has no folder."""
    from tapegraph.atomic import is_stream
    from tapegraph.commands._options import WrongUseError
    from tapegraph.files.render import is_same_file

    written: list[Path] = []
    for file in outputs:
        real = Path(file).resolve()
        if real in written and not is_stream(Path(file)):
            raise WrongUseError(f"{file} is written twice; choose another file for one of both")
        if not is_stream(Path(file)) and not real.parent.is_dir():
            raise WrongUseError(f"{file}: there is no folder {real.parent}")
        if any(is_same_file(source, file) for source in inputs):
            raise WrongUseError(f"{file} is read, too; choose another file to write")
        written.append(real)


def check_names(names: Iterable[str], of_sound: bool, of_two: bool) -> None:
    """Raise WrongUseError on what nobody measures, or not of a sound, or not of one graph alone."""
    from tapegraph import measure
    from tapegraph.commands._options import WrongUseError
    from tapegraph.errors import did_you_mean

    known = measure.OF_SOUND if of_sound else measure.ALL | measure.PAIRS
    for name in names:
        if name not in measure.ALL and name not in measure.PAIRS:
            hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
            raise WrongUseError(f"no measurement is called {name}{hint}")
        if name not in known:
            raise WrongUseError(f"{name} is measured of graphs; of a sound there are {', '.join(known)}")
        if name in measure.PAIRS and not of_two:
            raise WrongUseError(f"{name} compares two graphs; name the other one with --against")


def refuse(options: Iterable[str], sentence: str) -> None:
    """Raise WrongUseError where one of these options, by the names of their parameters, is given.

    sentence: what is wrong with that, the option in place of {}
    """
    from click.core import ParameterSource

    from tapegraph.commands._options import WrongUseError

    context = click.get_current_context()
    for param in context.command.params:
        given = context.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
        if given and param.name in options:
            raise WrongUseError(sentence.format(param.opts[0]))


def warn_of_levels(names: Iterable[str]) -> None:
    """Say which of the measurements that a user named for some level are made at none, such as noise."""
    from tapegraph import measure
    from tapegraph.commands._options import warn

    known = measure.ALL | measure.PAIRS
    if without := [name for name in dict.fromkeys(names) if not measure.takes_levels(known[name])]:
        warn(f"--level has no effect on {', '.join(without)}")


def turned(over: str) -> Callable[..., Result]:
    """Return the measurement that --over asks for: "Bias", or "Bias=0.4,0.6"."""
    from tapegraph import measure
    from tapegraph.commands._options import WrongUseError

    target, sign, numbers = over.partition("=")
    try:
        values = [float(number) for number in numbers.split(",")] if sign else None
    except ValueError:
        raise WrongUseError(f"--over {over} has no numbers; write TARGET=NUMBER,NUMBER") from None
    return functools.partial(measure.over, target=target.strip(), values=values)


def read_limits(file: str, known: Iterable[str]) -> Mapping[str, Any]:
    """Return the limits in a file, which are on some of the known measurements."""
    from tapegraph.document.text import parse
    from tapegraph.errors import Problem, TapegraphError
    from tapegraph.measure import limits

    try:
        text = Path(file).read_text("utf-8")
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be read: {error.strerror}", file)) from None
    except UnicodeDecodeError:
        raise TapegraphError(Problem("is not UTF-8 text", file)) from None
    found, problems = parse(text, file) if text.strip() else (None, [])
    if problems:
        raise TapegraphError(*problems)
    try:
        return limits.check_names(found and found.plain, known)
    except TapegraphError as error:
        raise TapegraphError(*(Problem(problem.message, file) for problem in error.problems)) from None
