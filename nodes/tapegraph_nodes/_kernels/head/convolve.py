"""Convolution of blocks with impulse responses of any length, without latency: short ones tap by tap, long ones by

    y_b = last half of irfft(sum over k of X_(b-k) H_k),    X_b = rfft(x_(b-1), x_b),    H_k = rfft(h_k, 0)

h_k is the k-th block of the impulse response h. The partitions are as long as the blocks, so a sound delayed by a
number of blocks gives the same output, to the bit, delayed.
Source: T. G. Stockham, High-speed convolution and correlation, 1966; B. D. Kulp, Digital equalization using Fourier
transform techniques, AES preprint 2694, 1988 (the response in uniform partitions).
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

# Products per block and channel up to which a response is convolved tap by tap: NumPy, which has the vector
# instructions of this processor, then takes no longer than for the calls of the transforms.
FEW: Final = 1 << 16


class Response:
    """An impulse response, (tracks, taps), prepared for blocks: a track for each channel, or one for all of them."""

    def __init__(self, h: Array, channels: int, frames: int) -> None:
        tracks, taps = h.shape
        self.blocks = -(-taps // frames)
        self.direct = taps * frames <= FEW
        self.backwards: list[Array] = [np.ascontiguousarray(h[c % tracks, ::-1]) for c in range(channels)]
        self.block: Array = np.zeros((channels, frames))
        padded = np.zeros((tracks, self.blocks * frames))
        padded[:, :taps] = h
        partitions = padded.reshape(tracks, self.blocks, frames)[:, ::-1]
        self.spectra: Spectra = np.fft.rfft(partitions, 2 * frames)  # that of the newest block last
        self.products: Spectra = np.zeros((channels, self.blocks, frames + 1), complex)


class Past:
    """The last blocks of an input, for any number of responses to be convolved with.

    blocks: how many spectra are kept, which is the longest response in blocks
    """

    def __init__(self, channels: int, frames: int, blocks: int) -> None:
        self.frames: i64 = frames
        self.length: i64 = blocks + 1  # in blocks: a spectrum is that of two
        self.channels: i64 = channels
        # Everything is stored twice, a length apart, so that the past is always one slice, newest last.
        self.samples: vec[float] = vec[float]([0.0] * (2 * channels * (blocks + 1) * frames))
        self.past: Array = np.frombuffer(memoryview(self.samples)).reshape(channels, -1)
        self.pairs: Array = sliding_window_view(self.past, 2 * frames, axis=1)[:, ::frames]  # every block with the next
        self.spectra: Spectra = np.zeros((channels, 2 * (blocks + 1), frames + 1), complex)
        self.newest: i64 = self.length  # index of the newest block, in the second half
        self.unknown: i64 = 0  # how many of the newest blocks have no spectrum

    def clear(self) -> None:
        silence(self.samples)
        self.spectra[:] = 0.0
        self.newest = self.length
        self.unknown = 0

    def add(self, x: vec[float]) -> None:
        """Take a block of every channel."""
        self.newest += 1
        if self.newest == 2 * self.length:
            self.newest = self.length
        self.unknown = min(self.unknown + 1, self.length - 1)
        size = self.length * self.frames
        for c in range(self.channels):
            at = 2 * c * size + self.newest * self.frames
            copy(x, c * self.frames, self.samples, at, self.frames)
            copy(x, c * self.frames, self.samples, at - size, self.frames)

    def convolved(self, response: Response) -> Array:
        """Return the output for the newest block, (channels, frames), valid until the next call with this response."""
        if response.direct:
            end = (self.newest + 1) * self.frames
            for c in range(self.channels):
                h = response.backwards[c]
                x = self.past[c, end - self.frames - len(h) + 1 : end]
                response.block[c] = np.correlate(x, h, "valid")
            return response.block
        self.transform()
        k = response.blocks
        end = self.newest + 1
        np.multiply(self.spectra[:, end - k : end], response.spectra, out=response.products)
        y: Array = np.fft.irfft(np.add.reduce(response.products, axis=1), 2 * self.frames)[:, self.frames :]
        return y

    def transform(self) -> None:
        """Compute the spectra still missing: that of the newest block, and more after a short response."""
        m = self.unknown
        spectra = np.fft.rfft(self.pairs[:, self.newest - m : self.newest])
        for back in range(m):
            i = (self.newest - back) % self.length
            self.spectra[:, i] = self.spectra[:, i + self.length] = spectra[:, m - 1 - back]
        self.unknown = 0


def copy(x: vec[float], x_at: i64, y: vec[float], y_at: i64, frames: i64) -> None:
    i: i64 = 0
    while i < frames:
        y[y_at + i] = x[x_at + i]
        i += 1
