"""The MS-20 filter as a system to be learned: the voltage on its diodes, for any cutoff, resonance, drive and rate.

    w = w_0 (1 + t^2 network(t, ln(1 + A) / 5)) / h,    w_0 = M t,    t = A / sqrt(A^2 + M^2)
    A = |h KAPPA r p / D| / (slope + B),    M = ln(1 + A) + ln(2 slope / B),    slope = 1 - KAPPA r g / D

The rest of a step of the circuit is linear, and known. A is the voltage on diodes that stay linear, M nearly that on
diodes that take all the current (both in n V_t), and w_0 leads from one to the other. The network adds what w_0 lacks,
a tenth at most: soft sounds are exact, as t^2 removes its share; positive and negative ones are one case; and as the
equation of the diodes has only two numbers, A and slope, a network of a few neurons serves all settings and rates.

Symbols as in _kernels/circuits/korg35.py and filters/ms20_filter.py. The state is (s_q, s_v).
Source: J. Parker, F. Esqueda, A. Bergner, Modelling of nonlinear state-space systems using a deep neural network, DAFx
2019. Differs: theirs predict the complete state from state and input; here the linear part is computed.
"""

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from tapegraph.node import Param, Value
from tapegraph_nodes._kernels.circuits.korg35 import KAPPA, NV_T, B, diode_voltage
from tapegraph_nodes.filters.ms20_filter import FULL_SCALE_V

Array = npt.NDArray[np.float64]


class Ms20FilterSystem:
    NAME: ClassVar[str] = "ms20_filter"
    FEATURES: ClassVar[str] = "diode_excess"
    PARAMS: ClassVar[tuple[Param, ...]] = (
        Param("cutoff_hz", 1000.0, 20.0, 20_000.0, "Hz", curve="log"),
        Param("resonance", 0.5, 0.0, 1.0),
        Param("drive_db", 0.0, -12.0, 36.0, "dB"),
    )
    AXES: ClassVar[tuple[str, ...]] = ("resonance", "drive_db")
    STATES: ClassVar[int] = 2
    LEARNED: ClassVar[int] = 2
    INPUTS: ClassVar[int] = 2
    OUTPUTS: ClassVar[int] = 1
    PEAK: ClassVar[float] = 4.0
    NODE: ClassVar[str] = "ms20_filter"
    SOLVED: ClassVar[dict[str, Value]] = {"solver": "newton"}
    PREDICTED: ClassVar[dict[str, Value]] = {"solver": "stn"}
    REPORTED: ClassVar[dict[str, tuple[float, ...]]] = {
        "cutoff_hz": (100.0, 500.0, 2000.0, 10_000.0),
        "resonance": (0.0, 0.3, 0.6, 0.8, 0.9, 1.0),
        "drive_db": (-12.0, 0.0, 12.0, 24.0, 36.0),
    }

    def step(self, state: Array, x: Array, fs: Array, setting: dict[str, Array]) -> Array:
        circuit = Linear(state, x, fs, setting)
        w = [
            diode_voltage(slope, current)
            for slope, current in zip(circuit.slope.tolist(), circuit.current.tolist(), strict=True)
        ]
        return circuit.after(np.array(w) / circuit.h)

    def transition(
        self, state: Array, x: Array, fs: Array, setting: dict[str, Array]
    ) -> tuple[Array, Array, Array, Array]:
        circuit = Linear(state, x, fs, setting)
        A = np.abs(circuit.current) / (circuit.slope + B)
        M = np.log(1.0 + A) + np.log(2.0 * circuit.slope / B)
        t = A / np.sqrt(A**2 + M**2)
        w_0 = np.sign(circuit.current) * M * t / circuit.h
        known = circuit.after(w_0)
        effect = circuit.after(2.0 * w_0) - known  # of w_0 on the state, which is linear in w
        inputs = np.array([t, np.log(1.0 + A) / 5.0]).T
        gates = effect * (t**2)[:, None]
        weights = 1.0 / (1e-12 + np.hypot(effect[:, 0], effect[:, 1]))
        return inputs, gates[:, :, None], known, weights


class Linear:
    """A step of the circuit, apart from the diodes.

    current: on the right side of their equation; slope: on its left
    """

    def __init__(self, state: Array, x: Array, fs: Array, setting: dict[str, Array]) -> None:
        self.s_q, self.s_v = state.T
        self.x = x
        self.g = np.tan(np.pi * np.minimum(setting["cutoff_hz"] / fs, 0.49))
        self.r = setting["resonance"]
        self.h = 10.0 ** (setting["drive_db"] / 20.0) * FULL_SCALE_V / NV_T
        self.D = 1.0 + (3.0 - self.r) * self.g + self.g**2
        self.p = self.g * self.s_q + (1.0 + 2.0 * self.g) * self.s_v + self.g**2 * x
        self.slope = 1.0 - KAPPA * self.r * self.g / self.D
        self.current = self.h * KAPPA * self.r * self.p / self.D

    def after(self, w: Array) -> Array:
        """Return the next state, given the voltage on the diodes, full scale."""
        v = (self.p + self.g * w) / self.D
        q = (self.s_q + self.g * (self.x - 2.0 * (self.r * v + w) + v)) / (1.0 + 2.0 * self.g)
        return np.array([2.0 * q - self.s_q, 2.0 * v - self.s_v]).T
