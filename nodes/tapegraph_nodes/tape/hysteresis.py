"""Magnetises tape: it saturates, distorts and remembers, as the particles on a tape do.

    dM/dt = f(M, H, H')                     Jiles and Atherton, in full in _kernels/magnetics/jiles_atherton.py
    H' = (1.75 / T) (H - H_p) - 0.75 H'_p   rate of the field, from the samples H now and H_p one T ago
    y = g M                                 g = (1 + 0.6 (1 - bias)) / M_s with makeup, else 1

    M_s = 0.5 + 1.5 (1 - saturation)        saturation magnetisation
    a = M_s / (0.01 + 6 drive)              shape of the curve without hysteresis, a field
    c = sqrt(bias) - 0.01, 0 or more        reversible share, which follows the field without hysteresis
    k = 0.47875, alpha = 0.0016             coercivity, mean field

The input is the field H; full scale is 1. The solvers rk2, rk4 (Runge-Kutta), nr4 and nr8 (Newton, at most 4 or 8
iterations on a step of T / 1.9) sound a little different. midpoint_h and exponential_h solve the same equation over
the field, dM/dH = f / H', and need no H': they are more accurate, exponential_h by far. stn runs a network trained on
nr8 (_kernels/magnetics/transition.py); on music it differs from nr8 by less than -35 dB, and most where the field jumps
by several coercivities from sample to sample, so oversample it too. `model` names its weights. v1 is rk4 with an older
set of constants, in which bias and makeup have no effect, with field and magnetisation in the same units as above:

    M_s = 5 (0.5 + 1.5 (1 - saturation)),    a = M_s / (0.01 + 40 drive),    c = 0.17,    k = 2.7,    g = 1.414

Latency 0. Distortion makes new frequencies: oversample the node. The field is clipped at 8 (rk2), 10 (rk4, v1) or
12.5 (others). |M| is held at M_s, which it cannot exceed on tape; the solvers would, where the field leaps by many
coercivities from sample to sample. rk2 and v1 overshoot even where it leaps less: there the limit is 1.25 M_s. Changed
constants are reached in 5 ms or a block, whichever is longer, in equal steps, and M moves with M_s; solvers share their
state and can be switched while sound runs. A remanence stays after the sound has ended, as on tape; a dc_blocker behind
the node removes it.
Source: J. Chowdhury, Real-time physical modelling for analog tape machines, DAFx 2019, with the constants of the
plugin that grew out of it.
Differs: M is held at saturation, and does not start again from 0 where a step ends far beyond; c is never negative,
constants move for a time and not for a number of samples, and switching to or from v1 keeps the state.
"""

from typing import ClassVar, Final

from tapegraph.node import AnyParam, Choice, Model, Node, Param, Quality, Signal, Switch, Weights
from tapegraph_nodes._kernels.magnetics.constants import article_constants, constants
from tapegraph_nodes._kernels.magnetics.magnetise import magnetise
from tapegraph_nodes._kernels.magnetics.tape import (
    EXPONENTIAL_H,
    MIDPOINT_H,
    NR4,
    NR8,
    RK2,
    RK4,
    STN,
    STN_OF_FIELD,
    Tape,
)

# How each solver works, where it clips the field, and where it holds |M| / M_s. On tape that is 1, but the reference
# vectors of rk2 and v1 reach 1.245 and 1.154: for these it is the smallest round number that leaves them as they are.
SOLVERS: Final = {
    "rk2": (RK2, 8.0, 1.25),
    "rk4": (RK4, 10.0, 1.0),
    "nr4": (NR4, 12.5, 1.0),
    "nr8": (NR8, 12.5, 1.0),
    "midpoint_h": (MIDPOINT_H, 12.5, 1.0),
    "exponential_h": (EXPONENTIAL_H, 12.5, 1.0),
    "stn": (STN, 12.5, 1.0),
    "v1": (RK4, 10.0, 1.25),
}
# Numbers of inputs and outputs of the networks that transition.py and field_network.py run.
NETWORKS: Final = {"susceptibilities": (5, 2), "field_and_rate": (5, 1)}
AXES: Final = ("drive", "saturation", "bias")
LIGHTER: Final[dict[Quality, dict[str, str]]] = {
    "live": {"nr4": "rk4", "nr8": "rk4"},
    "draft": {"rk4": "rk2", "nr4": "rk2", "nr8": "rk2"},
}


LAW_EXCEPTIONS: dict[str, object] = {
    "rounding": 1e-7,  # exponential_h takes L over from sample to sample, and computes it where a block begins
    "keeps_constant": True,  # as on tape, a remanence remains: only what moves has to end
}


class Hysteresis(Node):
    KIND: ClassVar[str] = "hysteresis"
    COUPLED_BY: ClassVar[tuple[str, ...] | None] = ()
    PARAMS: ClassVar[tuple[AnyParam, ...]] = (
        Choice("solver", "exponential_h", tuple(SOLVERS), "method of computing the magnetisation", LIGHTER),
        Param("drive", 0.5, 0.0, 1.0, meaning="how hard the sound drives the tape"),
        Param("saturation", 0.5, 0.0, 1.0, meaning="how early the tape saturates"),
        Param("bias", 0.5, 0.0, 1.0, meaning="amount of bias: 0 gives a wide hysteresis loop, 1 a narrow one"),
        Switch(
            "makeup",
            True,
            "keep the level constant while saturation and bias change; without it the output is M itself",
        ),
        Model("model", "hysteresis-2x4", "hysteresis", NETWORKS, AXES, "weights of the network that stn runs"),
    )

    solver: str  # parameter
    drive: float  # parameter
    saturation: float  # parameter
    bias: float  # parameter
    makeup: bool  # parameter
    model: Weights  # parameter
    tape: Tape  # coefficients and state of all channels

    def prepare(self) -> None:
        self.tape = Tape(self.fs, self.channels, self.frames)

    def update(self) -> None:
        tape = self.tape
        tape.method, tape.clip, tape.most_m = SOLVERS[self.solver]
        if self.solver == "v1":
            M_s, per_a, c, k = article_constants(self.drive, self.saturation)
            gain = 1.414 * M_s
        else:
            M_s, per_a, c, k = constants(self.drive, self.saturation, self.bias)
            gain = 1.0 + 0.6 * (1.0 - self.bias) if self.makeup else M_s
        tape.aim(M_s, per_a, c, k, gain)
        if self.solver == "stn":
            trained = self.model
            setting = {"drive": self.drive, "saturation": self.saturation, "bias": self.bias}
            tape.network.aim(list(trained.widths), trained.at(setting).tolist())
            if trained.features == "field_and_rate":
                tape.method = STN_OF_FIELD

    def reset(self) -> None:
        self.tape.clear()

    def process(self, x: list[Signal], y: list[Signal]) -> None:
        magnetise(self.tape, x[0].samples, y[0].samples)
