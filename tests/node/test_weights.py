"""Files of weights: what is written is read, banks are interpolated, and mistakes are named."""

from __future__ import annotations

import json
import os
import re
import shutil
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tapegraph
from tapegraph import contents
from tapegraph.errors import TapegraphError
from tapegraph.node import weights
from tapegraph.node.weights import Weights

SIZE = 3 * 4 + 5 * 2  # weights of a network of 2, 4 and 2
FEATURES = {"toy features": (2, 2)}
AXES = ("bias", "saturation")


def toy() -> Weights:
    values = np.random.default_rng(0).standard_normal((2, 3, SIZE))
    axes = {"bias": (0.0, 1.0), "saturation": (0.0, 0.5, 1.0)}
    return Weights("toy", "toy features", (2, 4, 2), axes, values, {"by": "a test"})


def altered(path: Path, about: dict[str, Any] | None = None, **arrays: Any) -> Path:
    """Write the toy bank with something changed."""
    toy().save(path)
    with np.load(path) as file:
        contents = {name: file[name] for name in file.files}
    contents["about"] = np.array(json.dumps({**json.loads(str(contents["about"])), **(about or {})}))
    np.savez(path, **{**contents, **arrays})
    return path


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "toy.npz"
    toy().save(path)
    read = weights.load(str(path), "toy", FEATURES, AXES)
    np.testing.assert_array_equal(read.values, toy().values)
    assert (read.widths, read.axes, read.made) == (toy().widths, toy().axes, {"by": "a test"})
    first = path.read_bytes()
    toy().save(path)
    assert path.read_bytes() == first


def test_between_networks_weights_are_interpolated_and_beyond_the_ends_held() -> None:
    values = toy().values
    np.testing.assert_allclose(
        toy().at({"bias": 0.25, "saturation": 0.75}),
        0.75 * (values[0, 1] + values[0, 2]) / 2 + 0.25 * (values[1, 1] + values[1, 2]) / 2,
    )
    np.testing.assert_array_equal(toy().at({"bias": 1.0, "saturation": 1.0}), values[1, 2])


def test_a_bank_along_a_parameter_that_there_is_not_is_refused(tmp_path: Path) -> None:
    toy().save(tmp_path / "toy.npz")
    with pytest.raises(TapegraphError, match="the grid of the bank has the axis saturation; toy takes bias, drive$"):
        weights.load(str(tmp_path / "toy.npz"), "toy", FEATURES, ("bias", "drive"))


WRONG = [
    ({"format": 1}, {}, "the format of weights is 1; this version reads 2, so train the network again"),
    ({"widths": [2, 2]}, {}, "widths is [2, 2]; it must be three to 16 numbers from 1 to 64"),
    (
        {"axes": {"bias": [1, 0]}},
        {},
        "axes is {'bias': [1, 0]}; it must be two or more increasing numbers for each name",
    ),
    (
        {"axes": {f"a{k}": [0, 1] for k in range(9)}},
        {},
        "axes are ['a0', 'a1', 'a2', 'a3', 'a4', 'a5', ...]; there must be at most 8, named like parameters",
    ),
    (
        {"axes": {"\x1b[2J": [0, 1]}},
        {},
        r"axes are ['\x1b[2J']; there must be at most 8, named like parameters",
    ),
    (
        {"axes": {"bias": [0, 10**400]}},
        {},
        "axes is {'bias': [0, 100000000000000000...0000000000000000000]}; "
        "it must be two or more increasing numbers for each name",
    ),
    ({"features": "\x1b[2J"}, {}, "system or features is missing; both must be names"),
    ({"made": [1]}, {}, "made is [1]; it must be a mapping"),
    ({}, {"weights": np.full((2, 3, SIZE), 1e308)}, "the largest weight is 1e+308; they must be -1e+06 to 1e+06"),
    ({"system": None}, {}, "system or features is missing; both must be names"),
    ({"system": "other"}, {}, "these are weights for other; they must be for toy"),
    ({"features": "others"}, {}, "the network expects input features others; toy provides toy features"),
    (
        {},
        {"weights": np.zeros((2, 3, SIZE + 1))},
        "weights has shape (2, 3, 23) and type float64; "
        "a network of 2 x 4 x 2 on these axes needs (2, 3, 22) and float64",
    ),
    ({}, {"weights": np.full((2, 3, SIZE), np.nan)}, "132 weights are NaN or infinite; all must be finite"),
    (
        {"widths": [2, 4, 1]},
        {"weights": np.zeros((2, 3, 17))},
        "the network has 2 inputs and 1 outputs; it must have 2 inputs and 2 outputs",
    ),
]


