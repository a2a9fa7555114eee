"""The frequency response of a playback head from its dimensions, and impulse responses that realise it.

Every length acts only by the time t in which the tape passes it, so all lengths are given as such times.
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from librt.vecs import vec
from mypy_extensions import i64

from tapegraph_nodes._kernels.head.tail import Tail, tail
from tapegraph_nodes._kernels.lookup import HermiteTable

Array = npt.NDArray[np.float64]
Spectrum = npt.NDArray[np.complex128]

FLOOR = 1e-5  # losses end at -100 dB: a minimum phase needs an end to them
LONGEST_S = 0.08  # reach of the longest response; finer detail than 1 / 0.08 s = 12 Hz is smoothed
SHORTEST_S = 0.002  # of linear phase, for the corner at the Nyquist frequency to stay above 20 kHz
FEWEST_TAPS = 16  # of minimum phase
SKEW_TAPS = (32, 12)  # in which the allpass of a delay under, and of one over, half a frame dies away
KEPT_HZ = 20_000.0  # up to where the law is kept
KEPT = 0.4535  # of the rate: 20 kHz at 44.1 kHz
LEAST_SKEW = 1e-6  # frames: a shorter delay between two tracks is none, and an allpass would divide by zero
LARGEST_FFT = 3 << 19
LONGEST_ROW = 3 << 11  # of a transform that is done in one portion
LONGEST_STRETCH = 1 << 11  # of a recursion in one portion
KEPT_DESIGNS = 8
BESSEL_END = 100
BESSEL_CELLS = 16  # for an a of 1
# The outer edges of the poles are rounded: they act as if spaced from the tape by this part of a pole's length.
EDGE = 0.05
# Largest value of (integral of J0 - 1) exp(-EDGE a), reached at a = 2.36.
PEAK = 0.41748744
HIGHEST_DB = 3.0  # of a bump


class Geometry:
    """Lengths of tape and head, each as the time in which the tape passes it, s.

    spacing: from the head to the coating
    thickness: of the coating
    gap: length of the gap
    slant: how far along the tape a slanting gap reaches from one border of its track to the other
    skew: how far the second track's gap lies ahead of the first one's along the tape, by the same slant
    pole: from the gap to the outer edge of a pole
    bump: strength of the outer edges, 0 for an infinitely long head to 1
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

    def lengths(self) -> tuple[float, float, float, float, float, float, float]:
        return self.spacing, self.thickness, self.gap, self.slant, self.skew, self.pole, self.bump

    def taps(self) -> float:
        """Return after which time an impulse response of minimum phase is a tail of smooth decays, s.

        The factors are measured: with them the magnitude is kept to 0.1 dB.
        """
        return 1.0 / 3000.0 + 16.0 * self.spacing + self.thickness + 10.0 * (self.gap + self.slant)

    def reach(self) -> float:
        """Return after which time half an impulse response of linear phase has died away, s.

        The factors are measured: with them the magnitude is kept to 0.1 dB. exp(-w t) is the slow one, as its
        impulse response t / (t^2 + s^2) / pi only falls with the square of time s. Bumps need the longest response:
        below a strong one the level is low, by cancellation.
        """
        if self.bump > 0.0:
            return LONGEST_S
        slow = 96.0 * self.spacing + 48.0 * self.thickness
        return min(LONGEST_S, SHORTEST_S + slow + 4.0 * (self.gap + self.slant) + abs(self.skew))


