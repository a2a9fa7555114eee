"""The bias of a graph, found by its name: the control, the variable or the parameter that is called bias."""

from __future__ import annotations

from tapegraph.document.model import GraphModel
from tapegraph.document.targets import is_numeric, targets

NAME = "bias"


def bias_target(graph: GraphModel) -> str | None:
    """Return what sets the bias of a graph: the first that a player sees whose name begins so; None without one."""
    return next(
        (
            target
            for target in targets(graph)
            if target.lower().rpartition(".")[2].lstrip("$").startswith(NAME) and is_numeric(graph, target)
        ),
        None,
    )


def bias_of(graph: GraphModel) -> float:
    """Return what the bias of a graph is set to; not a number where there is none."""
    target = bias_target(graph)
    return float("nan") if target is None else float(graph.get(target))