@pytest.mark.parametrize(("about", "arrays", "message"), WRONG)
def test_a_wrong_file_is_refused_by_name(
    about: dict[str, Any], arrays: dict[str, Any], message: str, tmp_path: Path
) -> None:
    path = altered(tmp_path / "toy.npz", about, **arrays)
    with pytest.raises(TapegraphError) as error:
        weights.load(str(path), "toy", FEATURES, AXES)
    assert str(error.value) == f"{path}: {message}"


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_truncated_file_or_one_of_another_sort_is_no_file_of_weights(share: float, tmp_path: Path) -> None:
    path = tmp_path / "toy.npz"
    toy().save(path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    for _ in range(2):
        with pytest.raises(TapegraphError, match="not a complete weights file"):
            weights.load(str(path), "toy", FEATURES, AXES)
        path.write_text("tapegraph: 1")


NOT_COMPLETE = "not a complete weights file (.npz with arrays `about` and `weights`)"
NPY = b"\x93NUMPY\x01\x00v\x00"


def npy(header: str, data: bytes = b"") -> bytes:
    return NPY + header.ljust(0x75).encode() + b"\n" + data


DAMAGED = {  # members of the zip file that stand in for the right ones
    "a shape that is a sum to work out": {
        "weights.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2**40,), }")
    },
    "8 TB written out": {
        "weights.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }", b"x" * 8)
    },
    "a shape of 30 digits": {
        "weights.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (" + "9" * 30 + ",), }")
    },
    "a negative shape": {"weights.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }")},
    "a type that is a call": {
        "weights.npy": npy("{'descr': __import__('os').getcwd(), 'fortran_order': False, 'shape': (1,), }")
    },
    "an escape that Python warns of": {"weights.npy": npy("{'descr': '\\d', 'fortran_order': False, 'shape': (1,), }")},
    "no array": {"weights.npy": b"0.1 0.2 0.3"},
    "nothing": {"weights.npy": b""},
    "JSON that is not": {
        "about.npy": npy("{'descr': '<U2', 'fortran_order': False, 'shape': (), }", "{{".encode("utf-32-le"))
    },
    "lists 100,000 deep": {
        "about.npy": npy(
            "{'descr': '<U100000', 'fortran_order': False, 'shape': (), }", ("[" * 100_000).encode("utf-32-le")
        )
    },
    "more than is read, of zeros": {
        "weights.npy": npy("{'descr': '<f8', 'fortran_order': False, 'shape': (4194304,), }", bytes(32 << 20))
    },
}


