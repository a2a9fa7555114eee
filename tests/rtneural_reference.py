"""Networks in RTNeural's JSON as tests need them: written with random weights, and computed with plain loops."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from harness import Array

Network = dict[str, Any]


def random_network(rng: np.random.Generator, hidden: tuple[int, ...] = (4, 4)) -> Network:
    """Return a network with weights so small that its magnetisation stays bounded for seconds."""
    sizes = [5, *hidden, 1]
    layers: list[dict[str, Any]] = []
    for inputs, outputs in itertools.pairwise(sizes):
        scale = 1.0 if len(layers) < len(hidden) else 0.05
        K = (scale * rng.normal(0, 0.3, (inputs, outputs))).astype(np.float32)
        b = (scale * rng.normal(0, 0.01, outputs)).astype(np.float32)
        layers.append(
            {
                "type": "dense",
                "activation": "tanh" if len(layers) < len(hidden) else "",
                "shape": [None, outputs],
                "weights": [K.tolist(), b.tolist()],
            }
        )
    return {"in_shape": [None, 5], "layers": layers}


def write_bank(folder: Path, seed: int = 0, hidden: tuple[int, ...] = (4, 4)) -> dict[str, Network]:
    """Write the 11 files of a bank; return its networks by key."""
    rng = np.random.default_rng(seed)
    networks = {}
    for width in range(0, 101, 10):
        row = {f"drive_{saturation}_{width}": random_network(rng, hidden) for saturation in range(0, 101, 5)}
        (folder / f"hyst_width_{width}.json").write_text(json.dumps(row))
        networks.update(row)
    return networks


def output(network: Network, u: list[float]) -> float:
    """Return what a network makes of its five inputs."""
    x = u
    for layer in network["layers"]:
        K, b = layer["weights"]
        y = [sum(K[i][j] * x[i] for i in range(len(x))) + b[j] for j in range(len(b))]
        x = [math.tanh(v) for v in y] if layer["activation"] else y
    return x[0]


def magnetisation(network: Network, H: Array, fs: float, drive: float, saturation: float) -> Array:
    """Return M for the field H at the rate fs, from rest on, held at saturation."""
    M_s = 0.5 + 1.5 * (1 - saturation)
    a = M_s / (0.01 + 6 * drive)
    s = 0.7071 / a
    M = field_before = rate_before = 0.0
    out = np.zeros_like(H)
    for n, field in enumerate(H):
        rate = 1.75 * fs * (field - field_before) - 0.75 * rate_before
        u = [s * field, s * rate / 60_000, s * field_before, s * rate_before / 60_000, M]
        M = max(-M_s, min(M_s, M + output(network, u) * 96_000 / fs))
        out[n] = M
        field_before, rate_before = field, rate
    return out
