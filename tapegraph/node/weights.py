"""Files of trained weights: a network, or a bank of networks over a grid of settings.

A file is an .npz with two arrays and no pickle:

    about      JSON text: format, system, features, widths, axes, made (provenance, free-form)
    weights    64-bit floats: an axis for each of `axes`, then the weights of one network, layer by layer: the biases of
               its neurons, then for each input its weight in every neuron

A file comes from anybody, so it is read within limits: what its headers promise is checked before memory is allocated.
"""

from __future__ import annotations

import io
import itertools
import json
import math
import reprlib
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from operator import lt
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import numpy.typing as npt

from tapegraph import resources
from tapegraph.atomic import replacing
from tapegraph.contents import exists, read_once
from tapegraph.errors import TapegraphError, did_you_mean
from tapegraph.quantity import to_float

FORMAT = 2
SUFFIX = ".npz"
MOST_WIDTH = 64
MOST_LAYERS = 16
MOST_AXES = 8
MOST_BYTES = 16 << 20  # of a file, and of each array in it
LARGEST = 1e6  # weight: a trained network stays far below, and what its neurons add up stays finite
LONGEST_NAME = 64  # characters, of a system, of features or of an axis
Array = npt.NDArray[np.float64]


def count(widths: Sequence[int]) -> int:
    """Return the number of weights of a network with layers of these widths, inputs first, outputs last."""
    return sum((before + 1) * after for before, after in itertools.pairwise(widths))


@attrs.frozen(eq=False)
class Weights:
    """A network, or a bank of them.

    system: name of the system that it has learned
    features: name of the input features and gates that it was trained with
    widths: of the layers, inputs first, outputs last
    axes: increasing values of the parameters that span the grid of a bank, by name; none for a single network
    values: (len of each axis ..., weights of a network)
    made: provenance, free-form
    """

    system: str
    features: str
    widths: tuple[int, ...]
    axes: dict[str, tuple[float, ...]]
    values: Array
    made: dict[str, Any]

    def at(self, setting: Mapping[str, float]) -> Array:
        """Return the weights at a setting, interpolated linearly between the neighbouring networks of a bank."""
        values = self.values
        for name, axis in self.axes.items():
            position = float(np.interp(setting[name], axis, range(len(axis))))
            low = min(int(position), len(axis) - 2)
            fraction = position - low
            values = (1.0 - fraction) * values[low] + fraction * values[low + 1]
        return values

    def save(self, path: Path, overwrite: bool = True) -> None:
        """Write a file, completely or not at all."""
        about = {"format": FORMAT, "system": self.system, "features": self.features, "widths": self.widths}
        text = json.dumps({**about, "axes": self.axes, "made": self.made})
        with replacing(path, overwrite) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, about=np.array(text), weights=self.values)


def bundled(system: str = "") -> dict[str, Path]:
    """Return the files of weights that come with tapegraph, by name; names begin with that of the system."""
    files = sorted(resources.folder("weights").glob(f"{system}*{SUFFIX}"))
    return {path.stem: path for path in files}


def find(name_or_path: str) -> Path:
    """Return the file of a bundled name or a path. Raises TapegraphError when there is none."""
    inside = resources.folder("weights") / f"{name_or_path}{SUFFIX}"
    if inside.stem == name_or_path and exists(inside):
        return inside
    path = Path(name_or_path)
    if exists(path):
        return path
    known = bundled()
    hint = did_you_mean(name_or_path, known) or f"; there are {', '.join(known) or 'none yet'}, and paths of files"
    raise TapegraphError(f"no weights are called {name_or_path}{hint}")


def load(name_or_path: str, system: str, features: Mapping[str, tuple[int, int]], axes: Sequence[str]) -> Weights:
    """Return the weights of a bundled name or a path, complete and suited to a system.

    features: numbers of inputs and outputs, by the name of the input features that the system provides
    axes: the parameters that the grid of a bank may have as axes
    """
    path = find(name_or_path)
    weights = read(path)
    if weights.system != system:
        raise TapegraphError(f"{path}: these are weights for {weights.system}; they must be for {system}")
    if weights.features not in features:
        raise TapegraphError(
            f"{path}: the network expects input features {weights.features}; {system} provides {' or '.join(features)}"
        )
    inputs, outputs = weights.widths[0], weights.widths[-1]
    if (inputs, outputs) != features[weights.features]:
        needed = "{} inputs and {} outputs".format(*features[weights.features])
        raise TapegraphError(f"{path}: the network has {inputs} inputs and {outputs} outputs; it must have {needed}")
    for axis in weights.axes:
        if axis not in axes:
            known = ", ".join(axes) or "single networks only"
            raise TapegraphError(f"{path}: the grid of the bank has the axis {axis}; {system} takes {known}")
    return weights


