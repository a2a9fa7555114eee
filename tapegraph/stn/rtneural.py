"""Banks of networks for the hysteresis, in the JSON of RTNeural: a folder of 11 files with 21 networks each.

    hyst_width_<W>.json: {"drive_<X>_<W>": network, ...}    W = 100 (1 - bias), 0 to 100 by 10
                                                            X = 100 saturation, 0 to 100 by 5
    network: {"in_shape": [null, 5], "layers": [layer, ...]}
    layer: {"type": "dense", "activation": "tanh", "shape": [null, outputs], "weights": [K, b]}

    y_j = tanh(sum over i of K[i][j] x_i + b_j), the last layer without tanh and with one output

Such a network has learnt a step of magnetisation at 96 kHz; at a rate fs its output is scaled to the length of a step:

    u = [s H, s H' / 60000, s H_p, s H'_p / 60000, M_p],    s = 0.7071 / a
    M = M_p + net(u) 96000 / fs

with the field H, its rate H' in 1/s, the same a sample before (_p), and a as in the node hysteresis, whose drive enters
by a alone. All networks of a bank have layers of the same sizes. A single file is a bank for one bias.
Source: J. Chowdhury, RTNeural: fast neural inferencing for real-time systems, 2021, for the JSON; J. Parker,
F. Esqueda, A. Bergner, Modelling of nonlinear state-space systems using a deep neural network, DAFx 2019.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tapegraph.errors import Problem, TapegraphError
from tapegraph.node.weights import MOST_WIDTH, Weights

Array = npt.NDArray[np.float64]
Layer = tuple[Array, Array]  # weights (outputs, inputs) and biases (outputs,)
Layers = list[Layer]

WIDTHS = range(0, 101, 10)
SATURATIONS = range(0, 101, 5)
FEATURES = 5
MOST_BYTES = 64_000_000
EDGE = 1e-9  # between two networks


def read_bank(path: Path) -> Weights:
    """Read a bank from a folder, or one file of it, as weights for the hysteresis node.

    Raises TapegraphError with a line for each file that is missing, truncated, of another layout or contains values
    that are not numbers: the first problem in it.
    """
    if path.is_dir():
        files = {width: path / f"hyst_width_{width}.json" for width in reversed(WIDTHS)}
    else:
        files = {width_of(path): path}
    rows: list[list[Layers]] = []
    problems: list[Problem] = []
    for width, file in files.items():
        try:
            rows.append(read_width(file, width))
        except TapegraphError as error:
            problems += error.problems
    if problems:
        raise TapegraphError(*problems)
    check_alike(list(files.values()), rows)
    values = np.array([[flat(network) for network in row] for row in rows])
    # Networks that were trained independently cannot be interpolated. So each is entered at both ends of its range:
    # from its saturation up to the next one, and from its bias down to the next one.
    first, *others = [saturation / 100 for saturation in SATURATIONS]
    axes = {"saturation": (first, *(v for value in others for v in (value - EDGE, value)))}
    values = values.repeat(2, axis=1)[:, :-1]
    *others, last = [(100 - width) / 100 for width in files]
    if others:
        axes = {"bias": (*(v for value in others for v in (value, value + EDGE)), last), **axes}
        values = values.repeat(2, axis=0)[1:]
    else:
        values = values[0]
    made = {"by": "tapegraph stn import", "from": [file.name for file in files.values()]}
    return Weights("hysteresis", "field_and_rate", widths(rows[0][0]), axes, values, made)


def flat(network: Layers) -> Array:
    """Return the weights of a network in one row: for each layer its biases, then the weights of each input."""
    return np.concatenate([np.vstack([b, W.T]).ravel() for W, b in network])


def width_of(path: Path) -> int:
    """Return W of hyst_width_<W>.json."""
    for width in WIDTHS:
        if path.name == f"hyst_width_{width}.json":
            return width
    raise TapegraphError(
        Problem(
            "is not a bank; it must be a folder, or a file hyst_width_<W>.json with W from 0 to 100 in steps of 10",
            str(path),
        )
    )


def check_alike(files: list[Path], rows: list[list[Layers]]) -> None:
    """Raise TapegraphError for files whose networks have other layer sizes than those of the first."""
    expected = sizes(rows[0][0])
    problems = [
        Problem(f"has networks of {sizes(row[0])}; they must be {expected} as in {files[0].name}", str(file))
        for file, row in zip(files, rows, strict=True)
        if sizes(row[0]) != expected
    ]
    if problems:
        raise TapegraphError(*problems)


def widths(network: Layers) -> tuple[int, ...]:
    """Return the numbers of inputs, and of outputs of each layer."""
    return (network[0][0].shape[1], *(b.size for _, b in network))


def sizes(network: Layers) -> str:
    """Return "5-4-4-1"."""
    return "-".join(map(str, widths(network)))


def read_width(path: Path, width: int) -> list[Layers]:
    """Read the networks of one file, by rising saturation."""
    networks = read_object(path)
    row: list[Layers] = []
    for saturation in SATURATIONS:
        key = f"drive_{saturation}_{width}"
        try:
            if key not in networks:
                raise ValueError(
                    f"is missing; the file must contain drive_0_{width} to drive_100_{width} in steps of 5"
                )
            network = read_network(networks[key])
            if row and sizes(network) != sizes(row[0]):
                raise ValueError(f"has layers of {sizes(network)}; it must be {sizes(row[0])} as in the others")
        except ValueError as error:
            raise TapegraphError(Problem(f"{key} {error}", str(path))) from None
        row.append(network)
    return row


def read_object(path: Path) -> dict[str, Any]:
    """Read a file that holds a JSON object."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"it has {path.stat().st_size} bytes; at most {MOST_BYTES} are allowed")
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be read: {error.strerror}", str(path))) from None
    except (ValueError, RecursionError) as error:  # ValueError: not JSON, not UTF-8, numbers of thousands of digits
        raise TapegraphError(Problem(f"not JSON, or truncated: {error}", str(path))) from None
    if not isinstance(found, dict):
        raise TapegraphError(Problem("is not a bank; it must be a JSON object of networks drive_<X>_<W>", str(path)))
    return found


