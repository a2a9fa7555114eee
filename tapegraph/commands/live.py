"""tapegraph live: the input of the sound card through a graph to its output."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tapegraph.commands._options import graph_options
from tapegraph.commands._session import channel_numbers, run, session_options

if TYPE_CHECKING:
    from tapegraph.api import Graph

EXAMPLES = """\b
Examples:
  tapegraph live --preset NAME
  tapegraph live --preset NAME --input 2 --output 4 --block 128
  tapegraph live --preset NAME --input-channels 2             a guitar on the second input
  tapegraph live --graph my.yaml --quality live --record take.wav     save my.yaml to hear it change"""


@click.command(epilog=EXAMPLES)
@graph_options
@click.option("--input", metavar="NUMBER|NAME", help="Input device; see tapegraph devices.")
@click.option("--output", metavar="NUMBER|NAME", help="Output device.")
@click.option("--rate", type=float, metavar="HZ", help="Sample rate; otherwise the card's own.")
@click.option("--channels", type=click.IntRange(1, 64), metavar="N", help="Use the first N inputs; otherwise up to 2.")
@click.option(
    "--input-channels",
    callback=channel_numbers,
    metavar="N,N...",
    help="Use these inputs instead, such as 2 or 1,2.",
)
@session_options(block=256)
def command(
    graph: Graph,
    input: str | None,  # noqa: A002  the word of sound cards
    output: str | None,
    rate: float | None,
    channels: int | None,
    input_channels: tuple[int, ...] | None,
    **options: Any,
) -> None:
    """Put the input of the sound card through a graph to its output, until Ctrl-C.

    A graph of your own is reloaded whenever it is saved, with a cross-fade; if it has errors, they are shown and the
    old one plays on. Loudspeakers near an open microphone feed back.
    """
    from tapegraph.live.through import Through

    session = Through(
        graph,
        input=input,
        output=output,
        sample_rate=rate,
        channels=channels,
        input_channels=input_channels,
        **options,
    )

    def start_line() -> str:
        return (
            f"{session.inlets.label} -> {graph.title or 'graph'} -> {session.outlets.label}: "
            f"{session.sample_rate:.0f} Hz, "
            f"blocks of {session.block}, round trip {1e3 * session.round_trip_s:.1f} ms, "
            f"{1e3 * session.graph_latency_s:.1f} ms of it the graph, quality {session.quality}; Ctrl-C to stop"
        )

    run(session, start_line)
