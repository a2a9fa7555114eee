"""Convolution of blocks with impulse responses of any length, without latency: short ones tap by tap, long ones by

    y_s = last half of irfft(sum over k of X_(s-k) H_k),    X_s = rfft(x_(s-1), x_s),    H_k = rfft(h_k, 0)

x_s is a segment of the input, and h_k the k-th part of the impulse response h, as long as a segment. Where a segment is
one block, k starts at 0, and a sound delayed by a number of blocks gives the same output, to the bit, delayed. Where it
is several, what is known of y_s before x_s is there, k from 1, is computed when the segment starts, and h_0 is
convolved tap by tap: fewer and longer transforms do the same work in less time.
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

Array = npt.NDArray[np.float64]
Spectra = npt.NDArray[np.complex128]

# Taps up to which NumPy, which has the vector instructions of this processor, convolves tap by tap in the time that
# transforms would take.
SHORT: Final = 512
# Frames of a segment where it may be longer than a block: 128 make more transforms, 512 more taps before the first.
SEGMENT: Final = 256


class Past:
    """The last segments of an input, for any number of responses to be convolved with.

    longest: the most taps of a response
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

    def convolved(self, response: Response) -> Array:
        """Return the output for the newest block, (channels, frames), valid until the next call with this response."""
        y = response.block
        end = (self.newest + 1) * self.frames
        for c in range(self.channels):
            h = response.head[c]
            if len(h) > 0:
                y[c] = np.correlate(self.past[c, end - self.frames - len(h) + 1 : end], h, "valid")
        if response.parts == 0:
            return y
        if response.segment != self.begun:
            self.transform()
            response.segment = self.begun
            end = self.newest // self.blocks + 1 - self.first
            np.multiply(self.spectra[:, end - response.parts : end], response.spectra, out=response.products)
            response.late = np.fft.irfft(np.add.reduce(response.products, axis=1), 2 * self.segment)[:, self.segment :]
        at = self.newest % self.blocks * self.frames
        late = response.late[:, at : at + self.frames]
        return np.add(y, late, out=y) if self.first == 1 else late

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
    """An impulse response, (tracks, taps), prepared for a past: a track for each channel, or one for all of them."""

    def __init__(self, h: Array, past: Past) -> None:
        tracks, taps = h.shape
        n, channels = int(past.segment), int(past.channels)
        alone = taps if taps <= SHORT else n * int(past.first)  # taps that are convolved tap by tap
        self.head: list[Array] = [np.ascontiguousarray(h[c % tracks, :alone][::-1]) for c in range(channels)]
        self.block: Array = np.zeros((channels, int(past.frames)))
        self.parts: i64 = -(-(taps - alone) // n)
        padded = np.zeros((tracks, int(self.parts) * n))
        padded[:, : taps - alone] = h[:, alone:]
        parts = padded.reshape(tracks, int(self.parts), n)[:, ::-1]
        self.spectra: Spectra = np.fft.rfft(parts, 2 * n)  # that of the newest segment last
        self.products: Spectra = np.zeros((channels, int(self.parts), n + 1), complex)
        self.late: Array = np.zeros((channels, n))  # what all but the head makes of the past in a segment
        self.segment: i64 = -1  # which one


def copy(x: vec[float], x_at: i64, y: vec[float], y_at: i64, frames: i64) -> None:
    i: i64 = 0
    while i < frames:
        y[y_at + i] = x[x_at + i]
        i += 1
