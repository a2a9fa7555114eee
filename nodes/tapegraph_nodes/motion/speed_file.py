"""Speed file: wow and flutter as they were measured, from a file.

    y(t) = x(t - L - amount D(t)),    D' = -s,    s = deviation_percent / 100 - mean
    f_out = f_in (1 + amount s)

The file is a table of time_s and deviation_percent (.csv), or a sound of one channel whose samples are the deviation,
1.0 being 100 %, at a sample rate of its own (.wav). Above 0 is faster and higher; between the rows or samples the
deviation is a straight line. Its mean is taken off, and the sound is moved about the middle of its way, so that it
stays in time. Where it ends it begins anew: it goes back to its first value in a straight line, over the mean step of
its times, so that neither the place of the sound nor its pitch steps. The same for every channel.

The latency L, 8 frames and half the way that the sound moves at an amount of 2, is that of the file, which is read when
the stream starts, so that a dry path is aligned. Files that move the sound by more than 0.5 s are refused. The delay is
interpolated at every sample, flat within 0.1 dB to 0.7 of the Nyquist frequency. A changed amount is reached in 5 ms or
a block, whichever is longer; meanwhile the pitch deviates by more. Sound under -600 dB is taken as silence.

Source: ours; the files are described in tapegraph/node/speed_track.py.
"""

from __future__ import annotations

import math
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt
from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, SpeedTrack, TapegraphError, Track
from tapegraph_nodes._kernels.moving_delay import HALF, MovingDelay
from tapegraph_nodes._kernels.ramp import Ramp

Array = npt.NDArray[np.float64]
MOST_AMOUNT: Final = 2.0
LONGEST_WAY_S: Final = 0.5


LAW_EXCEPTIONS: dict[str, object] = {"has_own_time": True}  # the tape moves, whatever is on it


class SpeedFile(Node):
    KIND: ClassVar[str] = "speed_file"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Track("file", "deviation of the speed over time (.csv, .wav); read at the start of the stream"),
        Param("amount", 1.0, 0.0, MOST_AMOUNT, "", "by what the deviation is multiplied"),
    )

    file: SpeedTrack  # parameter
    amount: float  # parameter
    mean_frames: i64  # coefficient: L
    step_s: float  # coefficient: of a frame
    times: vec[float]  # coefficient: of the rows, s, and the end of the last
    deviations: vec[float]  # coefficient: s at these times
    ways: vec[float]  # coefficient: D at these times, s
    amounts: Ramp
    t: float  # state: time in the file, s
    k: i64  # state: the row before it
    past: MovingDelay  # state
    delay: vec[float]  # a block of L + amount D, frames

    def prepare(self) -> None:
        time_s, deviation = self.file.time_s, self.file.deviation
        steps = np.append(np.diff(time_s), time_s[-1] / (len(time_s) - 1))
        s = np.append(deviation, deviation[0])
        s = s - np.sum(steps * (s[:-1] + s[1:])) / (2.0 * np.sum(steps))
        D = -np.append(0.0, np.cumsum(steps * (s[:-1] + s[1:]) / 2.0))
        crest = crests(D, s, steps)
        way_s = float(np.max(crest) - np.min(crest))
        if way_s > LONGEST_WAY_S:
            raise TapegraphError(
                f"file moves the sound by {way_s:.3g} s; it must be {LONGEST_WAY_S:g} s at most, so take its drift off"
            )
        self.times = vec[float]([float(t) for t in np.append(0.0, np.cumsum(steps))])
        self.deviations = vec[float]([float(v) for v in s])
        self.ways = vec[float]([float(v) for v in D - float(np.max(crest) + np.min(crest)) / 2.0])
        self.mean_frames = HALF + math.ceil(MOST_AMOUNT * way_s / 2.0 * self.fs)
        self.step_s = 1.0 / self.fs
        self.amounts = Ramp(self.fs, self.frames)
        self.past = MovingDelay(self.channels, 2 * self.mean_frames)
        self.delay = vec[float]([0.0] * self.frames)

    def update(self) -> None:
        self.amounts.target[0] = self.amount

    def reset(self) -> None:
        self.amounts.jump()
        self.t = 0.0
        self.k = 0
        self.past.clear()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        amounts = self.amounts
        amounts.begin()
        self.run(amounts.start[0] * self.fs, amounts.end[0] * self.fs)
        self.past.process(x[0].samples, y[0].samples, self.delay)
        amounts.finish()

    def run(self, scale: float, end: float) -> None:
        """Write a block of delays; scale: frames for a second of D, which moves to its end in equal steps."""
        times, deviations, ways, delay = self.times, self.deviations, self.ways, self.delay
        n: i64 = self.frames
        last: i64 = len(times) - 1
        step = (end - scale) / float(n)
        mean, shortest, longest = float(self.mean_frames), float(HALF), float(2 * self.mean_frames - HALF)
        t, k = self.t, self.k
        i: i64 = 0
        while i < n:
            scale += step
            while t >= times[k + 1]:
                k += 1
                if k == last:
                    k = 0
                    t -= times[last]
            since = t - times[k]
            bend = (deviations[k + 1] - deviations[k]) / (times[k + 1] - times[k])
            D = ways[k] - since * (deviations[k] + 0.5 * bend * since)
            delay[i] = min(max(mean + scale * D, shortest), longest)
            t += self.step_s
            i += 1
        self.t, self.k = t, k

    def latency(self) -> float:
        return float(self.mean_frames)

    def tail(self) -> float:
        return float(self.mean_frames + HALF) / self.fs


def crests(D: Array, s: Array, steps: Array) -> Array:
    """Return D at the rows, and in between where it turns round: where the deviation s crosses 0."""
    a, b = s[:-1], s[1:]
    turns = a * b < 0.0
    since = steps[turns] * a[turns] / (a[turns] - b[turns])
    return np.append(D, D[:-1][turns] - since * a[turns] / 2.0)
