"""A place that glides to where it was set, as something that a hand moves and that has mass.

    e'' + 2 e' / tau + e / tau^2 = 0,    e = place - target,    |e'| held under `most`

Critically damped: the way to a new target has no step in its speed and no overshoot, and after 6 tau no more than 2 %
of it are left. Each step is the exact solution of the equation, so nothing depends on the sample rate. At rest the
place is the target itself, to the last bit.
Source: L. D. Landau, E. M. Lifshitz, Mechanics, section 25 (damped oscillations); the limit of the speed is ours.
"""

from __future__ import annotations

import math
from typing import Final

from librt.vecs import vec
from mypy_extensions import i64

SETTLED: Final = 6.0  # times tau: (1 + 6) exp(-6) = 1.7 % of the way are left
CLOSE: Final = 1e-9  # frames: under that it is there


class Inertia:
    """One place, in frames, and its speed, in frames a frame.

    target: coefficient: where it is to go
    """

    def __init__(self) -> None:
        self.target: float = 0.0
        self.place: float = 0.0  # state
        self.speed: float = 0.0  # state

    def jump(self) -> None:
        """Be at the target, at rest."""
        self.place = self.target
        self.speed = 0.0

    def at_rest(self) -> bool:
        """Tell whether it is at the target and stays there."""
        return self.place == self.target and self.speed == 0.0

    def fill(self, places: vec[float], tau_frames: float, most: float) -> None:
        """Write the place at each frame of a block; most: the highest speed."""
        n: i64 = len(places)
        target = self.target
        speed = self.speed
        e = self.place - target
        rate = 1.0 / tau_frames
        keep = math.exp(-rate)
        a, c, d = (1.0 + rate) * keep, -rate * rate * keep, (1.0 - rate) * keep
        i: i64 = 0
        while i < n:
            if e != 0.0 or speed != 0.0:
                before = e
                e = a * before + keep * speed
                speed = c * before + d * speed
                if abs(speed) > most:
                    speed = most if speed > 0.0 else -most
                    e = before + speed
                if abs(e) < CLOSE and abs(speed) < CLOSE * rate:
                    e = 0.0
                    speed = 0.0
            places[i] = target + e
            i += 1
        self.place = target + e
        self.speed = speed
