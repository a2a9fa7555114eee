"""What a playback head of some size hears of a tape, and an impulse response that does the same.

Every length acts only by the time t in which the tape passes it, so all lengths are given as such times.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Spectrum = npt.NDArray[np.complex128]

FLOOR = 1e-5  # losses end at -100 dB: a minimum phase needs an end to them
LONGEST_S = 0.08  # reach of the longest response; finer detail than 1 / 0.08 s = 12 Hz is smoothed
SHORTEST_S = 0.002  # enough for the corner at the Nyquist frequency to stay above 20 kHz
LARGEST_FFT = 3 << 19
# The outer edges of the poles are rounded; they hear the tape as from a distance of this part of a pole's length.
EDGE = 0.05
# Largest value of (integral of J0 - 1) exp(-EDGE a), reached at a = 2.36.
PEAK = 0.41748744


class Geometry:
    """Lengths of tape and head, each as the time in which the tape passes it, s.

    spacing: from the head to the coating
    thickness: of the coating
    gap: length of the gap
    slant: how far along the tape a slanting gap reaches from one border of its track to the other
    skew: how far along the tape the second track's gap stands before the first one's, by the same slant
    pole: from the gap to the outer edge of a pole
    bump: how much the outer edges hear, 0 for a head without end to 1
    """

    def __init__(
        self, spacing: float, thickness: float, gap: float, slant: float, skew: float, pole: float, bump: float
    ) -> None:
        self.spacing = spacing
        self.thickness = thickness
        self.gap = gap
        self.slant = slant
        self.skew = skew
        self.pole = pole
        self.bump = bump

    def same(self, other: Geometry) -> bool:
        return (
            self.spacing == other.spacing
            and self.thickness == other.thickness
            and self.gap == other.gap
            and self.slant == other.slant
            and self.skew == other.skew
            and self.pole == other.pole
            and self.bump == other.bump
        )

    def reach(self) -> float:
        """Return after which time the impulse response has died away, s.

        The factors are measured: with them the magnitude is kept to 0.1 dB. exp(-w t) is the slow one, as its
        impulse response t / (t^2 + s^2) / pi only falls with the square of time s.
        """
        slow = 96.0 * self.spacing + 48.0 * self.thickness
        if self.bump > 0.0:
            slow += 16.0 * self.pole
        return min(LONGEST_S, SHORTEST_S + slow + 4.0 * (self.gap + self.slant) + abs(self.skew))


def magnitude(head: Geometry, w: Array) -> Array:
    """Return the real response of a head at the angular frequencies w, rad/s; negative in every second gap lobe."""
    thickness = np.maximum(w * head.thickness, 1e-12)
    H = np.exp(-w * head.spacing) * (-np.expm1(-thickness) / thickness)
    H *= np.sinc(w * (head.gap / (2.0 * math.pi))) * np.sinc(w * (head.slant / (2.0 * math.pi)))
    if head.bump > 0.0:
        a = w[w * head.pole < 100.0] * head.pole  # beyond, the edges hear less than 0.005 dB
        H[: len(a)] *= 1.0 + head.bump * np.exp(-EDGE * a) * (bessel_integral(a) - 1.0)
    return H


def bessel_integral(a: Array) -> Array:
    """Return the integral of the Bessel function J0 from 0 to a, for a to 100, to eight digits.

    J0(a) = mean of cos(a sin u) for u in 0 to pi/2; the midpoint rule converges once it has more points than
    a / 2.
    """
    s = np.sin((np.arange(64) + 0.5) * (math.pi / 128))
    integral: Array = (np.sin(np.multiply.outer(a, s)) / s).mean(axis=1)
    return integral


def impulse_response(head: Geometry, fs: float, channels: int, linear: bool, lead: int) -> Array:
    """Return the impulse response of a head for every channel, (channels, taps).

    linear: with linear phase, centred on the frame lead; otherwise with minimum phase from frame 0
    """
    reach = math.ceil(head.reach() * fs)
    # Steps fine enough to place the gap's nulls: 3072 from one to the next.
    steps = max(1024.0, 8.0 * reach, 3072.0 * fs * max(head.gap, head.slant))
    n = min(LARGEST_FFT, 1 << math.ceil(math.log2(steps)), 3 << math.ceil(math.log2(steps / 3.0)))
    w: Array = np.linspace(0.0, math.pi * fs, n // 2 + 1)
    per_frame: Array = w / fs
    H = magnitude(head, w)
    skew = head.skew * fs if channels == 2 else 0.0
    window = fade_out(np.arange(reach) / float(reach))
    if linear:
        both = np.concatenate([window[:0:-1], window])
        h = np.zeros((channels, lead + reach))
        for c in range(channels):
            shifted = np.fft.irfft(H * np.exp((c - 0.5) * 1j * skew * per_frame), n)
            h[c, lead + 1 - reach :] = both * np.concatenate([shifted[n + 1 - reach :], shifted[:reach]])
        return h
    minimum = minimum_phase(H, n)
    h = np.zeros((channels, reach))
    for c in range(channels):
        late = max(0.0, skew if c == 0 else -skew)
        h[c] = window * np.fft.irfft(minimum * fractional_delay(late, per_frame), n)[:reach]
    return h


def fade_out(u: Array) -> Array:
    """Return a window over 0 to 1: flat in its first half, then half a period of a cosine."""
    return 0.5 + 0.5 * np.cos(math.pi * np.maximum(0.0, 2.0 * u - 1.0))


def minimum_phase(H: Array, n: int) -> Spectrum:
    """Return the spectrum with minimum phase and the magnitude of H, at least FLOOR, by folding the real cepstrum.

    Source: A. V. Oppenheim, R. W. Schafer, Discrete-Time Signal Processing, ch. 13 (cepstrum, minimum phase).
    """
    cepstrum = np.fft.irfft(0.5 * np.log(H * H + FLOOR * FLOOR), n)
    cepstrum[1 : n // 2] *= 2.0
    cepstrum[n // 2 + 1 :] = 0.0
    return np.exp(np.fft.rfft(cepstrum))


def fractional_delay(frames: float, w: Array) -> Spectrum:
    """Return the response at w (rad/frame) of a delay by any number of frames: an allpass with maximally flat delay.

    Its magnitude is 1 at every frequency and nothing comes before its time, which no interpolator from samples on both
    sides can give.
    Source: J.-P. Thiran, Recursive digital filters with maximally flat group delay, IEEE Trans. Circuit Theory 18,
    1971.
    """
    if frames == 0.0:
        return np.ones(len(w), complex)
    order = min(8, max(1, round(frames)))
    whole = max(0, round(frames) - order)
    part = frames - whole
    a = [1.0]
    for k in range(1, order + 1):
        term = (-1.0) ** k * math.comb(order, k)
        for m in range(order + 1):
            term *= (part - order + m) / (part - order + k + m)
        a.append(term)
    z = np.exp(-1j * w)
    P = np.polynomial.polynomial.polyval(z, np.array(a))
    delay: Spectrum = z ** (whole + order) * np.conj(P) / P
    return delay
