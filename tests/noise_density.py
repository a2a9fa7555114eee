"""The power density of noise from the weights of its filter, by SciPy: exact, where a measurement would need hours."""

from __future__ import annotations

import numpy as np
from scipy import signal
from tapegraph_nodes._kernels.noise_spectrum import TAPS, SpectrumNoise
from tapegraph_nodes.noise.shaped_noise import ShapedNoise
from tapegraph_nodes.noise.tape_hiss import TapeHiss

from tapegraph.node import Node
from tapegraph.run.sound import Array


def density(node: Node, hz: Array) -> Array:
    """Return the power per hertz at the targets of a node, whose white noise has a variance of 1."""
    assert isinstance(node, ShapedNoise | TapeHiss)
    noise: SpectrumNoise = node.noise
    weights = np.array(list(noise.weights.target))
    H = signal.freqz(weights[:TAPS], worN=hz, fs=node.fs)[1]
    for a, c in zip(list(noise.a), weights[TAPS:], strict=True):
        H = H + signal.freqz([c], [1.0, -a], worN=hz, fs=node.fs)[1]
    power: Array = np.abs(H) ** 2 * 2 / node.fs
    return power
