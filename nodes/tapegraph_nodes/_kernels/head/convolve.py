"""Convolution of blocks with responses of any length, without latency: taps, then a tail that real poles make.

    y[n] = sum over k < taps of h_k x[n-k] + sum over j of c_j s_j[n],    s_j[n] = z_j s_j[n-1] + x[n - taps]

A few taps are convolved one by one, many by Fourier transforms of segments:

    y_s = last half of irfft(sum over k of X_(s-k) H_k),    X_s = rfft(x_(s-1), x_s),    H_k = rfft(h_k, 0)

x_s is a segment of the input, and h_k the k-th part of the taps, as long as a segment. Where a segment is one block, k
starts at 0. Where it is several, what is known of y_s before x_s is there, k from 1, is computed when the segment
starts, and h_0 is convolved tap by tap: fewer and longer transforms do the same work in less time.
A sound that is delayed by a number of blocks gives the same output, to the bit, delayed.
Source: T. G. Stockham, High-speed convolution and correlation, 1966; B. D. Kulp, Digital equalization using Fourier
transform techniques, AES preprint 2694, 1988 (the response in uniform partitions); W. G. Gardner, Efficient convolution
without input-output delay, J. Audio Eng. Soc. 43, 1995 (the first of them tap by tap).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from librt.vecs import vec
from mypy_extensions import i64
from numpy.lib.stride_tricks import sliding_window_view

from tapegraph.node import silence
from tapegraph_nodes._kernels.head.parallel_poles import FOUR_REAL, add_four_real
from tapegraph_nodes._kernels.head.tail import Tail

Array = npt.NDArray[np.float64]
Spectra = npt.NDArray[np.complex128]

SHORT: Final = 320  # taps that are convolved one by one in the time that transforms would take
# Frames of a segment where it may be longer than a block: fewer make more transforms, more taps before the first.
SEGMENT: Final = 128
TAIL_POLES: Final = 8
AT_ONCE: Final = 8  # taps that are convolved together


class Past:
    """The last segments of an input, for any number of responses to be convolved with.

    longest: the most frames that a response reaches back
    by_segments: whether several short blocks make a segment
    """

    def __init__(self, channels: int, frames: int, longest: int, by_segments: bool) -> None:
        self.frames: i64 = frames
        self.channels: i64 = channels
        self.blocks: i64 = max(1, -(-SEGMENT // frames)) if by_segments else 1  # of a segment
        self.segment: i64 = self.blocks * frames  # in frames
        self.first: i64 = 0 if self.blocks == 1 else 1  # the first k
        self.most: i64 = -(-longest // self.segment)  # segments that a response reaches back
        self.length: i64 = self.most + 2  # in segments: a spectrum is that of two, the newest may be incomplete
        # Everything is stored twice, a length apart, so that the past is always one slice, newest last.
        self.samples: vec[float] = vec[float]([0.0] * (2 * channels * self.length * self.segment))
        self.past: Array = np.frombuffer(memoryview(self.samples)).reshape(channels, -1)
        self.pairs: Array = sliding_window_view(self.past, 2 * self.segment, axis=1)[:, :: self.segment]
        self.spectra: Spectra = np.zeros((channels, 2 * self.length, self.segment + 1), complex)
        self.newest: i64 = 2 * self.length * self.blocks - 1  # index of the newest block, in the second half
        self.unknown: i64 = 0  # how many of the newest complete segments have no spectrum
        self.begun: i64 = 0  # segments since the node was made

    def clear(self) -> None:
        silence(self.samples)
        self.spectra[:] = 0.0
        self.newest = 2 * self.length * self.blocks - 1
        self.unknown = 0
        self.begun += 1

    def add(self, x: vec[float]) -> None:
        """Take a block of every channel."""
        self.newest += 1
        if self.newest == 2 * self.length * self.blocks:
            self.newest = self.length * self.blocks
        if self.newest % self.blocks == 0:
            self.begun += 1
            self.unknown = min(self.unknown + 1, self.most)
        size = self.length * self.segment
        for c in range(self.channels):
            at = 2 * c * size + self.newest * self.frames
            copy(x, c * self.frames, self.samples, at, self.frames)
            copy(x, c * self.frames, self.samples, at - size, self.frames)

    def convolve(self, response: Response, y: vec[float]) -> None:
        """Write the output for the newest block of every channel into y."""
        size = 2 * self.length * self.segment
        for c in range(self.channels):
            at = c * size + self.newest * self.frames
            weigh(self.samples, at, response.head[c], y, c * self.frames, self.frames)
        if response.tails:
            a: i64 = 0
            while a < self.channels:
                b = a + 1 if a + 1 < self.channels else a
                ya, yb = a * self.frames, b * self.frames
                xa = a * size + self.newest * self.frames - response.taps[a]
                xb = b * size + self.newest * self.frames - response.taps[b]
                ka, kb, s, at = response.tail[a], response.tail[b], response.s, TAIL_POLES * a
                add_four_real(self.samples, xa, xb, y, ya, yb, self.frames, ka, kb, 0, s, at)
                add_four_real(self.samples, xa, xb, y, ya, yb, self.frames, ka, kb, FOUR_REAL, s, at + TAIL_POLES)
                a += 2
        if response.parts > 0:
            if response.segment != self.begun:
                self.transform()
                response.segment = self.begun
                end = self.newest // self.blocks + 1 - self.first
                np.multiply(self.spectra[:, end - response.parts : end], response.spectra, out=response.products)
                late = np.fft.irfft(np.add.reduce(response.products, axis=1), 2 * self.segment)
                response.late = vec[float](late[:, self.segment :].reshape(-1))
            at = self.newest % self.blocks * self.frames
            for c in range(self.channels):
                add(response.late, c * self.segment + at, y, c * self.frames, self.frames)

    def transform(self) -> None:
        """Compute the spectra still missing: that of the last segment, and more after a short response."""
        n = self.unknown
        end = self.newest // self.blocks + 1 - self.first
        spectra = np.fft.rfft(self.pairs[:, end - n - 1 : end - 1])
        for back in range(n):
            i = (end - 1 - back) % self.length
            self.spectra[:, i] = self.spectra[:, i + self.length] = spectra[:, n - 1 - back]
        self.unknown = 0


class Response:
    """A response, prepared for a past, as if it had always sounded.

    h, c: taps and weights of the tail: a row for each channel, or one for all of them. Zeros may end a row
    tail: the poles of the tail, none where c has no columns
    """

    def __init__(self, h: Array, c: Array, tail: Tail, past: Past) -> None:
        n, channels = int(past.segment), int(past.channels)
        rows = [np.trim_zeros(h[i % len(h)], "b") for i in range(channels)]
        longest = max(len(row) for row in rows)
        alone = longest if longest <= SHORT else n * int(past.first)  # taps that are convolved one by one
        self.head: list[vec[float]] = [multiple(row[:alone]) for row in rows]
        self.parts: i64 = -(-(longest - alone) // n)
        padded = np.zeros((len(h), int(self.parts) * n))
        padded[:, : longest - alone] = h[:, alone:longest]
        parts = padded.reshape(len(h), int(self.parts), n)[:, ::-1]
        self.spectra: Spectra = np.fft.rfft(parts, 2 * n)  # that of the newest segment last
        self.products: Spectra = np.zeros((channels, int(self.parts), n + 1), complex)
        self.late: vec[float] = vec[float]([])  # what all but the head makes of the past in a segment
        self.segment: i64 = -1  # which one
        self.tails: bool = c.shape[1] > 0
        self.taps: list[i64] = [len(row) for row in rows]
        self.tail: list[vec[float]] = []  # z and weight of each pole
        # State of the tail, of two channels beside each other.
        self.s: vec[float] = vec[float]([0.0] * (TAIL_POLES * (channels + channels % 2)))
        if self.tails:
            begin = int(past.newest * past.frames)
            for i, taps in enumerate(self.taps):
                self.tail.append(vec[float](np.stack([tail.z, c[i % len(c)]], axis=1).reshape(-1)))
                for j, s in enumerate(tail.states(past.past[i, : begin - taps])):
                    at = TAIL_POLES * (i - i % 2) + 2 * j + i % 2
                    self.s[at] = s
                    if i + 1 == channels and i % 2 == 0:  # alone
                        self.s[at + 1] = s

    def clear(self) -> None:
        """Forget the past."""
        silence(self.s)


def multiple(h: Array) -> vec[float]:
    """Return taps with as many zeros behind them as weigh() needs."""
    return vec[float](np.append(h, np.zeros(-len(h) % AT_ONCE)))


def weigh(  # wide loop
    x: vec[float], x_at: i64, h: vec[float], y: vec[float], y_at: i64, frames: i64
) -> None:
    """Write y[i] = sum over k of h[k] x[i-k], AT_ONCE taps at a time over all frames: compilers vectorise that."""
    taps: i64 = len(h)
    i: i64 = 0
    while i < frames:
        y[y_at + i] = 0.0
        i += 1
    k: i64 = 0
    while k < taps:
        h0, h1, h2, h3 = h[k], h[k + 1], h[k + 2], h[k + 3]
        h4, h5, h6, h7 = h[k + 4], h[k + 5], h[k + 6], h[k + 7]
        at = x_at - k
        i = 0
        while i < frames:
            a = (h0 * x[at + i] + h1 * x[at + i - 1]) + (h2 * x[at + i - 2] + h3 * x[at + i - 3])
            b = (h4 * x[at + i - 4] + h5 * x[at + i - 5]) + (h6 * x[at + i - 6] + h7 * x[at + i - 7])
            y[y_at + i] = (y[y_at + i] + a) + b
            i += 1
        k += AT_ONCE


def copy(x: vec[float], x_at: i64, y: vec[float], y_at: i64, frames: i64) -> None:
    i: i64 = 0
    while i < frames:
        y[y_at + i] = x[x_at + i]
        i += 1


def add(x: vec[float], x_at: i64, y: vec[float], y_at: i64, frames: i64) -> None:
    i: i64 = 0
    while i < frames:
        y[y_at + i] += x[x_at + i]
        i += 1
