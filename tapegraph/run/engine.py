"""A planned graph, run on whole blocks: what streams, renderings and live sound share."""

from __future__ import annotations

import numpy as np

from tapegraph.document.flat import FlatGraph
from tapegraph.document.spec import OUTPUT
from tapegraph.engine.schedule import OUTPUT as SINK
from tapegraph.node.params import NodeValue
from tapegraph.quantity import format_number, plural
from tapegraph.run.pending import Pending
from tapegraph.run.plan import Plan, plan
from tapegraph.run.sound import Array, Audio, check_channels, check_sample_rate

FLOAT64 = np.dtype(np.float64)


class Engine:
    """Runs a graph, and sets its parameters between blocks."""

    def __init__(self, graph: FlatGraph, sample_rate: float, channels: int, first_channel: int = 0) -> None:
        check_sample_rate(sample_rate)
        self.channels = check_channels(channels)
        self.plan: Plan = plan(graph, float(sample_rate), self.channels, first_channel=first_channel)
        self.output_channels = int(self.plan.schedule.sink.channels)  # also of a graph that takes over
        self.block = graph.block
        self.pending: Pending[tuple[str, str, NodeValue]] = Pending(lambda change: change[:2])
        self.told: set[str] = set()  # what new_warnings() has returned

    def summary(self, sample_rate: float, latency: int) -> str:
        """Return what runs, in one line, for a rate (Hz) and a latency (frames)."""
        return (
            f"{format_number(sample_rate, 'Hz')}, channels {self.channels} in, {self.output_channels} out, "
            f"blocks of {self.block} frames, latency {plural(latency, 'frame')} ({latency / sample_rate * 1e3:.2f} ms)"
        )

    def set(self, node: str, param: str, value: NodeValue) -> None:
        """Set a parameter, checked and resolved, from the next block on."""
        self.pending.add((node, param, value))

    def apply(self) -> None:
        if self.pending:
            for change in self.pending.take():
                self.set_now(self.plan, *change)

    def set_now(self, running: Plan, node: str, param: str, value: NodeValue) -> None:
        modulation = running.modulations.get((node, param))
        if modulation is not None and isinstance(value, int | float):
            modulation.base = float(value)
        else:
            running.calls[node].set(param, value)

    def process(self, audio: Audio) -> Array:
        """Run whole blocks: audio (channels, k * block), float32 or float64, to (output_channels, k * block)."""
        self.apply()
        return self.run(self.plan, audio)

    def run(self, running: Plan, audio: Audio) -> Array:
        channels = list(audio)
        if audio.dtype != FLOAT64 or audio.strides[1] != FLOAT64.itemsize:
            channels = [np.ascontiguousarray(channel, FLOAT64) for channel in channels]
        out = running.schedule.process(channels, audio.shape[1] // self.block)
        return np.frombuffer(memoryview(out)).reshape(self.output_channels, -1)

    def reset(self) -> None:
        self.apply()
        self.plan.schedule.restart()

    def warnings(self) -> list[str]:
        """Return a sentence for each thing that went wrong with the sound so far."""
        return list(self.troubles().values())

    def new_warnings(self) -> list[str]:
        """Return a sentence for each kind of thing, and each node, that went wrong for the first time."""
        schedule = self.plan.schedule
        if not schedule.muted and not schedule.silenced:
            return []
        found = self.troubles()
        new = [message for what, message in found.items() if what not in self.told]
        self.told.update(found)
        return new

    def troubles(self) -> dict[str, str]:
        """Return a sentence for each thing that went wrong so far, by what it is."""
        schedule = self.plan.schedule
        messages = {}
        if schedule.muted:
            were = "was" if schedule.muted == 1 else "were"
            muted = plural(int(schedule.muted), "input sample")
            messages["input"] = f"{muted} {were} NaN, infinite or above +240 dBFS and {were} replaced by silence"
        for name, count in schedule.silenced.items():
            if name == SINK:
                sources = sorted({link.source_node for link in self.plan.graph.links if link.target_node == OUTPUT})
                of, limit, silenced = f"of output from {' and '.join(sources)}", "+120 dBFS", "silenced"
            else:
                of, limit, silenced = f"from {name}", "+240 dBFS", "silenced at the output"
            was, it = ("was", "it was") if count == 1 else ("were", "they were")
            blocks = f"{plural(count, 'block')} ({self.block} frames) {of}"
            messages[f"from {name}"] = (
                f"{blocks} {was} NaN, infinite or above {limit}; {it} {silenced} and all nodes were reset"
            )
        return messages
