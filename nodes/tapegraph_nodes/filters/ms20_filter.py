"""Low-pass of the early Korg MS-20: 12 dB per octave, with a resonance up to self-oscillation that diodes limit.

    v = (p + g w) / D,    y = v,    p = g s_q + (1 + 2 g) s_v + g^2 x,    D = 1 + (3 - r) g + g^2
    q = (s_q + g (x - 2 (r v + w) + v)) / (1 + 2 g)
    s_v = 2 v - s_v,    s_q = 2 q - s_q         for the next sample
    w: (1 - KAPPA r g / D) w + B sinh(h w) / h = KAPPA r p / D    see _kernels/circuits/korg35.py

    g = tan(pi cutoff_hz / fs)                  so that the cutoff is exact; held under 0.49 fs
    r = resonance                               gain K = 3.294 r, self-oscillation from K = 3 on, at r = 0.911
    h = 10^(drive_db / 20) 0.25 V / (n V_t)     full scale is 0.25 V in the circuit

Drive does what a louder sound would do, at the same loudness: the diodes reduce the resonance. An oscillation at full
resonance peaks at 0.7 with drive at 0 dB, and gets quieter with drive; silence does not start it. Latency 0. Distortion
makes new frequencies: oversample the node. Input is clipped at 1000. Changed parameters are reached in 5 ms or a block,
whichever is longer, g and h by equal ratios.

The solver newton finds w to the last digits; stn estimates it by a small network. Up to resonance 0.9 they differ by
less than -45 dB, and -86 dB in the median; where the filter oscillates by itself, pitch and loudness are the same, but
not the phase. newton takes longer the louder the diodes are driven, stn always takes the same time. They can be
switched while sound runs.
Source: T. Stinchcombe, A study of the Korg MS10 & MS20 filters, 2006; V. Zavalishin, The art of VA filter design,
ch. 3, for the trapezoidal rule in this form.
"""

import math
from typing import ClassVar, Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import AnyParam, Choice, Model, Node, Param, Signal, Weights, silence
from tapegraph_nodes._kernels.circuits.diode_network import predicted_voltage
from tapegraph_nodes._kernels.circuits.korg35 import KAPPA, NV_T, B, diode_voltage
from tapegraph_nodes._kernels.networks.network import Network
from tapegraph_nodes._kernels.prewarp import prewarped
from tapegraph_nodes._kernels.ramp import Ramp

FULL_SCALE_V: Final = 0.25
MOST: Final = 1000.0  # input, 60 dB over full scale
LONGEST_TAIL_S: Final = 10.0
AXES: Final = ("cutoff_hz", "resonance", "drive_db")
FEATURES: Final = {"diode_excess": (2, 1)}  # numbers of inputs and outputs of the networks that diode_network.py runs


LAW_EXCEPTIONS: dict[str, object] = {"oscillates_from": {"resonance": 0.91}}


