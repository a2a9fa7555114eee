"""Convolution of blocks with long impulse responses, without latency.

    y_b = last half of irfft(sum over k of X_(b-k) H_k),    X_b = rfft(x_(b-1), x_b),    H_k = rfft(h_k, 0)

h_k is the k-th block of the impulse response h. The partitions are as long as the blocks, so a sound that comes whole
blocks later gives the same output to the bit, later.
Source: T. G. Stockham, High-speed convolution and correlation, 1966; B. D. Kulp, Digital equalization using Fourier
transform techniques, AES preprint 2694, 1988 (the response in uniform partitions).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Spectra = npt.NDArray[np.complex128]


class Past:
    """The spectra of the last blocks of an input, for any number of responses to be convolved with.

    blocks: how many are kept; a response may be as many blocks long
    """

    def __init__(self, channels: int, frames: int, blocks: int) -> None:
        self.frames = frames
        self.blocks = blocks
        # Every spectrum stands twice, `blocks` apart, so that the past is one slice, newest first, wherever it begins:
        # its terms are then always added up in the same order.
        self.spectra: Spectra = np.zeros((channels, 2 * blocks, frames + 1), complex)
        self.products: Spectra = np.zeros((channels, blocks, frames + 1), complex)
        self.samples: Array = np.zeros((channels, 2 * frames))  # the block before and this one
        self.newest = 0  # index of the newest spectrum, counting down

    def clear(self) -> None:
        self.spectra[:] = 0.0
        self.samples[:] = 0.0
        self.newest = 0

    def add(self, x: Array) -> None:
        """Take a block, (channels, frames)."""
        self.samples[:, : self.frames] = self.samples[:, self.frames :]
        self.samples[:, self.frames :] = x
        self.newest = (self.newest or self.blocks) - 1
        spectrum = np.fft.rfft(self.samples)
        self.spectra[:, self.newest] = spectrum
        self.spectra[:, self.newest + self.blocks] = spectrum

    def convolved(self, h: Spectra) -> Array:
        """Return the output for the newest block, (channels, frames), of a response cut by partitions()."""
        k = h.shape[1]
        products = self.products[:, :k]
        np.multiply(self.spectra[:, self.newest : self.newest + k], h, out=products)
        y: Array = np.fft.irfft(products.sum(axis=1), 2 * self.frames)[:, self.frames :]
        return y


def partitions(h: Array, frames: int) -> Spectra:
    """Return the spectra of an impulse response, (channels, taps), cut into blocks: (channels, blocks, frames + 1)."""
    channels, taps = h.shape
    blocks = -(-taps // frames)
    padded = np.zeros((channels, blocks * frames))
    padded[:, :taps] = h
    return np.fft.rfft(padded.reshape(channels, blocks, frames), 2 * frames)
