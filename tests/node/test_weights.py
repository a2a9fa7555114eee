"""Files of weights: what is written is read, banks are interpolated, and mistakes are named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

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
    ({"widths": [2, 2]}, {}, "widths is [2, 2]; it must be three or more numbers from 1 to 64"),
    (
        {"axes": {"bias": [1, 0]}},
        {},
        "axes is {'bias': [1, 0]}; it must be two or more increasing numbers for each name",
    ),
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


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    path = altered(tmp_path / "toy.npz", weights=np.array([{"a": 1}], dtype=object))
    with pytest.raises(TapegraphError, match="not a complete weights file"):
        weights.load(str(path), "toy", FEATURES, AXES)


def test_bundled_weights_are_small() -> None:
    assert sum(path.stat().st_size for path in weights.bundled().values()) < 2_000_000