class Bins:
    """The n bins of a spectrum in r rows, which divides a transform into many short ones.

    x[r j + t] = ifft over i of Y[i, t],    Y[i, t] = e^(2 pi j i t / n) ifft over m of X[i + n m / r]

    Row m holds the bins i + n m / r for i to half a row's length: for real x the others are their conjugates.
    Source: J. W. Cooley, J. W. Tukey, An algorithm for the machine calculation of complex Fourier series, Math. of
    Computation 19, 1965.
    """

    def __init__(self, n: int) -> None:
        r = 1
        while n > LONGEST_ROW * r:
            r *= 2
        self.n = n
        self.r = r
        self.length = n // r  # of a row, in samples
        self.width = -(-(self.length // 2 + 1) // r)  # of a piece across all rows, which has the work of one row
        rows = np.arange(r)[:, np.newaxis]
        first = self.length * np.where(2 * rows < max(2, r), rows, rows - r)  # bins above the middle are below zero
        self.near: Array = np.asarray((first + np.arange(self.width)) * (2.0 * math.pi / n), np.float64)
        self.turns_of_one: Spectrum = np.asarray(rows * (2j * math.pi / n), np.complex128)
        self.turns: Spectrum = np.exp(self.turns_of_one * np.arange(self.width))

    def empty(self) -> Spectrum:
        return np.empty((self.r, self.length // 2 + 1), complex)

    def pieces(self) -> list[slice]:
        """Return the columns of all pieces."""
        columns = self.length // 2 + 1
        return [slice(i, min(i + self.width, columns)) for i in range(0, columns, self.width)]

    def frequencies(self, piece: slice) -> Array:
        """Return the angular frequencies of a piece, rad/frame, from -pi to pi."""
        frequencies: Array = self.near[:, : piece.stop - piece.start] + piece.start * (2.0 * math.pi / self.n)
        return frequencies

    def turned(self, piece: slice) -> Spectrum:
        """Return e^(2 pi j i t / n) for the columns i of a piece and every row t."""
        turned: Spectrum = self.turns[:, : piece.stop - piece.start] * np.exp(self.turns_of_one * piece.start)
        return turned

    def towards_time(self, X: Spectrum | Array, piece: slice) -> Spectrum:
        """Return Y for a piece of X; an irfft of each complete row gives every r-th sample."""
        Y: Spectrum = np.fft.ifft(X, axis=0) * self.turned(piece)
        return Y

    def towards_frequency(self, Y: Spectrum, piece: slice) -> Spectrum:
        """Return X for a piece of Y."""
        X: Spectrum = np.fft.fft(Y * self.turned(piece).conj(), axis=0)
        return X


def magnitude(head: Geometry, w: Array) -> Array:
    """Return the real response of a head at the angular frequencies w, rad/s; negative in every second gap lobe."""
    thickness = np.maximum(w * head.thickness, 1e-12)
    H = np.exp(-w * head.spacing) * (-np.expm1(-thickness) / thickness)
    for length in (head.gap, head.slant):
        if length > 0.0:
            H *= np.sinc(w * (length / (2.0 * math.pi)))
    if head.bump > 0.0:
        near = w * head.pole < BESSEL_END  # beyond, the edges contribute less than 0.005 dB
        H[near] *= 1.0 + head.bump * edges(w[near] * head.pole)
    return H


def edges(a: Array) -> Array:
    """Return what the outer edges of the poles add to the response, by a = w pole: -1 at 0, then ripples about 0."""
    add: Array = np.exp(-EDGE * a) * (bessel_integral(a) - 1.0)
    return add


def strength(bump_db: float) -> float:
    """Return how strong the edges are for the largest bump to have this height."""
    return float(10.0 ** (bump_db / 20.0) - 1.0) / PEAK


def bessel_integral(a: Array) -> Array:
    """Return the integral of the Bessel function J0 from 0 to a, for a below 100, to eight digits."""
    return bessel_table().over(a)


@functools.cache
def bessel_table() -> HermiteTable:
    """Return the integral of J0 as a table.

    J0(a) = mean of cos(a sin u) for u in 0 to pi/2; the midpoint rule converges once it has more points than
    a / 2.
    """
    a = np.arange(BESSEL_END * BESSEL_CELLS + 1) / BESSEL_CELLS
    s = np.sin((np.arange(64) + 0.5) * (math.pi / 128))
    angles = np.multiply.outer(a, s)
    return HermiteTable((np.sin(angles) / s).mean(axis=1), np.cos(angles).mean(axis=1), BESSEL_CELLS)


@functools.lru_cache(KEPT_DESIGNS)
def designed(
    lengths: tuple[float, float, float, float, float, float, float], fs: float, channels: int, linear: bool, lead: int
) -> tuple[Array, Array, Tail]:
    """Return h, c and tail of a complete design; the last few are kept, for one clip after another."""
    design = Design(Geometry(*lengths), fs, channels, linear, lead)
    while not design.complete:
        design.proceed()
        time.sleep(0.0)  # while this graph is prepared, another may be playing: its thread gets a turn
    return design.h, design.c, design.tail


class Design:
    """Computes the impulse response of a head in portions of about equal work, however long it is.

    linear: with linear phase, centred on the frame lead; otherwise with minimum phase from frame 0
    h, c: taps, and weights of the tail behind them, once it is complete: a row for each channel, or one for all of
    them. Linear phase has no tail. Zeros end the row that has fewer taps
    """

    def __init__(self, head: Geometry, fs: float, channels: int, linear: bool, lead: int) -> None:
        self.head = head
        self.fs = fs
        self.linear = linear
        self.lead = lead
        self.skew = head.skew * fs if channels == 2 else 0.0
        self.tracks = 2 if abs(self.skew) > LEAST_SKEW else 1
        self.tail = tail(fs)
        if linear:
            self.reach = math.ceil(head.reach() * fs)
            longest = 8 * self.reach
        else:
            self.reach = max(FEWEST_TAPS, math.ceil(head.taps() * fs))
            longest = 6 * (self.reach + self.tail.length)
        # Steps fine enough to place the gap's nulls: 3072 from one to the next.
        steps = max(1024.0, float(longest), 3072.0 * fs * max(head.gap, head.slant))
        self.n: int = min(LARGEST_FFT, 1 << math.ceil(math.log2(steps)), 3 << math.ceil(math.log2(steps / 3.0)))
        self.complete = False
        self.left = self.portions()

    def proceed(self) -> None:
        """Do the next portion of the work."""
        self.complete = next(self.left, True) is True

    def portions(self) -> Iterator[None]:
        self.bins = Bins(self.n)
        yield
        if self.linear:
            self.h: Array = np.zeros((self.tracks, self.lead + self.reach))
            self.c: Array = np.zeros((1, 0))
            self.window: Array = fade_out(np.arange(self.reach) / float(self.reach))
            for track in range(self.tracks):
                yield from self.linear_phase(track)
            return
        late = math.ceil(abs(self.skew)) + SKEW_TAPS[abs(self.skew) > 0.5] if self.tracks == 2 else 0
        whole = np.zeros(self.reach + late + self.tail.length)
        yield from self.minimum_phase(whole)
        self.h = np.zeros((self.tracks, self.reach + late))
        self.c = np.zeros((self.tracks, len(self.tail.z)))
        self.cut(whole, 0, self.reach)
        yield
        if self.tracks == 2:
            yield from delayed(whole, abs(self.skew))
            self.cut(whole, 1, self.reach + late)
            if self.skew > 0.0:
                self.h, self.c = self.h[::-1], self.c[::-1]

    def cut(self, whole: Array, track: int, taps: int) -> None:
        """Make the taps and the tail of a track from its whole response."""
        self.h[track, :taps] = whole[:taps]
        self.c[track] = self.tail.weights(whole, taps)

    def linear_phase(self, track: int) -> Iterator[None]:
        """Make the response of a track that is centred on the lead, half the skew before or behind it."""
        bins, lead = self.bins, self.lead
        Y = bins.empty()
        for piece in bins.pieces():
            w = bins.frequencies(piece)
            H = magnitude(self.head, np.abs(w) * self.fs)
            Y[:, piece] = bins.towards_time(H * np.exp((track - 0.5) * 1j * self.skew * w), piece)
            yield
        for t in range(bins.r):
            every = np.fft.irfft(Y[t], bins.length)
            after = self.window[t :: bins.r]
            self.h[track, lead + t :: bins.r] = after * every[: len(after)]
            first = bins.r - t  # frames before the lead, for the last sample of the row
            before = self.window[first :: bins.r]
            self.h[track, lead - first :: -bins.r][: len(before)] = before * every[::-1][: len(before)]
            yield

    def minimum_phase(self, h: Array) -> Iterator[None]:
        """Make the response with minimum phase and the head's magnitude, at least FLOOR.

        The real cepstrum is folded.
        Source: A. V. Oppenheim, R. W. Schafer, Discrete-Time Signal Processing, ch. 13 (cepstrum, minimum phase).
        """
        bins = self.bins
        Y = bins.empty()
        for piece in bins.pieces():
            H = magnitude(self.head, rounded(np.abs(bins.frequencies(piece)), self.fs) * self.fs)
            Y[:, piece] = bins.towards_time(0.5 * np.log(H * H + FLOOR * FLOOR), piece)
            yield
        for t in range(bins.r):
            fold = np.sign(bins.n // 2 - t - bins.r * np.arange(bins.length)) + 1.0
            if t == 0:
                fold[0] = 1.0
            Y[t] = np.fft.rfft(fold * np.fft.irfft(Y[t], bins.length))
            yield
        for piece in bins.pieces():
            Y[:, piece] = bins.towards_time(np.exp(bins.towards_frequency(Y[:, piece], piece)), piece)
            yield
        for t in range(bins.r):
            row = h[t :: bins.r]
            row[:] = np.fft.irfft(Y[t], bins.length)[: len(row)]
            yield


def rounded(w: Array, fs: float) -> Array:
    """Return angular frequencies, rad/frame, that level off from what is kept to the Nyquist frequency.

    A magnitude there has no corner, so its response is short.
    """
    kept = 2.0 * math.pi * min(KEPT_HZ / fs, KEPT)
    u = np.maximum(0.0, (w - kept) / (math.pi - kept))
    return np.minimum(w, kept) + (math.pi - kept) * (u - u**3 / 3.0)


def fade_out(u: Array) -> Array:
    """Return a window over 0 to 1: flat in its first half, then half a period of a cosine."""
    return 0.5 + 0.5 * np.cos(math.pi * np.maximum(0.0, 2.0 * u - 1.0))


def delayed(h: Array, frames: float) -> Iterator[None]:
    """Delay h in place by any number of frames, with an allpass of maximally flat delay.

    Its magnitude is 1 at every frequency and it is causal, which no interpolator from samples on both sides can be.
    Source: J.-P. Thiran, Recursive digital filters with maximally flat group delay, IEEE Trans. Circuit Theory 18,
    1971.
    """
    order = min(8, max(1, round(frames)))
    whole = max(0, round(frames) - order)
    part = frames - whole
    a = [1.0]
    for k in range(1, order + 1):
        term = (-1.0) ** k * math.comb(order, k)
        for m in range(order + 1):
            term *= (part - order + m) / (part - order + k + m)
        a.append(term)
    x = vec[float](np.concatenate([np.zeros(order + whole), h]))
    y = vec[float]([0.0] * (order + len(h)))
    for start in range(order, len(y), LONGEST_STRETCH):
        allpass(x, y, vec[float](a), start, min(start + LONGEST_STRETCH, len(y)))
        yield
    h[:] = np.frombuffer(memoryview(y))[order:]


def allpass(x: vec[float], y: vec[float], a: vec[float], start: i64, end: i64) -> None:
    """Filter x into y from start to end: y[n] = sum of a[order - k] x[n - k] - sum from k = 1 of a[k] y[n - k]."""
    order: i64 = len(a) - 1
    n = start
    while n < end:
        total = a[order] * x[n]
        k: i64 = 1
        while k <= order:
            total += a[order - k] * x[n - k] - a[k] * y[n - k]
            k += 1
        y[n] = total
        n += 1
