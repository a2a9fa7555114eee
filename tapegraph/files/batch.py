"""Many files through one graph, on several cores: each is rendered by one process, with the same result as alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tapegraph.document.model import GraphModel
from tapegraph.errors import Problem, TapegraphError
from tapegraph.files.channels import ENDED
from tapegraph.files.render import Report, render_file
from tapegraph.node import registry


def render_files(
    graph: GraphModel, sources: Sequence[str | Path], folder: str | Path, jobs: int, **options: Any
) -> Iterator[Report | TapegraphError]:
    """Render files into a folder under their own names; yield a report or an error for each, in order.

    jobs: how many files are rendered at once; of a single file, how many groups of channels
    options: as for render_file
    Raises TapegraphError, before anything is rendered, when two files would become one.
    """
    targets = [Path(folder, Path(source).name) for source in sources]
    twice = sorted({str(target) for target in targets if targets.count(target) > 1})
    if twice:
        raise TapegraphError(
            *(Problem("would come from two files; render them into different folders", t) for t in twice)
        )
    if jobs == 1 or len(sources) == 1:
        for source, target in zip(sources, targets, strict=True):
            yield attempt(graph, source, target, {"jobs": jobs, **options})
        return
    # spawn: on every system alike, and safe whatever threads this process has
    with ProcessPoolExecutor(jobs, get_context("spawn"), registry.add_paths, (registry.added_paths(),)) as pool:
        futures = [pool.submit(attempt, graph, s, t, options) for s, t in zip(sources, targets, strict=True)]
        try:
            for future in futures:
                yield future.result()
        except BrokenProcessPool:
            raise TapegraphError(ENDED) from None
        finally:
            pool.shutdown(cancel_futures=True)


def attempt(graph: GraphModel, source: str | Path, target: Path, options: dict[str, Any]) -> Report | TapegraphError:
    try:
        return render_file(graph, source, target, **options)
    except TapegraphError as error:
        return error
