"""Graphs as people use them from Python: made, loaded, and run on sound."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tapegraph.document.model import GraphModel
from tapegraph.node.params import Quality

if TYPE_CHECKING:  # what runs sound is imported when it is needed: a graph can be read and checked without it
    from tapegraph.analysis.matching import Match
    from tapegraph.live.channels import Numbers
    from tapegraph.live.playback import Playback
    from tapegraph.live.through import Through
    from tapegraph.run.rendering import Rendering
    from tapegraph.run.sound import Audio, Tail
    from tapegraph.run.stream import Stream


class Graph(GraphModel):
    """A graph of nodes: what a graph file says, checked.

    Its keywords are the keys of the file:

        Graph(
            nodes={"drive": {"kind": "gain", "gain_db": 3}, "tape": {"kind": "hysteresis", "oversample": 4}},
            links=["input -> drive -> tape -> output"],
        )

    Raises TapegraphError with every problem. graph["tape"].drive reads a parameter, set() or graph["tape"].drive = 0.7
    changes it, also in every stream that is open on the graph.
    """

    def render(self, audio: Audio, sample_rate: float, *, tail: Tail = "auto", match: Match | None = None) -> Audio:
        """Return audio through the graph, aligned with it and as long, plus the tail.

        audio: (channels, frames) or one-dimensional, float32 or float64, full scale 1; so is the result
        sample_rate: Hz, 8000 to 384000
        tail: seconds, or "auto" for as long as the nodes say; where the graph feeds back, until the output is 90 dB
            below its loudest sample, at most a minute
        match: "loudness" for one gain that makes the result as loud as the input (ITU-R BS.1770-5, gated); the tail
            is not measured, and silence is left alone
        Warns (SoundWarning) of each thing that went wrong with the sound, such as input that was not finite.
        """
        from tapegraph.analysis.matching import check_match, matched
        from tapegraph.run.rendering import render

        check_match(match)
        out = render(self.flat(), audio, sample_rate, tail)
        return matched(out, audio, sample_rate) if match else out

    def rendering(self, sample_rate: float, channels: int, *, tail: Tail = "auto") -> Rendering:
        """Return what renders sound that comes in pieces, for files too long to hold at once."""
        from tapegraph.run.rendering import Rendering

        return Rendering(self.flat(), sample_rate, channels, tail)

    def stream(self, sample_rate: float, channels: int = 1) -> Stream:
        """Return a running graph for sound that comes in pieces of any size; set() on the graph reaches it."""
        from tapegraph.run.stream import Stream

        stream = Stream(self.flat(), sample_rate, channels)
        self.attach(stream.engine)
        return stream

    def play(
        self,
        audio: Audio,
        sample_rate: float,
        *,
        tail: Tail = "auto",
        device: str | int | None = None,
        output_channels: Numbers | None = None,
        block: int = 512,
        quality: Quality = "render",
        record: str | Path | None = None,
        overwrite: bool = False,
    ) -> Playback:
        """Play audio through the graph and the sound card; return what is playing, to be used in a with statement.

            with graph.play(audio, sample_rate) as playing:
                graph.set("tape.drive", 0.8)
                playing.wait()  # to the end; leaving the with statement ends the sound at once

        sample_rate: Hz; where the card refuses it, the sound is converted to the card's own by the extra `resample`
        device: number of a sound card, or its name or a part of it; otherwise the default of the system
        output_channels: of the card, such as (3, 4), the first is 1; otherwise the first ones
        block: frames that the card asks for at a time
        quality: "draft" or "live" for less work, "render" for the graph as it is
        record: an audio file to record the output to; overwrite: whether an existing one may be replaced
        """
        from tapegraph.live.playback import Playback
        from tapegraph.run.sound import planar

        x = planar(audio)
        return Playback(
            self,
            [x],
            sample_rate,
            x.shape[0],
            tail=tail,
            device=device,
            output_channels=output_channels,
            block=block,
            quality=quality,
            record=record,
            overwrite=overwrite,
        ).start()

    def live(
        self,
        *,
        input: str | int | None = None,  # noqa: A002  the word of sound cards
        output: str | int | None = None,
        sample_rate: float | None = None,
        channels: int | None = None,
        input_channels: Numbers | None = None,
        output_channels: Numbers | None = None,
        block: int = 256,
        quality: Quality = "render",
        record: str | Path | None = None,
        overwrite: bool = False,
    ) -> Through:
        """Run the input of the sound card through the graph to its output, until the with statement is left.

            with graph.live(block=128) as running:
                running.wait(60)

        sample_rate: Hz; otherwise the card's own
        channels: how many of the input, from the first; otherwise two, or one where it has no more
        input_channels: which ones of the input instead, such as 2 or (1, 2), the first is 1
        The rest is as in play(). A block is a multiple of the graph's.
        """
        from tapegraph.live.through import Through

        return Through(
            self,
            input=input,
            output=output,
            sample_rate=sample_rate,
            channels=channels,
            input_channels=input_channels,
            output_channels=output_channels,
            block=block,
            quality=quality,
            record=record,
            overwrite=overwrite,
        ).start()

    def _repr_svg_(self) -> str:
        """Show a drawing of the graph in notebooks."""
        from tapegraph.drawing.sketch import sketch
        from tapegraph.drawing.svg import svg

        return svg(sketch(self, 48_000, 2))


def load(source: str | Path, allow: Iterable[str | Path] = ()) -> Graph:
    """Return a graph by the name of a preset, or from a file.

    A name without a folder and without .yaml is that of a preset.
    allow: files and folders, beside the folder of the file, that it may name sub-graphs and models from
    Raises TapegraphError with every problem.
    """
    return Graph.load(source, allow)


def chain(**nodes: Mapping[str, Any]) -> Graph:
    """Return a graph of nodes one after the other, from input to output.

        chain(gain={"gain_db": 3}, tape={"kind": "hysteresis", "drive": 0.7, "oversample": 4})

    A node without a kind is of the kind that it is named after.
    """
    full = {name: node if {"kind", "graph"} & node.keys() else {"kind": name, **node} for name, node in nodes.items()}
    return Graph(nodes=full, links=[" -> ".join(["input", *full, "output"])])