@pytest.mark.parametrize("members", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_file_is_refused_before_it_fills_memory(members: dict[str, bytes], tmp_path: Path) -> None:
    path = tmp_path / "toy.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("about.npy", "weights.npy"):
            archive.writestr(name, members.get(name, b""))
    tracemalloc.start()
    try:
        with pytest.raises(TapegraphError) as error:
            weights.load(str(path), "toy", FEATURES, AXES)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert str(error.value) == f"{path}: {NOT_COMPLETE}"
    assert peak < 64e6  # bytes; the largest of these would be 8e12


# Of the fields of the directory of a zip file: where each is, and what zipfile answers with exceptions of many kinds.
FLAGS, METHOD, VERSION = 8, 10, 6


@pytest.mark.parametrize(
    ("offset", "value"), [(FLAGS, 1), (FLAGS, 1 << 5), (FLAGS, 1 << 6), (METHOD, 99), (VERSION, 99)]
)
def test_a_zip_file_of_another_sort_is_refused(offset: int, value: int, tmp_path: Path) -> None:
    path = tmp_path / "toy.npz"
    toy().save(path)
    content = bytearray(path.read_bytes())
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        content[at + offset : at + offset + 2] = value.to_bytes(2, "little")
        at += 4
    path.write_bytes(content)
    with pytest.raises(TapegraphError, match=f"{re.escape(NOT_COMPLETE)}$"):
        weights.load(str(path), "toy", FEATURES, AXES)


def test_a_file_that_is_not_regular_or_too_long_is_refused(tmp_path: Path) -> None:
    big = tmp_path / "big.npz"
    with big.open("wb") as file:
        file.truncate(weights.MOST_BYTES + 1)
    refused = {
        str(big): f"has more than {weights.MOST_BYTES} bytes, the most that is read",
        str(tmp_path): "cannot be read: Is a directory",
    }
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.npz")
        refused[str(tmp_path / "pipe.npz")] = "cannot be read: it is not a regular file"
        refused["/dev/zero"] = "cannot be read: it is not a regular file"
    for path, message in refused.items():
        with pytest.raises(TapegraphError) as error:
            weights.load(path, "toy", FEATURES, AXES)
        assert str(error.value) == f"{path}: {message}"
    for name in ("x" * 300, "a\0b", "\ud800"):
        with pytest.raises(TapegraphError, match="^no weights are called "):
            weights.load(name, "toy", FEATURES, AXES)


def test_a_file_is_read_again_only_once_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, reads = tmp_path / "toy.npz", []

    def counted(file: Path, most: int) -> bytes:
        reads.append(file)
        return file.read_bytes()

    monkeypatch.setattr(contents, "read_bytes", counted)
    path.write_text("not yet")
    for _ in range(3):
        with pytest.raises(TapegraphError):
            weights.load(str(path), "toy", FEATURES, AXES)
    toy().save(path)
    for _ in range(3):
        weights.load(str(path), "toy", FEATURES, AXES)
    assert reads == [path, path]


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    path = altered(tmp_path / "toy.npz", weights=np.array([{"a": 1}], dtype=object))
    with pytest.raises(TapegraphError, match="not a complete weights file"):
        weights.load(str(path), "toy", FEATURES, AXES)


def test_bundled_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in weights.bundled().values()) < 2_000_000


def tape(model: Path) -> tapegraph.Graph:
    return tapegraph.chain(tape={"kind": "hysteresis", "solver": "stn", "model": str(model)})


@pytest.mark.parametrize("change", ["deleted", "damaged", "of an axis that there is not"])
def test_weights_that_are_gone_or_wrong_while_sound_runs_cannot_end_it(change: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    shutil.copy(weights.bundled()["hysteresis-2x8"], path)
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 2048))
    graph, untouched = tape(path), tape(path).stream(48_000)
    stream = graph.stream(48_000)
    if change == "deleted":
        path.unlink()
    elif change == "damaged":
        path.write_bytes(path.read_bytes()[:100])
    else:
        found = weights.read(path)
        values = np.stack([found.values, found.values])
        Weights(found.system, found.features, found.widths, {"nose": (0.0, 1.0)}, values, {}).save(path)
    with pytest.raises(TapegraphError, match=r"^tape\.model cannot be "):
        graph.set("tape.model", str(path))
    for value in (0.8, 0.3):  # what is set beside it goes on being taken
        graph.set("tape.drive", value)
        untouched.set("tape", "drive", value)
        np.testing.assert_array_equal(stream.process(noise), untouched.process(noise))
    stream.reset()
    untouched.reset()
    np.testing.assert_array_equal(stream.process(noise), untouched.process(noise))
    assert not stream.warnings()
