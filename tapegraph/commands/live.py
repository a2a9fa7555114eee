"""tapegraph live: what comes in at the sound card goes through a graph and out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tapegraph.commands._options import graph_options
from tapegraph.commands._session import run, session_options

if TYPE_CHECKING:
    from tapegraph.api import Graph

EXAMPLES = """\b
Examples:
  tapegraph live --preset NAME
  tapegraph live --preset NAME --input 2 --channels 1 --output 4 --block 128
  tapegraph live --graph my.yaml --quality live --record take.wav     save my.yaml to hear it change"""


@click.command(epilog=EXAMPLES)
@graph_options
@click.option("--input", metavar="NUMBER|NAME", help="Where to listen; see tapegraph devices.")
@click.option("--output", metavar="NUMBER|NAME", help="Where to play.")
@click.option("--rate", type=float, metavar="HZ", help="Sample rate; otherwise the card's own.")
@click.option("--channels", type=click.IntRange(1, 64), metavar="N", help="Channels of the input; otherwise up to 2.")
@session_options(block=256)
def command(
    graph: Graph,
    input: str | None,  # noqa: A002  the word of sound cards
    output: str | None,
    rate: float | None,
    channels: int | None,
    **options: Any,
) -> None:
    """Put what comes in at the sound card through a graph and out again, until Ctrl-C.

    A graph of your own is read again whenever it is saved, and faded in; a mistake in it is shown, and the old one
    plays on. Mind loudspeakers near an open microphone.
    """
    from tapegraph.live.through import Through

    session = Through(
        graph,
        input=input,
        output=output,
        sample_rate=rate,
        channels=channels,
        **options,
    )

    def start_line() -> str:
        return (
            f"{session.input.name} -> {graph.title or 'graph'} -> {session.output.name}: {session.sample_rate:.0f} Hz, "
            f"blocks of {session.block}, round trip {1e3 * session.round_trip_s:.1f} ms, "
            f"{1e3 * session.graph_latency_s:.1f} ms of it the graph, quality {session.quality}; Ctrl-C ends it"
        )

    run(session, start_line)
