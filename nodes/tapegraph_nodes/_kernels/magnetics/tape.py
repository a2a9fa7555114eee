"""A tape under the record head: the constants of its coating, and the state of every channel.

The constants of jiles_atherton.py are held as six values that move in a Ramp:

    0 cells   64 / a: cells of the Langevin table to a unit of the field
    1 c
    2 kappa
    3 beta
    4 gamma
    5 gain    output per m
"""

from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import silence
from tapegraph_nodes._kernels.magnetics.constants import ALPHA
from tapegraph_nodes._kernels.magnetics.jiles_atherton import Material
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


class Coating(Material):
    """The constants at one sample of a block.

    cells: of the Langevin table to a unit of the field; gain: output per m
    """

    def __init__(self) -> None:
        super().__init__()
        self.cells: float = 1.0
        self.gain: float = 0.0
        self.cells_step: float = 0.0
        self.c_step: float = 0.0
        self.kappa_step: float = 0.0
        self.beta_step: float = 0.0
        self.gamma_step: float = 0.0
        self.gain_step: float = 0.0

    def begin(self, ramp: Ramp, frames: i64) -> None:
        """Be at the last sample before a block of so many frames."""
        start, end = ramp.start, ramp.end
        part = 1.0 / float(frames)
        self.cells, self.cells_step = start[0], part * (end[0] - start[0])
        self.c, self.c_step = start[1], part * (end[1] - start[1])
        self.kappa, self.kappa_step = start[2], part * (end[2] - start[2])
        self.beta, self.beta_step = start[3], part * (end[3] - start[3])
        self.gamma, self.gamma_step = start[4], part * (end[4] - start[4])
        self.gain, self.gain_step = start[5], part * (end[5] - start[5])

    def advance(self) -> None:
        """Move on by a sample."""
        self.cells += self.cells_step
        self.c += self.c_step
        self.kappa += self.kappa_step
        self.beta += self.beta_step
        self.gamma += self.gamma_step
        self.gain += self.gain_step


class Tape:
    """Constants and state of all channels.

    constants: where their targets are coefficients, and how far they have come is state
    coating: state: the constants as a loop over a block goes through them
    method: coefficient: one of the numbers above
    clip: coefficient: most |H|
    most_m: coefficient: most |m|, at which it is held
    network: of the two methods with one
    features: room for what the network is given of a block, of two channels in turns
    field, rate: room for H and T H' of a block, of two channels, each behind its last two samples
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
        self.coating: Coating = Coating()
        self.method: i64 = EXPONENTIAL_H
        self.clip: float = 0.0
        self.most_m: float = 1.0
        self.network: Network = Network()
        self.features: vec[float] = vec[float]([0.0] * (2 * FEATURES * (frames + 1)))
        self.field: vec[float] = vec[float]([0.0] * (2 * (frames + 2)))
        self.rate: vec[float] = vec[float]([0.0] * (2 * (frames + 2)))
        self.m: vec[float] = vec[float]([0.0] * channels)
        self.H: vec[float] = vec[float]([0.0] * channels)
        self.G: vec[float] = vec[float]([0.0] * channels)
        self.V: vec[float] = vec[float]([0.0] * channels)

    def aim(self, M_s: float, per_a: float, c: float, k: float, gain: float) -> None:
        """Set the targets of the constants, from those of constants.py; gain is the output per M / M_s."""
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

    def begin(self) -> None:
        """Take the coating back to the beginning of the block, for the next channels."""
        self.coating.begin(self.constants, self.frames)
