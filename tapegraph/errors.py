"""Errors for users: one class, made of problems that each say who, what was found and what is allowed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from itertools import islice

import attrs

MOST_COMPARED = 300  # names, with a misspelt one: more would take long
MAX_SHOWN = 80  # characters of a value or a name in a message
# Control characters, line and paragraph separators, marks that turn the direction of text, halves of surrogate pairs
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def printable(text: str) -> str:
    """Return text in one line that cannot steer a terminal: \\x1b, \\n and \\ud800 in place of such characters."""
    return UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def short(text: str) -> str:
    """Return the beginning of a text that is too long for a message."""
    return text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 3]}..."


def shown(value: object) -> str:
    """Return a value as messages show it, not too long."""
    try:
        return short(repr(value))
    except ValueError:
        return "a number with thousands of digits"


@attrs.frozen
class Problem:
    """One thing that is wrong.

    message: one sentence, the subject first
    where: "file:line:column" so that an editor can jump there, or a path into the graph, or nothing
    """

    message: str
    where: str = ""

    def __str__(self) -> str:
        return printable(f"{self.where}: {self.message}" if self.where else self.message)


class TapegraphError(ValueError):
    """Something that the user can correct. str() gives a line for each problem."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(p if isinstance(p, Problem) else Problem(p) for p in problems)
        super().__init__("\n".join(map(str, self.problems)))

    def __reduce__(self) -> tuple[type[TapegraphError], tuple[Problem, ...]]:
        return type(self), self.problems  # keeps its problems on its way from another process


class SoundWarning(UserWarning):
    """Something that happened to the sound, which goes on: the sentence says to which node, and what became of it."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return "; did you mean ...?" with the most similar of the known names, or nothing where none is similar."""
    if len(name) > MAX_SHOWN:  # comparing takes a time that grows with its square
        return ""
    by_lower = {k.lower(): k for k in islice(known, MOST_COMPARED)}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean {by_lower[near[0]]}?" if near else ""
