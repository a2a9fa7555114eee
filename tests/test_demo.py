"""The music of the demo: the same in every run, and with something in it for each thing that tape does."""

from __future__ import annotations

import numpy as np

from tapegraph.demo import PEAK, SAMPLE_RATE, music

MUSIC = music()


def test_the_music_is_the_same_in_every_run_and_peaks_at_6_dbfs_below_full_scale() -> None:
    np.testing.assert_array_equal(MUSIC, music())
    assert np.max(np.abs(MUSIC)) == PEAK


def test_the_music_has_depth_brightness_and_width() -> None:
    power = np.abs(np.fft.rfft(MUSIC, axis=1)) ** 2
    hz = np.fft.rfftfreq(MUSIC.shape[1], 1 / SAMPLE_RATE)
    share_db = [
        10 * np.log10(power[:, (low <= hz) & (hz < 2 * low)].sum() / power.sum()) for low in (40, 80, 320, 8000)
    ]
    assert min(share_db) > -20  # an octave each of drum, bass, strings and cymbals
    assert np.atleast_2d(np.corrcoef(MUSIC))[0, 1] < 0.99


def test_the_music_ends_quietly_enough_to_hear_hiss() -> None:
    end = MUSIC[:, -SAMPLE_RATE // 2 :]
    assert 20 * np.log10(np.sqrt(np.mean(end**2)) / PEAK) < -25
