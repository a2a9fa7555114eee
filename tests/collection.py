"""Short clips of noise, and a random machine for them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

RATE = 16_000
MACHINES = """\
tapegraph-random: 1
seed: 7
p: 0.8
graphs: [level.yaml]
draw:
  level.gain_db: {uniform: [-20, 0]}
"""
LEVEL = "{tapegraph: 1, nodes: {level: {kind: gain}}, links: [input -> level -> output]}"
NAMES = [f"{who}/{word}" for who in ("ann", "bob") for word in ("no", "on", "yes")]


def add(path: str, seed: int, frames: int = 800, rate: int = RATE, channels: int = 1) -> None:
    """Write a clip of noise."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    x = np.random.default_rng(seed).uniform(-0.5, 0.5, (frames, channels))
    soundfile.write(path, x, rate, "FLOAT")


def outputs(folder: str) -> dict[str, bytes]:
    """Return the content of all sound files in a folder, without those that nobody is meant to see."""
    found = [path for path in Path(folder).rglob("*.wav") if not path.name.startswith(".")]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
