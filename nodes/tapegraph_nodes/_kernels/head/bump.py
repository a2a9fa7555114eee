"""The bumps of a playback head with minimum phase: poles that are fitted once, and move with the speed of the tape.

    |B(a)| = 1 + b edges(a),    a = k p = w T,    T = p / v
    B(a) = 1 + sum over k of g_k / (j a - p_k)    within 0.09 dB for a from 0.05 on

B is one function of a, so its poles p_k are constants: four real ones, and eight with their conjugates, one for each
ripple that can be heard. Only the weights g_k depend on b. Those of least squares for six b, for the minimum phase that
belongs to |B|, give polynomials in 1 - sqrt(1 - b), for all b; tests/nodes/test_bump.py fits them again. In frames of
1 / fs

    s_k[i] = z_k s_k[i-1] + h x[i],    z_k = exp(h p_k),    h = 1 / (T fs)
    y[i] = d x[i] + sum over k of Re(g_k s_k[i])

samples the impulse response of B, and d, 1 for slow poles, makes the gain at 0 Hz exact. The first pole decays in
1 / (2 pi 8 Hz) at the latest, the others in 1 / (2 pi 3 Hz): what is slower cannot be heard.
Another speed or length only changes h and z, another height only g: they move to it in 5 ms or a block, whichever is
longer, in steps of 4 frames, while the states go on.
Source: B. Gustavsen, A. Semlyen, Rational approximation of frequency domain responses by vector fitting, IEEE Trans.
Power Delivery 14, 1999, for the poles; L. R. Rabiner, B. Gold, Theory and Application of Digital Signal Processing,
ch. 4 (impulse invariance).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from librt.vecs import vec
from mypy_extensions import i64

from tapegraph.node import silence
from tapegraph_nodes._kernels.head.parallel_poles import FOUR_COMPLEX, FOUR_REAL, add_four_complex, add_four_real
from tapegraph_nodes._kernels.ramp import Ramp

REAL: Final = np.array([-0.0713, -0.4075, -2.3047, -8.0])
COMPLEX: Final = np.array(
    [
        *(-3.1873 + 2.9853j, -2.4535 + 8.8834j, -2.2708 + 14.6633j, -2.0644 + 20.4012j),
        *(-1.7750 + 26.2027j, -1.4345 + 32.1049j, -1.0751 + 38.1172j, -0.7249 + 44.3749j),
    ]
)
# Coefficients of the weights: a row for each power of 1 - sqrt(1 - b) from 1 on, the poles as above.
OF_REAL: Final = np.array(
    [
        [-0.00625972233245532, -0.4725686245496634, -12.611353087248391, -6.427177405477],
        [-0.018868082669651686, 0.9104004833631192, -6.009680309362008, 24.389462280586123],
        [0.042923935721110154, -0.4116247875212031, 10.564755341142352, -27.606118708611188],
        [-0.017358900787078895, -0.01705045080536821, -2.2207781139966656, 10.247616587810459],
    ]
)
OF_COMPLEX: Final = np.array(
    [
        [
            *(6.424426445615071 - 26.198433867906413j, 6.803969037492917 - 2.919908017443251j),
            *(3.6583070909625355 + 0.3998572365656902j, 1.5497527138819938 + 1.1310653263659667j),
            *(0.4327337153291238 + 0.8427269728032435j, 0.043741507412171185 + 0.43871669204800495j),
            *(-0.03351305349133748 + 0.18722869004936718j, -0.04337399624736129 + 0.08932151065857516j),
        ],
        [
            *(-11.199909093693691 - 2.001048065715812j, -4.304131686483734 + 0.07144772414562162j),
            *(-2.320765933438153 - 0.5646376680261338j, -1.0508179216997267 - 0.7419797768400479j),
            *(-0.36742682057858345 - 0.5253989046950821j, -0.10656383793848129 - 0.27841483675192313j),
            *(-0.04211160101948897 - 0.12241767366897027j, 0.032705243567488704 - 0.10062459024036732j),
        ],
        [
            *(14.203414130174187 + 16.401528943741646j, 1.5848803758489387 + 2.2091543782217915j),
            *(0.6678308506783526 + 0.6459728863600323j, 0.33812413108198747 + 0.28740168979128755j),
            *(0.18367922311582857 + 0.1494076830599495j, 0.10707371845473179 + 0.07844159911841772j),
            *(0.07697437505876799 + 0.0357437204921678j, -0.005074806068098264 + 0.07259057968284716j),
        ],
        [
            *(-6.45510627606016 - 5.03285297947211j, -0.7184368686776146 - 0.9532039217119519j),
            *(-0.25349575646761235 - 0.2976537234322315j, -0.1162348437007229 - 0.1261251491548418j),
            *(-0.06259056745116925 - 0.060051366610382434j, -0.037990023901541776 - 0.029591065735295533j),
            *(-0.02834642286978971 - 0.012796084837530239j, -0.0004309660428228543 - 0.026648106714254126j),
        ],
    ]
)
POLYNOMIALS: Final = np.concatenate([OF_REAL, OF_COMPLEX], axis=1)
LEAST_HZ: Final = np.array([8.0] + 11 * [3.0])  # of each pole
POWERS: Final = np.arange(1, 5)  # of the polynomials
LAST: Final = FOUR_REAL + 2 * FOUR_COMPLEX - 4  # where the last pole stands
H: Final = LAST + 4  # where h and d stand, behind the poles
D: Final = H + 1
STEP: Final = 4  # frames
STATES: Final = 2 * (4 + 2 * 8)  # of two channels
SILENT: Final = 14.0  # time constants in which a pole falls by 120 dB


class Bump:
    """The bumps of all channels. A node calls aim() in update(), jump() in reset(), and process() for each block."""

    def __init__(self, fs: float, frames: i64, channels: i64) -> None:
        self.fs = fs
        self.frames: i64 = frames
        self.channels: i64 = channels
        self.k: Ramp = Ramp(fs, frames, D + 1)
        self.now: vec[float] = vec[float]([0.0] * len(self.k.target))
        self.s: vec[float] = vec[float]([0.0] * (STATES * ((channels + 1) // 2)))  # state
        self.x: vec[float] = vec[float]([0.0] * (2 * frames))  # h x of two channels
        self.heard: bool = False  # coefficient: whether there is a bump
        self.sounds: bool = False  # state: whether there is one, or was one a block ago

    def aim(self, T: float, b: float) -> None:
        """Set the bump to go to."""
        h = 1.0 / (T * self.fs)
        u = 1.0 - math.sqrt(1.0 - b)
        g = u**POWERS @ POLYNOMIALS
        p = np.concatenate([REAL, COMPLEX])
        z = np.exp(h * p)
        d = 1.0 - float(np.sum(g * (1.0 / p + h / (1.0 - z))).real)
        z *= np.minimum(1.0, np.exp(-2.0 * math.pi / self.fs * LEAST_HZ) / np.abs(z))
        k = self.k.target
        for i in range(len(REAL)):
            k[2 * i], k[2 * i + 1] = z[i].real, g[i].real
        for i in range(len(REAL), len(p)):
            at = 4 * i - 2 * len(REAL)
            k[at], k[at + 1], k[at + 2], k[at + 3] = z[i].real, z[i].imag, g[i].real, g[i].imag
        k[H], k[D] = h, d
        self.heard = b > 0.0

    def tail(self) -> float:
        """Return after which time it is silent, s."""
        k = self.k.target
        slowest = max(k[0], math.hypot(k[LAST], k[LAST + 1]))  # of the real poles, and of the others
        return SILENT / (-math.log(slowest) * self.fs) if self.heard else 0.0

    def jump(self) -> None:
        """Be there, without a past."""
        self.k.jump()
        silence(self.s)

    def process(self, y: vec[float]) -> None:
        """Add the bumps to a block of every channel."""
        self.k.begin()
        if self.k.moving:
            start: i64 = 0
            while start < self.frames:
                end = min(start + STEP, self.frames)
                mix(self.k.start, self.k.end, float(end) / float(self.frames), self.now)
                self.add(y, start, end - start, self.now)
                start = end
            self.sounds = True
        elif self.heard:
            self.add(y, 0, self.frames, self.k.end)
        elif self.sounds:
            silence(self.s)
            self.sounds = False
        self.k.finish()

    def add(self, y: vec[float], start: i64, frames: i64, k: vec[float]) -> None:
        x, s = self.x, self.s
        at: i64 = 0
        a: i64 = 0
        while a < self.channels:
            b = a + 1 if a + 1 < self.channels else a
            ya, yb = a * self.frames + start, b * self.frames + start
            xb = (b - a) * frames
            split(y, ya, frames, k[D], k[H], x, 0)
            if b != a:
                split(y, yb, frames, k[D], k[H], x, xb)
            add_four_real(x, 0, xb, y, ya, yb, frames, k, k, 0, s, at)
            add_four_complex(x, 0, xb, y, ya, yb, frames, k, FOUR_REAL, s, at + 8)
            add_four_complex(x, 0, xb, y, ya, yb, frames, k, FOUR_REAL + FOUR_COMPLEX, s, at + 24)
            at += STATES
            a += 2


def mix(start: vec[float], end: vec[float], part: float, now: vec[float]) -> None:
    i: i64 = 0
    while i < len(now):
        now[i] = start[i] + part * (end[i] - start[i])
        i += 1


def split(y: vec[float], at: i64, frames: i64, d: float, h: float, x: vec[float], x_at: i64) -> None:
    """Write h y into x, and d y into y."""
    i: i64 = 0
    while i < frames:
        u = y[at + i]
        x[x_at + i] = h * u
        y[at + i] = d * u
        i += 1
