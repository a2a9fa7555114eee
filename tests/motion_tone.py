"""What a node does to the pitch of a tone, by the phase of a complex tone."""

from __future__ import annotations

import numpy as np
from harness import Array, process

from tapegraph.node import Node

TONE_HZ = 1000.0


def tone(fs: float, seconds: float, hz: float = TONE_HZ) -> Array:
    """Return cosine and sine on two channels, which move together: a complex tone, whose phase is exact everywhere."""
    turns = 2 * np.pi * hz * np.arange(round(seconds * fs)) / fs
    return np.array([np.cos(turns), np.sin(turns)])


def speeds(y: Array, fs: float, hz: float = TONE_HZ) -> Array:
    """Return the frequency of a complex tone between each two frames, relative to the one that was played."""
    relative: Array = np.angle((y[0, 1:] + 1j * y[1, 1:]) * (y[0, :-1] - 1j * y[1, :-1])) * fs / (2 * np.pi * hz)
    return relative


def played(node: Node, seconds: float, hz: float = TONE_HZ) -> Array:
    """Return a complex tone, of so many seconds, through a node."""
    return process(node, tone(node.fs, seconds, hz))[0]
