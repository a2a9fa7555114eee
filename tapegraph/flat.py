from __future__ import annotations

import attrs

from tapegraph.node import Node
from tapegraph.param import Value


@attrs.frozen
class FlatNode:
    cls: type[Node]
    params: dict[str, Value] = attrs.field(factory=dict)
    oversample: int = 1
    where: str = ""


@attrs.frozen
class FlatLink:
    source_node: str
    source_port: str
    target_node: str
    target_port: str


@attrs.frozen
class FlatGraph:
    block: int = 64
    resampler: str = "linear"
    nodes: dict[str, FlatNode] = attrs.field(factory=dict)
    links: tuple[FlatLink, ...] = ()
    modulations: tuple[FlatLink, ...] = ()
    automation: dict[tuple[str, str], tuple[tuple[float, float], ...]] = attrs.field(factory=dict)
