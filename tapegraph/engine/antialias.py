"""The lowpass filters of the resamplers: what keeps images and aliases out of the sound.

A factor is worked off in stages, one for each prime in it, twos first. With the rate of the slow side as 1, the stage
that goes from rate r to rate p r has to pass and to stop

    r = 1:  0 to 20 / 44.1,      from 24.1 / 44.1      sharp, so at the lowest rate, where it costs least
    r > 1:  0 to 24.1 / 44.1,    from r - 24.1 / 44.1  wide: short

so that at 44.1 kHz all up to 20 kHz passes, and nothing folds into it. The band between is the only one left unclean.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import numpy.typing as npt

PASS = 20.0 / 44.1  # of the rate of the slow side
STOP = 1.0 - PASS

# As designed, so that at least 100 dB are left with linear phase and 90 dB with minimum phase: the lift and the scaling
# of the phases take 10 dB of MINIMUM_DB, and Kaiser's rule overrates the shortest filters, the wide ones, by 7 dB.
SHARP_DB, WIDE_DB = 101.0, 108.0
MINIMUM_DB = 102.0
HALF_BAND_DB = 90.0

Taps = npt.NDArray[np.float64]


def stages(factor: int) -> list[tuple[int, int]]:
    """Return (p, r) for every stage from rate r to p r, from the slow side to the fast one."""
    found = []
    r, p = 1, 2
    while r < factor:
        if factor // r % p == 0:
            found.append((p, r))
            r *= p
        else:
            p += 1
    return found


def transition(p: int, r: int) -> float:
    """Return how far stop band and pass band of a stage are apart, as a part of its higher rate."""
    return (STOP - PASS if r == 1 else r - 2.0 * STOP) / (p * r)


@cache
def linear(p: int, r: int) -> Taps:
    """Return taps of linear phase for a stage from rate r to p r; they are symmetric about tap p M, the middle one.

        h[m] = sinc((m - p M) / p) kaiser(m - p M),    m = 0 .. 2 p M

    A Nyquist filter: every p-th tap from the middle is 0. Each phase h[j::p] adds up to 1: the gain is p.
    Source: J. F. Kaiser, Nonrecursive digital filter design using the I0-sinh window function, 1974.
    """
    attenuation_db = SHARP_DB if r == 1 else WIDE_DB
    M = math.ceil(kaiser_reach(attenuation_db, transition(p, r)) / p)
    h = kaiser_sinc(attenuation_db, p * M, p)
    h[::p] = 0.0
    h[p * M] = 1.0
    return scaled(h, p)


def middle(p: int, r: int) -> int:
    """Return M of linear(p, r): how many frames of rate r its sound comes late."""
    return len(linear(p, r)) // (2 * p)


@cache
def minimum(p: int, r: int) -> Taps:
    """Return taps of minimum phase for a stage from rate r to p r, p odd. Each phase h[j::p] adds up to 1.

    A linear filter of twice the attenuation, lifted until its response is positive, is the square of the one wanted,
    whose phase is the Hilbert transform of the logarithm: causal parts of the cepstrum doubled, the others dropped.
    Source: A. V. Oppenheim, R. W. Schafer, Discrete-Time Signal Processing, 3rd ed., ch. 13.
    """
    reach = math.ceil(kaiser_reach(2.0 * MINIMUM_DB, transition(p, r)))
    reach += -(reach + 1) % p  # all phases of one length
    n = 1 << (16 * reach).bit_length()
    g = np.zeros(n)
    g[: 2 * reach + 1] = kaiser_sinc(2.0 * MINIMUM_DB, reach, p) / p
    square = np.fft.rfft(np.roll(g, -reach)).real + 2.0 * 10.0 ** (-2.0 * MINIMUM_DB / 20.0)
    cepstrum = np.fft.irfft(0.5 * np.log(square), n)
    cepstrum[1 : n // 2] *= 2.0
    cepstrum[n // 2 + 1 :] = 0.0
    h = np.fft.irfft(np.exp(np.fft.rfft(cepstrum)), n)[: reach + 1]
    return scaled(h, p)


@cache
def half_band(r: int) -> tuple[list[float], list[float]]:
    """Return the coefficients of the all-pass chains A0, A1 of an elliptic half-band filter from rate r to 2 r.

        H(z) = A0(z^2) + z^-1 A1(z^2),    A(z) = product of (a + z^-1) / (1 + a z^-1),    a = (1 - b) / (1 + b)
        b_i = sqrt((1 - k w_i) (1 - w_i / k)) / (1 + w_i),    w_i = k sn(2 K i / n)^2,    i = 1, 2, ...

    for order n, modulus k and its quarter period K; the a go to A0 and A1 by turns.
    Source: R. A. Valenzuela, A. G. Constantinides, Digital signal processing schemes for efficient interpolation and
    decimation, IEE Proc. G 130, 1983; sqrt(k) sn as a quotient of theta series in the nome q.
    """
    k = math.tan(0.25 * math.pi * (1.0 - 2.0 * transition(2, r))) ** 2
    root = (1.0 - k * k) ** 0.25
    e = 0.5 * (1.0 - root) / (1.0 + root)
    q = e + 2.0 * e**5 + 15.0 * e**9 + 150.0 * e**13
    square = 10.0 ** (-HALF_BAND_DB / 10.0)
    n = math.ceil(math.log((square / (1.0 - square)) ** 2 / 16.0) / math.log(q))
    n = max(n | 1, 3)
    a = []
    for i in range(1, (n + 1) // 2):
        u = math.pi * i / n
        above = sum((-1.0) ** m * q ** (m * (m + 1)) * math.sin((2 * m + 1) * u) for m in range(8))
        below = 0.5 + sum((-1.0) ** m * q ** (m * m) * math.cos(2 * m * u) for m in range(1, 8))
        w = (q**0.25 * above / below) ** 2
        b = math.sqrt((1.0 - w * k) * (1.0 - w / k)) / (1.0 + w)
        a.append((1.0 - b) / (1.0 + b))
    return a[::2], a[1::2]


def kaiser_reach(attenuation_db: float, width: float) -> float:
    """Return how many taps a Kaiser window needs on each side for a transition of this width in cycles per tap."""
    return 0.5 * (attenuation_db - 7.95) / (14.36 * width)


def kaiser_sinc(attenuation_db: float, reach: int, p: int) -> Taps:
    """Return a lowpass at half the p-th part of the rate, gain p, with this many taps on each side of the middle."""
    window: Taps = np.kaiser(2 * reach + 1, 0.1102 * (attenuation_db - 8.7))
    return np.sinc(np.arange(-reach, reach + 1) / p) * window


def scaled(h: Taps, p: int) -> Taps:
    """Return h with each of its p phases scaled to the sum 1, so that a constant passes unchanged, without ripple."""
    h = h.copy()
    for j in range(p):
        h[j::p] /= h[j::p].sum()
    h.flags.writeable = False
    return h


def minimum_delay(p: int, r: int, frequency: float) -> float:
    """Return the phase delay of a minimum-phase stage in frames of its higher rate, -phase / omega.

    frequency: in cycles per such frame; the phase is followed up to it from 0
    """
    z = np.exp(2j * math.pi * frequency * np.arange(17) / 16)
    if p == 2:
        chains = [np.ones_like(z), 1.0 / z]
        for k, coefficients in enumerate(half_band(r)):
            for a in coefficients:
                chains[k] *= (a * z**2 + 1.0) / (z**2 + a)
        response = chains[0] + chains[1]
    else:
        response = np.polyval(minimum(p, r)[::-1], 1.0 / z)
    return float(-np.unwrap(np.angle(response))[-1] / (2.0 * math.pi * frequency))