class Ms20Filter(Node):
    KIND: ClassVar[str] = "ms20_filter"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Choice("solver", "newton", ("newton", "stn"), "method of computing the circuit"),
        Param("cutoff_hz", 1000.0, 20.0, 20_000.0, "Hz", "cutoff of the low-pass, and pitch of its resonance", "log"),
        Param("resonance", 0.5, 0.0, 1.0, meaning="boost at the cutoff; self-oscillation from 0.91 on"),
        Param("drive_db", 0.0, -12.0, 36.0, "dB", "how hard the sound drives the diodes, at the same loudness"),
        Model("model", "ms20_filter-1x8", "ms20_filter", FEATURES, AXES, "weights of the network that stn runs"),
    )

    solver: str  # parameter
    cutoff_hz: float  # parameter
    resonance: float  # parameter
    drive_db: float  # parameter
    model: Weights  # parameter
    now: Ramp  # ln g, r, ln h
    network: Network  # of stn
    s_q: vec[float]  # state: memory of the capacitor in the feedback of each channel, full scale
    s_v: vec[float]  # state: memory of the capacitor to ground of each channel, full scale

    def prepare(self) -> None:
        self.now = Ramp(self.fs, self.frames, 3)
        self.network = Network()
        self.s_q = vec[float]([0.0] * self.channels)
        self.s_v = vec[float]([0.0] * self.channels)

    def update(self) -> None:
        h = 10.0 ** (self.drive_db / 20.0) * FULL_SCALE_V / NV_T
        self.now.target[0] = math.log(prewarped(self.cutoff_hz, self.fs))
        self.now.target[1] = self.resonance
        self.now.target[2] = math.log(h)
        if self.solver == "stn":
            trained = self.model
            setting = {"cutoff_hz": self.cutoff_hz, "resonance": self.resonance, "drive_db": self.drive_db}
            self.network.aim(list(trained.widths), trained.at(setting).tolist())

    def reset(self) -> None:
        self.now.jump()
        self.network.jump()
        silence(self.s_q)
        silence(self.s_v)

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        self.now.begin()
        self.network.begin(self.now.blocks_left)
        self.network.step()
        self.network.settle()
        predicted = self.solver == "stn"
        lowpass(x[0].samples, y[0].samples, self.network, predicted, self.now, self.s_q, self.s_v)
        self.now.finish()

    def tail(self) -> float:
        """The time in which ringing falls by 120 dB; an oscillation, which never ends, counts as ten seconds."""
        damping = 3.0 - (1.0 + KAPPA / (1.0 + B)) * self.resonance
        if damping <= 0.0:
            return LONGEST_TAIL_S
        slowest = 0.5 * damping
        if damping > 2.0:
            slowest -= math.sqrt(slowest * slowest - 1.0)
        return min(LONGEST_TAIL_S, math.log(1e6) / (slowest * 2.0 * math.pi * self.cutoff_hz))


def lowpass(
    x: vec[float],
    y: vec[float],
    network: Network,
    predicted: bool,
    now: Ramp,
    s_q: vec[float],
    s_v: vec[float],
) -> None:
    """Filter every channel of x into y, from and to the memories s_q and s_v, while ln g, r and ln h move.

    predicted: whether the network gives w, or Newton's method
    """
    weights, widths, inputs, outputs = network.weights, network.widths, network.x, network.y
    start, end = now.start, now.end
    channels: i64 = len(s_q)
    n: i64 = len(x) // channels
    g = math.exp(start[0])
    r = start[1]
    h = math.exp(start[2])
    g_ratio = math.exp((end[0] - start[0]) / float(n))
    r_step = (end[1] - start[1]) / float(n)
    h_ratio = math.exp((end[2] - start[2]) / float(n))
    slope = 1.0
    asymptote = math.log(2.0 / B)
    i: i64 = 0
    while i < n:
        g *= g_ratio
        r += r_step
        h *= h_ratio
        over_h = 1.0 / h
        over_D = 1.0 / (1.0 + (3.0 - r) * g + g * g)
        over_q = 1.0 / (1.0 + 2.0 * g)
        amplified = KAPPA * r * over_D
        if slope != 1.0 - amplified * g:
            slope = 1.0 - amplified * g
            asymptote = math.log(2.0 * slope / B)
        at = i
        c: i64 = 0
        while c < channels:
            e = x[at]
            if not abs(e) <= MOST:
                e = MOST if e > 0.0 else -MOST if e < 0.0 else 0.0  # 0 for what is not a number
            p = g * (s_q[c] + g * e) + (1.0 + 2.0 * g) * s_v[c]
            current = h * amplified * p
            if predicted:
                w = predicted_voltage(weights, widths, inputs, outputs, asymptote, slope, current) * over_h
            else:
                w = diode_voltage(slope, current) * over_h
            v = (p + g * w) * over_D
            q = (s_q[c] + g * (e - 2.0 * (r * v + w) + v)) * over_q
            s_q[c] = 2.0 * q - s_q[c]
            s_v[c] = 2.0 * v - s_v[c]
            y[at] = v
            at += n
            c += 1
        i += 1
    c = 0
    while c < channels:
        if abs(s_q[c]) + abs(s_v[c]) < 1e-30:  # subnormal numbers are slow
            s_q[c] = s_v[c] = 0.0
        c += 1
