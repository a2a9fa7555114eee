"""Loudness: of what a machine makes of music, and of the music, as broadcasters and streaming services measure it.

The demo song, or another one, is played through the graph as it is. See analysis/loudness.py and analysis/true_peak.py
for the meters: integrated and gated by ITU-R BS.1770, the range by EBU Tech 3342, the true peak of the loudest channel.
The range of the demo song says little, for it lasts 8 s.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np

from tapegraph import demo
from tapegraph.analysis.loudness import BLOCK_STEPS, RANGE_STEPS, STEP_S, Meter, lufs
from tapegraph.analysis.true_peak import true_peak_dbtp
from tapegraph.measure.result import Result, vector
from tapegraph.measure.rig import Measured, on_the_bench
from tapegraph.run.sound import Array, Audio

PICTURED_LU = 30.0  # below the loudest


@attrs.frozen
class Loudness(Result):
    """Loudness: arrays of one value, but for the last three, which are the curve; of silence, minus infinity.

    integrated_lufs: with the gates
    range_lu: LRA
    true_peak_dbtp: of the channel that has the highest
    max_momentary_lufs, max_short_term_lufs: the highest of any 400 ms, and of any 3 s
    time_s: at which a meter shows it
    momentary_lufs, short_term_lufs: of the 400 ms, and the 3 s, before that time
    played: the same of what was played through a graph
    """

    integrated_lufs: Array
    range_lu: Array
    true_peak_dbtp: Array
    max_momentary_lufs: Array
    max_short_term_lufs: Array
    time_s: Array
    momentary_lufs: Array
    short_term_lufs: Array
    played: Loudness | None = attrs.field(default=None, kw_only=True)

    def columns(self) -> dict[str, Array]:
        names = ("integrated_lufs", "range_lu", "true_peak_dbtp", "max_momentary_lufs", "max_short_term_lufs")
        found = {name: getattr(self, name) for name in names}
        before = self.played.columns() if self.played else {}
        return found | {f"input_{name}": values for name, values in before.items()}

    def curve(self) -> dict[str, Array]:
        names = ("momentary_lufs", "short_term_lufs")
        found = {"time_s": self.time_s} | {name: getattr(self, name) for name in names}
        return found | ({f"input_{name}": getattr(self.played, name) for name in names} if self.played else {})

    def plot(self, ax: Any) -> None:
        """Draw the momentary loudness over time, of a graph beside that of what was played."""
        if self.played:
            ax.plot(self.time_s, self.played.momentary_lufs, label="input")
            ax.plot(self.time_s, self.momentary_lufs, label="output")
        else:
            ax.plot(self.time_s, self.momentary_lufs, label="momentary")
            ax.plot(self.time_s, self.short_term_lufs, label="short-term")
        loudest = max(found.max_momentary_lufs[0] for found in (self, self.played) if found)
        if np.isfinite(loudest):
            ax.set_ylim(loudest - PICTURED_LU, loudest + 1.0)
        ax.set_xlabel("s")
        ax.set_ylabel("LUFS")
        ax.grid(True, alpha=0.3)
        ax.legend()


def loudness(graph: Measured, song: Array | None = None) -> Loudness:
    """Return the loudness of what a graph, or one on a rig, makes of a song, and of the song.

    song: (channels, frames) at the sample rate of the rig; the demo song where it is None
    """
    rig = on_the_bench(graph)
    if song is None:
        song = at_rate(demo.music(), demo.SAMPLE_RATE, rig.sample_rate)
    song = spread(song, rig.channels)
    heard = rig.play_channels(song, moving=True)
    return attrs.evolve(loudness_of(heard, rig.sample_rate), played=loudness_of(song, rig.sample_rate))


def loudness_of(sound: Audio, sample_rate: float, weights: Sequence[float] = ()) -> Loudness:
    """Return the loudness of a sound, (channels, frames).

    weights: of each channel, 1.41 for loudspeakers at the sides; 1 for all where they are left out
    """
    meter = Meter(sample_rate, len(sound), weights)
    meter.add(sound)
    momentary = np.array([lufs(power) for power in meter.blocks(BLOCK_STEPS)])
    short_term = np.full(len(momentary), np.nan)
    short_term[RANGE_STEPS - BLOCK_STEPS :] = [lufs(power) for power in meter.blocks(RANGE_STEPS)]
    return Loudness(
        vector([meter.integrated()]),
        vector([meter.loudness_range()]),
        vector([np.max(true_peak_dbtp(sound))]),
        vector([meter.highest_momentary()]),
        vector([meter.highest_short_term()]),
        vector(STEP_S * (BLOCK_STEPS + k) for k in range(len(momentary))),
        momentary,
        short_term,
    )


def spread(song: Array, channels: int) -> Array:
    """Return a song of so many channels: in one, the mean of all; in more than it has, the same ones again."""
    return np.mean(song, axis=0, keepdims=True) if channels == 1 else song[np.arange(channels) % len(song)]


def at_rate(sound: Array, sample_rate: float, wanted: float) -> Array:
    """Return a sound at another sample rate, by its spectrum."""
    if wanted == sample_rate:
        return sound
    frames = max(1, round(sound.shape[1] * wanted / sample_rate))
    lines = np.fft.rfft(sound)[:, : frames // 2 + 1]
    return np.asarray(np.fft.irfft(lines, frames) * (frames / sound.shape[1]))
