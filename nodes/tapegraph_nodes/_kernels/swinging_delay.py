"""A delay that swings around its mean, as tape does whose speed wavers around the right one.

    y(t) = x(t - mean - D(t)),    D held within -reach to reach,    mean = reach + 8 frames

Its mean is the latency of the node that has it, so that it lines up with a path that is not delayed.
Source: the interpolation is that of moving_delay.py.
"""

from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.moving_delay import HALF, MovingDelay


class SwingingDelay:
    """The delay of all channels.

    displacement: a block of D, frames, which a node writes before it calls process()
    """

    def __init__(self, channels: i64, frames: i64, reach_frames: i64) -> None:
        self.reach: i64 = reach_frames
        self.mean: i64 = reach_frames + HALF
        self.displacement: vec[float] = vec[float]([0.0] * frames)
        self.past = MovingDelay(channels, self.mean + reach_frames)

    def clear(self) -> None:
        self.past.clear()

    def process(self, x: vec[float], y: vec[float]) -> None:
        """Delay a block of every channel of x into y."""
        add_mean(self.displacement, float(self.mean), float(self.reach))
        self.past.process(x, y, self.displacement)

    def tail_s(self, fs: float) -> float:
        return float(self.reach + 2 * HALF) / fs


def add_mean(D: vec[float], mean: float, reach: float) -> None:
    """Replace displacements, held within the reach, by delays, frames."""
    n: i64 = len(D)
    i: i64 = 0
    while i < n:
        d = D[i]
        if d > reach:
            d = reach
        elif d < -reach:
            d = -reach
        D[i] = mean + d
        i += 1
