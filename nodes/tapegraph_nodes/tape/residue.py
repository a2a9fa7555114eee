"""Residue: what an erase head leaves of a former recording under the new one.

    y = in + R former,    |R| = 10^(-erase_db / 20) exp(-2 pi f depth_um / v)

The field of an erase head is weakest at the back of the coating. What it leaves there is read through the coating that
has been erased, and so without treble: R falls by 54.6 dB for a wavelength of depth_um, and is flat below. The law is
kept within 0.3 dB to 40 dB under its start. With erase_db at 0 nothing is erased: sound on sound.

The port `former` takes any sound: the previous take, or this one a tape loop ago, from a delay. Where that delay gets
the output of this node instead of its input, what is left of every earlier pass is there too. There is no latency.
Changed parameters are reached in 5 ms or a block, whichever is longer.

Source: R. L. Wallace, The reproduction of magnetically recorded signals, Bell Syst. Tech. J. 30, 1951 (a layer under
others); that all that is left lies at one depth is ours.
"""

from __future__ import annotations

from typing import ClassVar

from librt.vecs import vec

from tapegraph.node import AnyParam, Node, Param, Signal, silence
from tapegraph_nodes._kernels.distance import STATES, hear, heard_weights, memory, tail_of
from tapegraph_nodes._kernels.mixing import add
from tapegraph_nodes._kernels.ramp import Ramp, copy


class Residue(Node):
    KIND: ClassVar[str] = "residue"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    INPUTS: ClassVar[tuple[str, ...]] = ("in", "former")
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("erase_db", 55.0, 0.0, 100.0, "dB", "how much quieter erasing makes long waves of the former recording"),
        Param("depth_um", 10.0, 0.0, 50.0, "um", "how deep what is left lies under the surface of the coating"),
        Param("speed_ips", 7.5, 1.0, 50.0, "ips", "speed of the tape", "log"),
    )

    erase_db: float  # parameter
    depth_um: float  # parameter
    speed_ips: float  # parameter
    gain: Ramp
    e: Ramp  # memory of the distance
    weights: vec[float]  # coefficient: of the states
    s: vec[float]  # state: of the distance, for each channel
    left: vec[float]  # a block of every channel of the former recording, heard from its depth

    def prepare(self) -> None:
        self.gain = Ramp(self.fs, self.frames)
        self.e = Ramp(self.fs, self.frames)
        self.weights = heard_weights(1.0)
        self.s = vec[float]([0.0] * (STATES * self.channels))
        self.left = vec[float]([0.0] * (self.channels * self.frames))

    def update(self) -> None:
        self.gain.target[0] = 10.0 ** (-self.erase_db / 20.0)
        self.e.target[0] = memory(self.depth_um * 1e-6 / (self.speed_ips * 0.0254) * self.fs)

    def reset(self) -> None:
        self.gain.jump()
        self.e.jump()
        silence(self.s)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        gain, e = self.gain, self.e
        gain.begin()
        e.begin()
        hear(x[1].samples, self.left, self.weights, e.start[0], e.end[0], self.s)
        copy(x[0].samples, y[0].samples)
        add(self.left, y[0].samples, self.channels, gain.start[0], gain.end[0])
        e.finish()
        gain.finish()

    def tail(self) -> float:
        return tail_of(self.depth_um * 1e-6 / (self.speed_ips * 0.0254))
