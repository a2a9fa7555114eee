"""Crosstalk and separation of channels that are mixed in known shares, and of the node whose law is known."""

from __future__ import annotations

from unittest.mock import MagicMock

import numpy as np
import pytest

import tapegraph
from tapegraph import measure

MIDDLE, SIDES = (10.0 ** (db / 20.0) for db in (3.0, -3.0))
OWN, OTHER = 0.5 * (MIDDLE + SIDES), 0.5 * (MIDDLE - SIDES)  # what comes out at a channel of itself, and of the other
MIXED_DB = 20.0 * np.log10(OTHER / OWN)  # -9.6


def mixed(before_db: float = 0.0, after_db: float = 0.0) -> measure.Rig:
    """Return a graph that narrows the image, between balances that raise left and lower right."""
    return measure.Rig(
        tapegraph.chain(
            before={"kind": "balance", "balance_db": before_db},
            encode={"kind": "mid_side", "direction": "encode"},
            narrow={"kind": "balance", "balance_db": 3.0},
            decode={"kind": "mid_side", "direction": "decode"},
            after={"kind": "balance", "balance_db": after_db},
        ),
        8000.0,
        channels=2,
    )


def test_separation_is_the_driven_channel_over_the_other_one() -> None:
    found = measure.separation(mixed(before_db=5.0, after_db=2.0))
    np.testing.assert_allclose(found.left_to_right_db, 4.0 - MIXED_DB, atol=0.005)
    np.testing.assert_allclose(found.right_to_left_db, -4.0 - MIXED_DB, atol=0.005)


def test_crosstalk_is_what_comes_from_the_other_track_over_what_comes_of_the_own() -> None:
    found = measure.crosstalk(mixed(before_db=5.0, after_db=2.0))
    assert list(found.track) == [1.0, 2.0]
    np.testing.assert_allclose(found.all_db[0, 0], MIXED_DB - 10.0, atol=0.005)
    np.testing.assert_allclose(found.all_db[0, 1], MIXED_DB + 10.0, atol=0.005)
    np.testing.assert_array_equal(found.worst_db, found.all_db)
    assert [set(tracks) for tracks in found.worst_track[0]] == [{2.0}, {1.0}]


def test_the_powers_of_all_other_tracks_add_up_and_the_worst_is_named() -> None:
    """A track hears the tracks beside it: the middle one of three hears two, and each of them half of that."""
    rig = measure.Rig(tapegraph.chain(crosstalk={"level_db": -40.0, "fringing_db": -120.0}), 8000.0, channels=3)
    found = measure.crosstalk(rig)
    middle, edge = found.all_db[0, 1], found.all_db[0, 0]
    np.testing.assert_allclose(middle - edge, 10.0 * np.log10(2.0), atol=1e-6)
    np.testing.assert_allclose(found.worst_db[0, 1], edge, atol=1e-6)
    assert set(found.worst_track[0, 0]) == set(found.worst_track[0, 2]) == {2.0}
    inside = found.frequency_hz <= 400.0
    f = 1j * found.frequency_hz[inside] / 1000.0
    coupling = 20.0 * np.log10(np.abs(f / (1.0 + f / 10.0))) - 40.0
    np.testing.assert_allclose(edge[inside], coupling, atol=0.1)


def test_fringing_rises_towards_the_bass_as_its_law_says() -> None:
    """exp(-k d) beside a track: 54.6 dB for a wavelength."""
    settings = {"level_db": -120.0, "fringing_db": -30.0, "guard_mm": 1.0, "speed_ips": 15.0}
    found = measure.separation(measure.Rig(tapegraph.chain(crosstalk=settings), 8000.0))
    inside = found.frequency_hz <= 250.0
    wavelengths = 0.001 * found.frequency_hz[inside] / (15.0 * 0.0254)
    law = 30.0 + 40.0 * np.pi * np.log10(np.e) * wavelengths
    np.testing.assert_allclose(found.left_to_right_db[0, inside], law, atol=0.3)


def test_distortion_of_the_driven_channel_is_no_crosstalk(toys: None) -> None:
    graph = tapegraph.chain(
        cubic={"third": 0.2},
        encode={"kind": "mid_side", "direction": "encode"},
        narrow={"kind": "balance", "balance_db": 3.0},
        decode={"kind": "mid_side", "direction": "decode"},
    )
    found = measure.separation(measure.Rig(graph, 8000.0, channels=2), (-20.0, 0.0))
    np.testing.assert_allclose(found.left_to_right_db[:, found.frequency_hz < 1000.0], -MIXED_DB, atol=0.01)


def test_channels_with_nothing_between_them_have_no_values() -> None:
    """Of a mono rig two channels are measured all the same."""
    rig = measure.Rig(tapegraph.chain(gain={}), 8000.0)
    tracks, pair = measure.crosstalk(rig), measure.separation(rig)
    assert list(tracks.track) == [1.0, 2.0]
    for values in (tracks.all_db, tracks.worst_db, tracks.worst_track, pair.left_to_right_db, pair.right_to_left_db):
        assert np.isnan(values).all()


def test_tracks_that_receive_the_same_are_one_curve() -> None:
    shape = (1, 4, 2)
    all_db = np.array([[[-40.0, -30.0], [-37.0, -27.0], [-37.0, -27.01], [-40.0, -30.0]]])
    nothing = np.zeros(shape)
    ax = MagicMock()
    hz, tracks = np.array([100.0, 1000.0]), np.arange(1.0, 5.0)
    measure.Crosstalk(hz, np.array([-20.0]), tracks, all_db, nothing, nothing).plot(ax)
    assert [call.kwargs["label"] for call in ax.plot.call_args_list] == ["tracks 1, 4", "tracks 2, 3"]


def test_people_read_octaves() -> None:
    found = measure.separation(mixed())
    np.testing.assert_allclose(found.summary()["frequency_hz"], 1000.0 * 2.0 ** np.arange(-4.0, 2.0), rtol=0.01)
    assert found.frequency_hz[[0, -1]] == pytest.approx([40.0, 3548.1], rel=0.01)