def read(path: Path) -> Weights:
    """Return the weights of a file, which is read again once it has changed. Raises TapegraphError."""
    return read_once(path, MOST_BYTES, decoded)


def decoded(path: Path, content: bytes) -> Weights:
    """Return the weights in the content of a file; path: for messages. Raises TapegraphError."""
    try:
        about, values = unpacked(content)
    except Exception as error:  # zip, deflate, NumPy and JSON fail in dozens of ways on bytes that are not theirs
        message = f"{path}: not a complete weights file (.npz with arrays `about` and `weights`)"
        raise TapegraphError(message) from error
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        found = about.get("format") if isinstance(about, dict) else None
        raise TapegraphError(
            f"{path}: the format of weights is {reprlib.repr(found)}; this version reads {FORMAT}, "
            "so train the network again"
        )
    return checked(path, about, values)


def unpacked(content: bytes) -> tuple[Any, npt.NDArray[Any]]:
    """Return `about`, decoded, and `weights`. Raises exceptions of every kind where they are not there or damaged."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        about, values = array(archive, "about"), array(archive, "weights")
    return json.loads(str(about)), values


def array(archive: zipfile.ZipFile, name: str) -> npt.NDArray[Any]:
    """Return an array of an .npz whose sizes, compressed and stated, are within MOST_BYTES."""
    with archive.open(f"{name}.npy") as member:
        data = member.read(MOST_BYTES + 1)
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy evaluates the header as Python, which warns of odd escapes
        shape, is_fortran, dtype = header(file)
    size = math.prod(shape)
    if len(data) > MOST_BYTES or dtype.hasobject or size * dtype.itemsize != len(data) - file.tell():
        raise ValueError(f"an array of {len(data)} bytes, shape {shape} and type {dtype}")
    flat = np.frombuffer(data, dtype, size, file.tell())
    return flat.reshape(shape, order="F" if is_fortran else "C")


def checked(path: Path, about: dict[str, Any], values: npt.NDArray[Any]) -> Weights:
    """Return the weights that a file holds, once they are known to be complete and finite. Raises TapegraphError."""
    widths, axes, made = about.get("widths"), about.get("axes"), about.get("made") or {}
    if not (isinstance(widths, list) and 3 <= len(widths) <= MOST_LAYERS and all(is_width(w) for w in widths)):
        allowed = f"three to {MOST_LAYERS} numbers from 1 to {MOST_WIDTH}"
        raise TapegraphError(f"{path}: widths is {reprlib.repr(widths)}; it must be {allowed}")
    if not (isinstance(axes, dict) and all(is_axis(axis) for axis in axes.values())):
        found = reprlib.repr(axes)
        raise TapegraphError(f"{path}: axes is {found}; it must be two or more increasing numbers for each name")
    if len(axes) > MOST_AXES or not all(is_name(axis) for axis in axes):
        found = reprlib.repr(list(axes))
        raise TapegraphError(f"{path}: axes are {found}; there must be at most {MOST_AXES}, named like parameters")
    if not all(is_name(about.get(key)) for key in ("system", "features")):
        raise TapegraphError(f"{path}: system or features is missing; both must be names")
    shape = (*(len(axis) for axis in axes.values()), count(widths))
    if values.shape != shape or values.dtype != np.float64:
        raise TapegraphError(
            f"{path}: weights has shape {reprlib.repr(values.shape)} and type {values.dtype}; "
            f"a network of {' x '.join(map(str, widths))} on these axes needs {shape} and float64"
        )
    if not np.isfinite(values).all():
        raise TapegraphError(
            f"{path}: {int(np.sum(~np.isfinite(values)))} weights are NaN or infinite; all must be finite"
        )
    if (largest := float(np.max(np.abs(values)))) > LARGEST:
        raise TapegraphError(f"{path}: the largest weight is {largest:g}; they must be -{LARGEST:g} to {LARGEST:g}")
    if not isinstance(made, dict):
        raise TapegraphError(f"{path}: made is {reprlib.repr(made)}; it must be a mapping")
    named = {name: tuple(map(float, axis)) for name, axis in axes.items()}
    return Weights(about["system"], about["features"], tuple(widths), named, values.astype(np.float64), made)


def is_name(value: object) -> bool:
    return isinstance(value, str) and value.isprintable() and 1 <= len(value) <= LONGEST_NAME


def is_width(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_WIDTH


def is_axis(values: object) -> bool:
    """Tell whether there are two or more finite numbers that increase."""
    if not isinstance(values, list) or len(values) < 2:
        return False
    numbers = [to_float(v) for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    return len(numbers) == len(values) and all(map(math.isfinite, numbers)) and all(map(lt, numbers, numbers[1:]))