def read_network(found: Any) -> Layers:
    """Check one network. Raises ValueError, "has ...; it must ...", the subject being its name."""
    if not isinstance(found, dict) or not isinstance(found.get("layers"), list) or not found["layers"]:
        raise ValueError("has no layers; it must be an object with in_shape and a list of layers")
    if last(found.get("in_shape")) != FEATURES:
        raise ValueError(f"has in_shape {found.get('in_shape')!r:.40}; it must be [null, {FEATURES}]")
    network: Layers = []
    inputs = FEATURES
    for place, layer in enumerate(found["layers"], start=1):
        final = place == len(found["layers"])
        try:
            network.append(read_layer(layer, inputs, "" if final else "tanh"))
        except ValueError as error:
            raise ValueError(f"layer {place} {error}") from None
        inputs = network[-1][1].size
    if inputs != 1:
        raise ValueError(f"has {inputs} outputs; it must have 1")
    return network


def read_layer(found: Any, inputs: int, activation: str) -> Layer:
    """Check one layer and turn its weights from K[input][output] to (outputs, inputs)."""
    if not isinstance(found, dict) or found.get("type") != "dense":
        kind = found.get("type") if isinstance(found, dict) else None
        raise ValueError(f"is of type {kind!r:.40}; it must be 'dense'")
    if found.get("activation", "") != activation:
        raise ValueError(f"has activation {found.get('activation', '')!r:.40}; it must be {activation!r}")
    outputs = last(found.get("shape"))
    if not 1 <= outputs <= MOST_WIDTH:
        raise ValueError(f"has shape {found.get('shape')!r:.40}; it must be [null, 1 to {MOST_WIDTH}]")
    weights = found.get("weights")
    if not isinstance(weights, list) or len(weights) != 2:
        raise ValueError("has weights that are not a pair; they must be [K, b]")
    if not isinstance(weights[0], list) or len(weights[0]) != inputs:
        raise ValueError(f"has {length_of(weights[0])} rows of weights; there must be {inputs}, one for each input")
    K = np.array([numbers(row, outputs, "weights") for row in weights[0]])
    return np.ascontiguousarray(K.T), np.array(numbers(weights[1], outputs, "biases"))


def last(shape: Any) -> int:
    """Return the last size of a shape, or 0 where there is none."""
    return shape[-1] if isinstance(shape, list) and shape and type(shape[-1]) is int else 0


def length_of(found: Any) -> str:
    return str(len(found)) if isinstance(found, list) else "no"


def numbers(found: Any, count: int, what: str) -> list[float]:
    """Return a list of so many finite numbers."""
    if not isinstance(found, list) or len(found) != count:
        raise ValueError(f"has {length_of(found)} {what}; there must be {count}, one for each output")
    for value in found:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError(f"has {value!r:.40} among its {what}; they must be numbers")
        if not abs(value) <= sys.float_info.max:
            raise ValueError(f"has {value!s:.40} among its {what}; they must be finite")
    return [float(value) for value in found]
