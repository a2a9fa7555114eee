"""tapegraph play: a file through a graph to the sound card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tapegraph.commands._options import graph_options, seconds, warn
from tapegraph.commands._session import run, session_options

if TYPE_CHECKING:
    from tapegraph.api import Graph
    from tapegraph.run.sound import Tail

EXAMPLES = """\b
Examples:
  tapegraph play song.flac --preset NAME
  tapegraph play song.flac --preset NAME --set tape.drive=0.8 --device 3
  tapegraph play song.flac --graph my.yaml --record heard.wav     save my.yaml to hear it change"""


@click.command(epilog=EXAMPLES)
@click.argument("source", metavar="FILE")
@graph_options
@click.option("--device", metavar="NUMBER|NAME", help="Output device; see tapegraph devices.")
@click.option(
    "--tail",
    metavar="SECONDS|auto",
    callback=seconds,
    default="auto",
    show_default=True,
    help="How long to keep playing after FILE ends; auto: as long as the nodes say, and where the graph feeds "
    "back until the output is 90 dB below its loudest, at most 60 s.",
)
@session_options(block=512)
def command(
    graph: Graph,
    source: str,
    device: str | None,
    tail: Tail,
    **options: Any,
) -> None:
    """Play the audio file FILE through a graph. Ctrl-C ends it.

    A graph of your own is reloaded whenever it is saved, with a cross-fade; if it has errors, they are shown and the
    old one plays on.
    """
    from tapegraph.files.read import Reader
    from tapegraph.live.playback import Playback

    with Reader(source) as reader:
        session = Playback(
            graph,
            reader.blocks(),
            reader.sample_rate,
            reader.channels,
            tail=tail,
            device=device,
            **options,
        )

        def start_line() -> str:
            rate = f"{reader.sample_rate} Hz"
            if session.sample_rate != reader.sample_rate:
                rate += f", converted to {session.sample_rate:.0f} Hz"
            return (
                f"{source} -> {graph.title or 'graph'} -> {session.outlets.label}: {rate}, "
                f"{reader.frames / reader.sample_rate:.1f} s, quality {session.quality}"
            )

        run(session, start_line)
    for warning in reader.warnings:
        warn(warning)
