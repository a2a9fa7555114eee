"""Dropouts: dirt lifts the tape off its head for moments, in which treble and level are lost together.

    y = x heard from the spacing h:    |H| = exp(-2 pi f h / v)      (54.6 dB for a wavelength)
    h(t) = sum over k of h_k (4 u_k (1 - u_k))^2,    u_k = v (t - t_k) / l_k between 0 and 1

The t_k are a Poisson process of rate_per_min on each track. The share `correlation` of them lifts all tracks at once,
the rest single ones, so it is the correlation between the h of two tracks. The heights h_k are exponential with a mean
of depth_um, the lengths l_k log-normal with a median of length_mm: two of three lie between 0.61 and 1.65 times that.
h is held under v times 1 ms, where nothing is left above 1 kHz. The law is kept within 0.3 dB to -40 dB at low
frequencies. There is no latency; between dropouts the sound passes unchanged. A changed rate acts at once, all else
from the next dropout on. Times depend neither on the block nor on the rate.

Source: R. L. Wallace, The reproduction of magnetically recorded signals, Bell Syst. Tech. J. 30, 1951; for the
distributions _kernels/lift_offs.py.
"""

from __future__ import annotations

from typing import ClassVar

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Node, Param, Signal, silence
from tapegraph_nodes._kernels.distance import LONGEST_S, STATES, lift, tail_of
from tapegraph_nodes._kernels.lift_offs import LiftOffs

LAW_EXCEPTIONS: dict[str, object] = {"has_own_time": True}  # the dirt lies on the tape, whatever is recorded there


class Dropouts(Node):
    KIND: ClassVar[str] = "dropouts"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Param("rate_per_min", 6.0, 0.0, 240.0, "1/min", "dropouts on each track"),
        Param("length_mm", 8.0, 1.0, 50.0, "mm", "median length on the tape", "log"),
        Param("depth_um", 20.0, 0.0, 200.0, "um", "mean of the largest distance between tape and head"),
        Param("speed_ips", 7.5, 1.0, 50.0, "ips", "speed of the tape", "log"),
        Param("correlation", 0.5, 0.0, 1.0, "", "share of the dropouts that all tracks have in common"),
    )

    rate_per_min: float  # parameter
    length_mm: float  # parameter
    depth_um: float  # parameter
    speed_ips: float  # parameter
    correlation: float  # parameter
    common_rate: float  # coefficient: dropouts of all tracks, in a frame
    own_rate: float  # coefficient: of a single one
    length: float  # coefficient: median, frames
    height: float  # coefficient: mean, frames that the tape moves by as much
    most: float  # coefficient: of the spacing, the same
    common: LiftOffs  # state
    own: list[LiftOffs]  # state: one for each channel
    common_tau: vec[float]  # a block of the spacing, frames
    tau: vec[float]  # the same, of one channel
    s: vec[float]  # state: of the distance, for each channel

    def prepare(self) -> None:
        seed, name, first = int(self.seed), self.name, int(self.first_channel)
        self.most = LONGEST_S * self.fs
        self.common = LiftOffs(seed, name, 0, "common dropouts")
        self.own = [LiftOffs(seed, name, first + c, "dropouts") for c in range(self.channels)]
        self.common_tau = vec[float]([0.0] * self.frames)
        self.tau = vec[float]([0.0] * self.frames)
        self.s = vec[float]([0.0] * (STATES * self.channels))

    def update(self) -> None:
        frames_per_m = self.fs / (self.speed_ips * 0.0254)
        rate = self.rate_per_min / 60.0 / self.fs
        self.common_rate = rate * self.correlation
        self.own_rate = rate - self.common_rate
        self.length = self.length_mm * 1e-3 * frames_per_m
        self.height = self.depth_um * 1e-6 * frames_per_m

    def reset(self) -> None:
        self.common.restart()
        for own in self.own:
            own.restart()
        silence(self.s)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        tau, common_tau = self.tau, self.common_tau
        lifted = self.common.run(common_tau, self.common_rate, self.length, self.height)
        c: i64 = 0
        while c < self.channels:
            if self.own[c].run(tau, self.own_rate, self.length, self.height) or lifted:
                add_up_to(tau, common_tau, self.most)
            lift(x[0].samples, y[0].samples, tau, c, self.s)
            c += 1

    def tail(self) -> float:
        return tail_of(LONGEST_S)


def add_up_to(y: vec[float], x: vec[float], most: float) -> None:
    """Add x to y, and hold the sum."""
    n: i64 = len(y)
    i: i64 = 0
    while i < n:
        v = y[i] + x[i]
        y[i] = most if v > most else v
        i += 1
