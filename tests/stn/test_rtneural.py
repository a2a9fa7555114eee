"""Banks in RTNeural's JSON: read as they were written, and refused in words where they were not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from harness import Array, run
from rtneural_reference import Network, magnetisation, random_network, write_bank
from tapegraph_nodes.tape.hysteresis import Hysteresis

from tapegraph.commands.stn import command
from tapegraph.errors import TapegraphError
from tapegraph.node.weights import load
from tapegraph.stn.rtneural import read_bank


def expected(networks: dict[str, Network], bias: int, saturation: int) -> Array:
    """Return the weights of a network, of each layer the biases, then those of each input; settings in %."""
    flat = []
    for K, b in (layer["weights"] for layer in networks[f"drive_{saturation}_{100 - bias}"]["layers"]):
        flat += b
        for row in K:
            flat += row
    return np.array(flat)


@pytest.mark.parametrize("hidden", [(4, 4), (8, 8), (4, 4, 4)])
def test_every_network_of_a_bank_is_where_its_bias_and_saturation_are(tmp_path: Path, hidden: tuple[int, ...]) -> None:
    networks = write_bank(tmp_path, hidden=hidden)
    bank = read_bank(tmp_path)
    assert bank.widths == (5, *hidden, 1)
    for bias in range(0, 101, 10):
        for saturation in range(0, 101, 5):
            found = bank.at({"bias": bias / 100, "saturation": saturation / 100, "drive": 0.5})
            np.testing.assert_allclose(found, expected(networks, bias, saturation), atol=1e-12)


def test_one_file_is_a_bank_for_any_bias(tmp_path: Path) -> None:
    networks = write_bank(tmp_path)
    bank = read_bank(tmp_path / "hyst_width_30.json")
    for bias in (0.0, 0.7, 1.0):
        np.testing.assert_allclose(bank.at({"bias": bias, "saturation": 0.35}), expected(networks, 70, 35), atol=1e-12)


def test_between_two_networks_the_one_of_more_bias_and_less_saturation_is_taken_and_no_blend(tmp_path: Path) -> None:
    networks = write_bank(tmp_path)
    bank = read_bank(tmp_path)
    for bias, saturation, where in ((0.55, 0.57, (60, 55)), (0.601, 0.599, (70, 55)), (0.0001, 0.9999, (10, 95))):
        found = bank.at({"bias": bias, "saturation": saturation})
        np.testing.assert_allclose(found, expected(networks, *where), atol=1e-12)


def test_an_imported_bank_is_a_file_of_weights_like_others(tmp_path: Path) -> None:
    write_bank(tmp_path)
    bank = read_bank(tmp_path)
    bank.save(tmp_path / "bank.npz")
    again = load(str(tmp_path / "bank.npz"), "hysteresis", {"field_and_rate": (5, 1)}, ("bias", "saturation"))
    np.testing.assert_array_equal(again.values, bank.values)
    assert again.axes == bank.axes


@pytest.mark.parametrize(("fs", "drive"), [(96_000.0, 0.5), (192_000.0, 1.0), (44_100.0, 0.0)])
def test_the_hysteresis_magnetises_as_the_networks_say(tmp_path: Path, fs: float, drive: float) -> None:
    networks = write_bank(tmp_path, seed=2)
    read_bank(tmp_path).save(tmp_path / "bank.npz")
    H = 0.8 * np.sin(2 * np.pi * 440 * np.arange(900) / fs)
    setting: dict[str, Any] = {"drive": drive, "saturation": 0.35, "bias": 0.8}
    M = run(Hysteresis, H, fs, solver="stn", model=str(tmp_path / "bank.npz"), makeup=False, **setting)
    right = magnetisation(networks["drive_35_20"], H, fs, drive, 0.35)
    assert 0.1 < np.max(np.abs(right)) < 10
    np.testing.assert_allclose(M, right, atol=1e-9)


def test_the_command_imports_a_bank_and_refuses_to_replace_a_file(tmp_path: Path) -> None:
    write_bank(tmp_path)
    output = str(tmp_path / "bank.npz")
    result = CliRunner().invoke(command, ["import", str(tmp_path), output])
    assert result.exit_code == 0, result.output
    again = CliRunner().invoke(command, ["import", str(tmp_path), output])
    assert str(again.exception) == f"{output}: exists already; it is replaced only with --overwrite"
    assert CliRunner().invoke(command, ["import", str(tmp_path), output, "--overwrite"]).exit_code == 0


def test_numbers_that_are_whole_are_numbers_too(tmp_path: Path) -> None:
    networks = write_bank(tmp_path)
    networks["drive_0_0"]["layers"][2]["weights"][1] = [0]
    rewrite(tmp_path, networks, 0)
    assert read_bank(tmp_path).at({"bias": 1.0, "saturation": 0.0})[-5] == 0.0


def rewrite(folder: Path, networks: dict[str, Any], width: int) -> Path:
    path = folder / f"hyst_width_{width}.json"
    path.write_text(json.dumps({key: value for key, value in networks.items() if key.endswith(f"_{width}")}))
    return path


def layer(place: int, **changes: Any) -> Callable[[Any], None]:
    return lambda network: network["layers"][place].update(changes)


def weights(place: int, K: Any = None, b: Any = None) -> Callable[[Any], None]:
    def change(network: Any) -> None:
        pair = network["layers"][place]["weights"]
        pair[0] = pair[0] if K is None else K
        pair[1] = pair[1] if b is None else b

    return change


FOUR = [[0.1] * 4] * 4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda n: n.update(in_shape=[None, 4]), "has in_shape [None, 4]; it must be [null, 5]"),
        (lambda n: n.pop("in_shape"), "has in_shape None; it must be [null, 5]"),
        (lambda n: n.update(layers=[]), "has no layers; it must be an object with in_shape and a list of layers"),
        (lambda n: n["layers"].pop(), "layer 2 has activation 'tanh'; it must be ''"),
        (layer(0, type="gru"), "layer 1 is of type 'gru'; it must be 'dense'"),
        (lambda n: n["layers"].__setitem__(1, 7), "layer 2 is of type None; it must be 'dense'"),
        (layer(1, activation="relu"), "layer 2 has activation 'relu'; it must be 'tanh'"),
        (layer(2, activation="tanh"), "layer 3 has activation 'tanh'; it must be ''"),
        (layer(1, shape=[None, 0]), "layer 2 has shape [None, 0]; it must be [null, 1 to 64]"),
        (layer(1, shape=[None, 5]), "layer 2 has 4 weights; there must be 5, one for each output"),
        (layer(1, weights=[FOUR]), "layer 2 has weights that are not a pair; they must be [K, b]"),
        (weights(1, K=FOUR[:3]), "layer 2 has 3 rows of weights; there must be 4, one for each input"),
        (weights(1, K=[*FOUR[:3], [1.0]]), "layer 2 has 1 weights; there must be 4, one for each output"),
        (weights(2, b=0.5), "layer 3 has no biases; there must be 1, one for each output"),
        (weights(2, b=[float("nan")]), "layer 3 has nan among its biases; they must be finite"),
        (weights(2, b=[10**400]), f"layer 3 has 1{'0' * 39} among its biases; they must be finite"),
        (weights(2, b=["0.5"]), "layer 3 has '0.5' among its biases; they must be numbers"),
        (weights(2, b=[None]), "layer 3 has None among its biases; they must be numbers"),
        (
            lambda n: n.update(random_network(np.random.default_rng(0), (8, 8))),
            "has layers of 5-8-8-1; it must be 5-4-4-1 as in the others",
        ),
    ],
)
def test_a_network_of_another_layout_is_refused_with_its_file_key_and_layer(
    tmp_path: Path, change: Callable[[Any], None], message: str
) -> None:
    networks = write_bank(tmp_path)
    change(networks["drive_55_30"])
    path = rewrite(tmp_path, networks, 30)
    with pytest.raises(TapegraphError) as refused:
        read_bank(tmp_path)
    assert str(refused.value) == f"{path}: drive_55_30 {message}"


def test_all_files_that_cannot_be_read_are_named_at_once(tmp_path: Path) -> None:
    networks = write_bank(tmp_path)
    del networks["drive_20_80"]
    rewrite(tmp_path, networks, 80)
    cut = tmp_path / "hyst_width_40.json"
    cut.write_text(cut.read_text()[:1000])
    (tmp_path / "hyst_width_30.json").unlink()
    (tmp_path / "hyst_width_20.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "hyst_width_10.json").write_text("[1, 2]")
    (tmp_path / "hyst_width_0.json").write_text("[" * 100_000)
    with pytest.raises(TapegraphError) as refused:
        read_bank(tmp_path)
    lines = str(refused.value).splitlines()
    assert lines[0] == (
        f"{tmp_path}/hyst_width_80.json: drive_20_80 is missing; "
        "the file must contain drive_0_80 to drive_100_80 in steps of 5"
    )
    assert lines[1].startswith(f"{cut}: not JSON, or truncated: ")
    assert lines[2] == f"{tmp_path}/hyst_width_30.json: cannot be read: No such file or directory"
    assert lines[3].startswith(f"{tmp_path}/hyst_width_20.json: not JSON, or truncated: ")
    assert lines[4] == (
        f"{tmp_path}/hyst_width_10.json: is not a bank; it must be a JSON object of networks drive_<X>_<W>"
    )
    assert lines[5].startswith(f"{tmp_path}/hyst_width_0.json: not JSON, or truncated: ")
    assert len(lines) == 6


def test_a_file_of_another_topology_is_refused_beside_its_fellows(tmp_path: Path) -> None:
    write_bank(tmp_path)
    (tmp_path / "other").mkdir()
    write_bank(tmp_path / "other", hidden=(8, 8))
    (tmp_path / "other" / "hyst_width_50.json").replace(tmp_path / "hyst_width_50.json")
    with pytest.raises(TapegraphError) as refused:
        read_bank(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path}/hyst_width_50.json: has networks of 5-8-8-1; they must be 5-4-4-1 as in hyst_width_100.json"
    )


def test_a_file_of_another_name_is_not_a_bank(tmp_path: Path) -> None:
    path = tmp_path / "hyst_width_55.json"
    path.write_text("{}")
    with pytest.raises(TapegraphError) as refused:
        read_bank(path)
    assert str(refused.value) == (
        f"{path}: is not a bank; it must be a folder, or a file hyst_width_<W>.json with W from 0 to 100 in steps of 10"
    )
