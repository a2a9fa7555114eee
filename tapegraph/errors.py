"""Errors for users: one class, made of problems that each say who, what was found and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import attrs


@attrs.frozen
class Problem:
    """One thing that is wrong.

    message: one sentence, the subject first
    where: "file:line:column" so that an editor can jump there, or a path into the graph, or nothing
    """

    message: str
    where: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.message}" if self.where else self.message


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
    by_lower = {k.lower(): k for k in known}
    near = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return f"; did you mean {by_lower[near[0]]}?" if near else ""
