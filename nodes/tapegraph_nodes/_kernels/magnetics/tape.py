"""A tape under the record head: what it is made of, and what every channel of it remembers.

The constants of jiles_atherton.py are held as six values that move in a Ramp:

    0 cells   64 / a: cells of the Langevin table to a unit of the field
    1 c
    2 kappa
    3 beta
    4 gamma
    5 gain    what is heard of m
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import silence
from tapegraph_nodes._kernels.magnetics.constants import ALPHA
from tapegraph_nodes._kernels.magnetics.langevin import CELLS_PER_UNIT, langevin_table
from tapegraph_nodes._kernels.networks.network import Network
from tapegraph_nodes._kernels.ramp import Ramp

STN: Final = -1  # a network that is given susceptibilities
STN_OF_FIELD: Final = -2  # a network that is given field and rate
RK2: Final = 0
RK4: Final = 1
MIDPOINT_H: Final = 2
EXPONENTIAL_H: Final = 3
NR4: Final = 4  # from here on the most iterations of Newton
NR8: Final = 8
CONSTANTS: Final = 6
FEATURES: Final = 5  # numbers that a network is given of each sample


class Tape:
    """Constants and state of all channels.

    constants: where their targets are coefficients, and how far they have come is state
    method: coefficient: one of the numbers above
    clip: coefficient: most |H|
    guard: coefficient: most |m|
    network: of the two methods with one
    features: room for what the network is given of a block, of two channels
    m: state: M / M_s of each channel
    H: state: field of each channel
    G: state: field one sample before H
    V: state: T H' of each channel
    """

    def __init__(self, fs: float, channels: i64, frames: i64) -> None:
        self.fs: float = fs
        self.channels: i64 = channels
        self.frames: i64 = frames
        self.table: vec[float] = langevin_table()
        self.constants: Ramp = Ramp(fs, frames, CONSTANTS, 1.0)
        self.method: i64 = EXPONENTIAL_H
        self.clip: float = 0.0
        self.guard: float = 0.0
        self.network: Network = Network()
        self.features: vec[float] = vec[float]([0.0] * (2 * FEATURES * (frames + 1)))
        self.m: vec[float] = vec[float]([0.0] * channels)
        self.H: vec[float] = vec[float]([0.0] * channels)
        self.G: vec[float] = vec[float]([0.0] * channels)
        self.V: vec[float] = vec[float]([0.0] * channels)

    def aim(self, M_s: float, per_a: float, c: float, k: float, gain: float) -> None:
        """Set the targets of the constants, from those of constants.py; gain is what is heard of M / M_s."""
        target = self.constants.target
        cells = CELLS_PER_UNIT * per_a
        beta = ALPHA * M_s * cells
        target[0] = cells
        target[1] = c
        target[2] = k * cells
        target[3] = beta
        target[4] = beta / (1.0 - c)
        target[5] = gain

    def clear(self) -> None:
        """Demagnetise, with all constants at their targets."""
        self.constants.jump()
        self.network.jump()
        silence(self.m)
        silence(self.H)
        silence(self.G)
        silence(self.V)
