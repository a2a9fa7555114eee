"""Every number of every node moved to and around 0 and its ends, in steps and by less than a step of its precision.

    python tests/nodes/test_moving_parameters.py 2000

moves each that often, with other settings beside it; the tests move each a few times.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tapegraph.node import Param
from tapegraph.node.registry import find, kinds
from tapegraph.testing.single import COMPILED, music, play, settings, started, variants

FS = 8000.0
FRAMES = 512  # in a block; in four most responses of a playback head are designed
VALUES = 30 if COMPILED else 6  # that each takes; interpreted, all together take long
SMALL = (5e-324, 1e-310, 1e-200, 1e-40, 5e-17, 1e-16, 1e-12, 1e-9, 1e-6, 1e-3, 0.1)


def numbers(kind: str) -> list[Param]:
    return [param for param in find(kind).PARAMS if isinstance(param, Param) and not param.name.endswith("#")]


def near(param: Param) -> list[float]:
    """Return values at and around 0 and both ends, as decaying modulation and automation through 0 bring them."""
    low, high = param.minimum, param.maximum
    values = [low, high, float(np.nextafter(low, high)), float(np.nextafter(high, low)), 0.0, -0.0]
    values += [sign * small * high for small in SMALL for sign in (1, -1)]
    values += [end + sign * small * (high - low) for end in (low, high) for small in SMALL for sign in (1, -1)]
    return [value for value in values if low <= value <= high]


def moved(kind: str, param: Param, values: Iterator[float], **beside: Any) -> None:
    """Play while a parameter takes one value after the other; assert that all is finite and none ends the sound."""
    node = started(kind, 2, FRAMES, FS, **beside)
    if node is None:
        return
    x = music(2, 4 * FRAMES)
    for value in values:
        node.set(param.name, round(value) if param.whole else value)
        node.update()
        out = play(node, x)
        assert np.isfinite(out).all(), (kind, param.name, value, beside)
        assert np.max(np.abs(out)) < 1e6, (kind, param.name, value, beside)
        assert 0.0 <= node.tail() < 1e6, (kind, param.name, value, beside)


CASES = [(kind, param) for kind in kinds() for param in numbers(kind)]


@pytest.mark.parametrize(("kind", "param"), CASES, ids=[f"{kind}.{param.name}" for kind, param in CASES])
def test_a_parameter_may_be_anything_near_0_and_its_ends(kind: str, param: Param) -> None:
    rng = np.random.default_rng(11)
    values = near(param)
    for beside in list(variants(kind))[:3]:
        moved(kind, param, iter(rng.permutation(values)[:VALUES].tolist()), **beside)


@pytest.mark.parametrize("skew_frames", [5e-324, 1e-30, 5e-17, 1e-7, 2e-6, 1e-3])
@pytest.mark.parametrize("phase", ["minimum", "linear"])
def test_a_head_may_slant_as_little_as_it_likes(skew_frames: float, phase: str) -> None:
    """Then both tracks are those of an upright head, up to a few times the delay in frames between them."""
    speed = 15 * 0.0254
    azimuth_deg = np.degrees(np.arctan(skew_frames / 48_000 * speed / 4e-3))
    outputs = []
    for azimuth in (azimuth_deg, -azimuth_deg, 0.0):
        node = started("playhead_loss", 2, 512, 48_000.0, phase=phase, azimuth_deg=float(azimuth))
        assert node is not None
        outputs.append(play(node, music()))
    np.testing.assert_allclose(outputs[0], outputs[2], atol=20 * skew_frames + 1e-9)
    np.testing.assert_allclose(outputs[1], outputs[2], atol=20 * skew_frames + 1e-9)


def main(count: int) -> None:
    rng = np.random.default_rng(1)
    for kind, param in CASES:
        beside = list(settings(kind))
        for _ in range(max(1, count // 30)):
            other = {k: v for k, v in beside[rng.integers(len(beside))].items() if k != param.name}
            moved(kind, param, iter(rng.choice(near(param), 30).tolist()), **other)
        print(f"{kind}.{param.name}: moved {count} times", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
