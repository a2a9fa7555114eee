"""A network of dense layers in NumPy: what it gives for many rows, and how that depends on every weight.

    a_0 = inputs,    a_k = f(b_k + W_k a_(k-1)),    outputs = b + W a_last,    f(x) = x / (1 + |x|)

f (softsign) has the shape of tanh at a tenth of its work. Weights are flat, layer by layer and neuron by neuron, the
bias of a neuron first.
Source: X. Glorot, Y. Bengio, Understanding the difficulty of training deep feedforward neural networks, 2010, for f.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def softsign(x: Array) -> Array:
    return np.asarray(x / (1.0 + np.abs(x)))


def layers(weights: Array, widths: Sequence[int]) -> Iterator[Array]:
    """Yield (neurons, 1 + inputs) of each layer, as views; the bias is in the first column."""
    at = 0
    for before, after in itertools.pairwise(widths):
        end = at + after * (1 + before)
        yield weights[at:end].reshape(after, 1 + before)
        at = end


def activations(weights: Array, widths: Sequence[int], inputs: Array) -> list[Array]:
    """Return the values of every layer for inputs (INPUTS, rows), from the inputs to the outputs, (neurons, rows)."""
    values = [inputs]
    for layer in layers(weights, widths):
        values.append(layer[:, 1:] @ values[-1] + layer[:, :1])
        if len(values) < len(widths):
            values[-1] = softsign(values[-1])
    return values


def outputs(weights: Array, widths: Sequence[int], inputs: Array) -> Array:
    """Return the outputs (OUTPUTS, rows) for inputs (INPUTS, rows)."""
    return activations(weights, widths, inputs)[-1]


def jacobian(weights: Array, widths: Sequence[int], values: list[Array], slopes: Array) -> Array:
    """Return d (sum of slopes times outputs) / d weights, (rows, weights), by back-propagation.

    values: the activations; slopes: (OUTPUTS, rows)
    """
    rows = slopes.shape[1]
    columns: Array = np.empty((len(weights), rows))
    end = len(weights)
    for layer, below in zip(reversed(list(layers(weights, widths))), reversed(values[:-1]), strict=True):
        neurons, size = layer.shape
        part = columns[end - neurons * size : end].reshape(neurons, size, rows)
        part[:, 0] = slopes
        np.multiply(slopes[:, None], below[None], out=part[:, 1:])
        end -= neurons * size
        slopes = (layer[:, 1:].T @ slopes) * (1.0 - np.abs(below)) ** 2
    return columns.T


def drawn(widths: Sequence[int], random: np.random.Generator) -> Array:
    """Return random weights to start from: outputs of a neuron as large as its inputs, whatever their number."""
    parts = []
    for before, after in itertools.pairwise(widths):
        biases = 0.3 * random.standard_normal((after, 1))
        parts.append(np.hstack([biases, random.standard_normal((after, before)) / np.sqrt(before)]).ravel())
    return np.concatenate(parts)
