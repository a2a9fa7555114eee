"""A network of dense layers in NumPy: its outputs for many rows, and their derivatives by every weight.

    a_0 = inputs,    a_k = f(b_k + W_k a_(k-1)),    outputs = b + W a_last
    f(x) = u (4 - |u|),    u = |x + 1| - |x - 1|

f is close to 4 tanh(2 x), and made of two parabolas: see _kernels/networks/network.py of tapegraph_nodes, where these
networks run. Weights are flat, layer by layer: the biases of its neurons, then for each input its weight in every
neuron.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def activation(x: Array) -> tuple[Array, Array]:
    """Return f(x) and f'(x)."""
    u = np.clip(x, -1.0, 1.0)
    return 4.0 * u * (2.0 - np.abs(u)), 8.0 * (1.0 - np.abs(u))


def layers(weights: Array, widths: Sequence[int]) -> Iterator[Array]:
    """Yield (1 + inputs, neurons) of each layer, as views; the biases are in the first row."""
    at = 0
    for before, after in itertools.pairwise(widths):
        end = at + after * (1 + before)
        yield weights[at:end].reshape(1 + before, after)
        at = end


def activations(weights: Array, widths: Sequence[int], inputs: Array) -> list[tuple[Array, Array]]:
    """Return the output of every layer for inputs (INPUTS, rows), from the inputs to the outputs: values and slopes.

    Both are (neurons, rows); a slope is that of the activation, 1 where there is none.
    """
    given = [(inputs, np.ones_like(inputs))]
    for layer in layers(weights, widths):
        x = layer[1:].T @ given[-1][0] + layer[0][:, None]
        given.append(activation(x) if len(given) + 1 < len(widths) else (x, np.ones_like(x)))
    return given


def outputs(weights: Array, widths: Sequence[int], inputs: Array) -> Array:
    """Return the outputs (OUTPUTS, rows) for inputs (INPUTS, rows)."""
    return activations(weights, widths, inputs)[-1][0]


def jacobian(weights: Array, widths: Sequence[int], given: list[tuple[Array, Array]], slopes: Array) -> Array:
    """Return d (sum of slopes times outputs) / d weights, (rows, weights), by back-propagation.

    given: the activations; slopes: (OUTPUTS, rows)
    """
    rows = slopes.shape[1]
    columns: Array = np.empty((len(weights), rows))
    end = len(weights)
    for layer, (below, bend) in zip(reversed(list(layers(weights, widths))), reversed(given[:-1]), strict=True):
        size, neurons = layer.shape
        part = columns[end - size * neurons : end].reshape(size, neurons, rows)
        part[0] = slopes
        np.multiply(slopes[None], below[:, None], out=part[1:])
        end -= size * neurons
        slopes = (layer[1:] @ slopes) * bend
    return columns.T


def drawn(widths: Sequence[int], random: np.random.Generator) -> Array:
    """Return random weights to start from, so scaled that neurons reach their nonlinear range at any width."""
    parts = []
    for before, after in itertools.pairwise(widths):
        biases = 0.15 * random.standard_normal((1, after))
        parts.append(np.vstack([biases, 0.25 * random.standard_normal((before, after)) / np.sqrt(before)]).ravel())
    return np.concatenate(parts)
