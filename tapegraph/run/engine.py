"""A planned graph, run on whole blocks: what streams, renderings and live sound share."""

from __future__ import annotations

import numpy as np

from tapegraph.document.flat import FlatGraph
from tapegraph.node.params import NodeValue
from tapegraph.quantity import plural
from tapegraph.run.pending import Pending
from tapegraph.run.plan import Plan, plan
from tapegraph.run.sound import Array, Audio, check_channels, check_sample_rate


class Engine:
    """Runs a graph, and sets its parameters between blocks."""

    def __init__(self, graph: FlatGraph, sample_rate: float, channels: int, first_channel: int = 0) -> None:
        check_sample_rate(sample_rate)
        self.channels = check_channels(channels)
        self.plan: Plan = plan(graph, float(sample_rate), self.channels, first_channel=first_channel)
        self.block = graph.block
        self.pending: Pending[tuple[str, str, NodeValue]] = Pending(lambda change: change[:2])

    @property
    def output_channels(self) -> int:
        return int(self.plan.schedule.sink.channels)

    def set(self, node: str, param: str, value: NodeValue) -> None:
        """Set a parameter, checked and resolved, from the next block on."""
        self.pending.add((node, param, value))

    def apply(self) -> None:
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
        channels = [np.ascontiguousarray(channel, dtype=np.float64) for channel in audio]
        out = running.schedule.process(channels, audio.shape[1] // self.block)
        return np.frombuffer(memoryview(out), dtype=np.float64).reshape(self.output_channels, -1)

    def reset(self) -> None:
        self.apply()
        self.plan.schedule.restart()

    def warnings(self) -> list[str]:
        """Return a sentence for each thing that went wrong with the sound so far."""
        schedule = self.plan.schedule
        messages = []
        if schedule.muted:
            were = "was" if schedule.muted == 1 else "were"
            muted = plural(int(schedule.muted), "input sample")
            messages.append(f"{muted} {were} NaN or infinite and {were} replaced by silence")
        if schedule.silenced:
            was, it = ("was", "it was") if schedule.silenced == 1 else ("were", "they were")
            silenced = f"{plural(int(schedule.silenced), 'block')} ({self.block} frames) of output"
            messages.append(
                f"{silenced} {was} NaN, infinite or above +120 dBFS; {it} silenced and all nodes were reset"
            )
        return messages
