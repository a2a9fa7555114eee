"""From a flat graph to a schedule: order, channels, nodes made and prepared, arrivals, buffers."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from tapegraph.document.flat import FlatGraph, FlatNode
from tapegraph.document.order import Order
from tapegraph.document.spec import INPUT, OUTPUT
from tapegraph.engine.schedule import Call, Modulation, Schedule
from tapegraph.errors import Problem, TapegraphError
from tapegraph.node import Node
from tapegraph.node.failure import failure, named
from tapegraph.node.setup import make
from tapegraph.run.buffers import Buffers
from tapegraph.run.memory import Memory
from tapegraph.run.timing import Timing


@attrs.frozen
class Plan:
    """What is known once a graph is planned.

    graph: what was planned
    schedule: runs it
    nodes: the running nodes by name
    calls: the steps that run them
    modulations: the steps that move parameters, by node and parameter
    order, timing: in which order nodes run, and when sound reaches them
    latency: from input to output, frames of the graph's rate
    tail_s: how long the output may sound on after the input, s, with the parameters as they are at the start; infinite
        where a loop feeds back
    """

    graph: FlatGraph
    schedule: Schedule
    nodes: dict[str, Node]
    calls: dict[str, Call]
    modulations: dict[tuple[str, str], Modulation]
    order: Order
    timing: Timing
    latency: float
    tail_s: float


def plan(
    graph: FlatGraph, sample_rate: float, channels: int, *, first_channel: int = 0, reuse_buffers: bool = True
) -> Plan:
    """Plan a graph for sound of this rate (Hz) and number of channels.

    first_channel: number of the first of them in the sound, of which this plan may get a part
    reuse_buffers: whether a buffer is reused after its last reader; False to test that
    Raises TapegraphError where a node cannot work there, channels do not fit together or it would take too much memory.
    """
    order = Order(graph)
    widths = find_channels(graph, order, channels)
    memory = Memory()
    nodes = prepare_nodes(graph, order, widths, sample_rate, first_channel, memory)
    timing = Timing(graph, order, nodes, sample_rate)
    for name in order.loop_closers:
        nodes[name].loop_latency = timing.loop_latency(name)
    prepare({name: nodes[name] for name in graph.nodes if name in order.loop_closers}, graph)
    buffers = Buffers(graph, order, timing, widths, nodes, memory, reuse_buffers)
    return Plan(
        graph=graph,
        schedule=Schedule(buffers.steps, buffers.source, buffers.sink),
        nodes=nodes,
        calls=buffers.calls,
        modulations=buffers.modulations,
        order=order,
        timing=timing,
        latency=timing.arrival[OUTPUT],
        tail_s=timing.tail_s(),
    )


def find_channels(graph: FlatGraph, order: Order, stream_channels: int) -> dict[str, int]:
    """Return the channels of every node: the largest number that enters it, iterated around loops until it is stable.

    Raises TapegraphError where channels do not fit together.
    """
    channels = dict.fromkeys(order.names, 1)
    channels[INPUT] = stream_channels
    for name, node in graph.nodes.items():
        if not order.into[name]:
            channels[name] = node.cls.CHANNELS or stream_channels
    grown = True
    while grown:
        grown = False
        for name in order.names:
            widest = max((channels[link.source_node] for link in order.into[name]), default=channels[name])
            if name == OUTPUT:
                widest = max(widest, stream_channels)
            if widest > channels[name]:
                channels[name] = widest
                grown = True
    problems = [problem for name in order.names for problem in channel_problems(graph, order, channels, name)]
    if problems:
        raise TapegraphError(*problems)
    return channels


def channel_problems(graph: FlatGraph, order: Order, channels: Mapping[str, int], name: str) -> list[Problem]:
    node, own = graph.nodes.get(name), channels[name]
    where = node.where if node else ""
    problems = [
        Problem(
            f"{name} receives {channels[link.source_node]} channels from {link.source_node} but {own} from other "
            "links; signals that meet must have one channel or equally many",
            where,
        )
        for link in order.into[name]
        if channels[link.source_node] not in (1, own)
    ]
    if node and node.cls.MAX_CHANNELS and own > node.cls.MAX_CHANNELS:
        takes = f"it takes {node.cls.MAX_CHANNELS}"
        problems.append(Problem(f"{name} ({node.cls.KIND}) gets {own} channels; {takes}", where))
    return problems


def prepare_nodes(
    graph: FlatGraph,
    order: Order,
    channels: Mapping[str, int],
    sample_rate: float,
    first_channel: int,
    memory: Memory,
) -> dict[str, Node]:
    """Return every node, made for its rate, channels and block, and prepared."""

    def made(name: str, flat: FlatNode) -> Node:
        frames = graph.block * flat.oversample
        with named(name, flat.cls):
            node = make(
                flat.cls,
                sample_rate * flat.oversample,
                channels[name],
                frames,
                flat.params,
                name=name,
                seed=graph.seed,
                first_channel=first_channel,
            )
        node.loop_latency = frames if order.closes_loop(name) else 0
        memory.take(node.memory_samples())
        return node

    nodes = {name: made(name, flat) for name, flat in graph.nodes.items()}
    prepare(nodes, graph)
    return nodes


def prepare(nodes: Mapping[str, Node], graph: FlatGraph) -> None:
    """Prepare nodes. Raises TapegraphError with all that they refuse."""
    problems: list[Problem] = []
    for name, node in nodes.items():
        flat = graph.nodes[name]
        try:
            node.prepare()
            node.update()
        except TapegraphError as error:
            problems += [Problem(f"{name} ({flat.cls.KIND}): {p.message}", flat.where) for p in error.problems]
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # SystemExit too: a node must not end the program
            raise failure(error, name, flat.cls) from error
    if problems:
        raise TapegraphError(*problems)
