"""Many files through one graph, on several cores: each is rendered by one process, with the same result as alone."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tapegraph.atomic import discard_those_of
from tapegraph.document.model import GraphModel
from tapegraph.errors import Problem, TapegraphError
from tapegraph.files.render import Report, render_file
from tapegraph.files.workers import WorkerDiedError, explained, run_in_parallel

Outcome = Report | TapegraphError


def render_files(
    graph: GraphModel, sources: Sequence[str | Path], folder: str | Path, jobs: int, **options: Any
) -> Iterator[Outcome]:
    """Render files into a folder under their own names; see render_pairs()."""
    yield from render_pairs(graph, [(source, Path(folder, Path(source).name)) for source in sources], jobs, **options)


def render_pairs(
    graph: GraphModel,
    pairs: Sequence[tuple[str | Path, Path]],
    jobs: int,
    done: Callable[[int, Outcome], None] | None = None,
    **options: Any,
) -> Iterator[Outcome]:
    """Render files; yield a report or an error for each, in order. One that fails does not stop the others.

    pairs: source and target of each
    jobs: how many files are rendered at once; of a single file, how many groups of channels
    done: called after each file with how many are finished, and its outcome
    options: as for render_file
    Raises TapegraphError, before anything is rendered, when two files would become one.
    """
    targets = [target for _, target in pairs]
    twice = sorted({str(target) for target in targets if targets.count(target) > 1})
    if twice:
        raise TapegraphError(
            *(Problem("would come from two files; render them into different folders", t) for t in twice)
        )
    if jobs == 1 or len(pairs) == 1:
        for count, pair in enumerate(pairs, 1):
            outcome = attempt(graph, {"jobs": jobs, **options}, pair)
            if done:
                done(count, outcome)
            yield outcome
        return
    finished: dict[int, Outcome] = {}
    due = 0  # the outcomes before this one have been yielded
    for count, (index, outcome) in enumerate(
        run_in_parallel(functools.partial(attempt, graph, options), pairs, jobs), 1
    ):
        if done:
            done(count, outcome)
        source, target = pairs[index]
        if isinstance(outcome, WorkerDiedError):
            discard_those_of([outcome.pid], target.parent)
            outcome = TapegraphError(*(Problem(problem.message, str(source)) for problem in outcome.problems))  # noqa: PLW2901
        finished[index] = outcome
        while due in finished:
            yield finished.pop(due)
            due += 1


def attempt(graph: GraphModel, options: dict[str, Any], pair: tuple[str | Path, Path]) -> Outcome:
    """Render a file; return any error, also one of a node of the user's own, as a TapegraphError."""
    source, target = pair
    try:
        return render_file(graph, source, target, **options)
    except TapegraphError as error:
        return TapegraphError(*(of_file(problem, source, target) for problem in error.problems))
    except Exception as error:
        return TapegraphError(Problem(explained(error), str(source)))


def of_file(problem: Problem, source: str | Path, target: Path) -> Problem:
    """Return a problem that names the file: one of a node, say, does not know what it was rendering."""
    if any(str(path) in str(problem) for path in (source, target)):
        return problem
    return Problem(f"cannot be rendered: {problem}", str(source))
