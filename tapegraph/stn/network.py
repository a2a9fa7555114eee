"""A network of dense layers in NumPy: what it gives for many rows, and how that depends on every weight.

    a_0 = inputs,    a_k = tanh(b_k + W_k a_(k-1)),    outputs = b + W a_last

tanh is the rational function that runs in real time too, within 1e-4 of the real one:

    tanh x = x (135135 + 17325 x^2 + 378 x^4 + x^6) / (135135 + 62370 x^2 + 3150 x^4 + 28 x^6),    |x| <= 4.97

Weights are flat, layer by layer and neuron by neuron, the bias of a neuron first.
Source: J. H. Lambert's continued fraction of tanh, cut after the seventh term.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
END = 4.97  # where the rational function reaches 1


def tanh(x: Array) -> Array:
    x = np.clip(x, -END, END)
    x2 = x * x
    over = 135135.0 + x2 * (62370.0 + x2 * (3150.0 + x2 * 28.0))
    return np.asarray(x * (135135.0 + x2 * (17325.0 + x2 * (378.0 + x2))) / over)


def layers(weights: Array, widths: Sequence[int]) -> Iterator[Array]:
    """Yield (neurons, 1 + inputs) of each layer, as views; the bias is in the first column."""
    at = 0
    for before, after in zip(widths, widths[1:], strict=False):
        end = at + after * (1 + before)
        yield weights[at:end].reshape(after, 1 + before)
        at = end


def activations(weights: Array, widths: Sequence[int], inputs: Array) -> list[Array]:
    """Return the values of every layer for inputs (INPUTS, rows), from the inputs to the outputs, (neurons, rows)."""
    values = [inputs]
    for layer in layers(weights, widths):
        values.append(layer[:, 1:] @ values[-1] + layer[:, :1])
        if len(values) < len(widths):
            values[-1] = tanh(values[-1])
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
        slopes = (layer[:, 1:].T @ slopes) * (1.0 - below * below)
    return columns.T


def drawn(widths: Sequence[int], random: np.random.Generator) -> Array:
    """Return random weights to start from: outputs of a neuron as large as its inputs, whatever their number."""
    parts = []
    for before, after in zip(widths, widths[1:], strict=False):
        biases = 0.3 * random.standard_normal((after, 1))
        parts.append(np.hstack([biases, random.standard_normal((after, before)) / np.sqrt(before)]).ravel())
    return np.concatenate(parts)
