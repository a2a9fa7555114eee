"""Keeps the collector, and threads that do not let go, out of the way of the audio thread."""

from __future__ import annotations

import gc
import sys
import threading

SWITCH_S = 5e-5  # how soon another thread of Python makes way for the audio thread; sooner, asking takes all its time


class RealtimeMode:
    """A context manager for the whole process, which several may hold at once and leave in any order."""

    def __init__(self) -> None:
        self.counting = threading.Lock()
        self.holders = 0
        self.collecting, self.switch_s = True, 0.0  # as they were before the first

    def __enter__(self) -> None:
        with self.counting:
            self.holders += 1
            if self.holders > 1:
                return
            self.collecting, self.switch_s = gc.isenabled(), sys.getswitchinterval()
            gc.collect()
            gc.freeze()
            gc.disable()
            sys.setswitchinterval(SWITCH_S)

    def __exit__(self, *error: object) -> None:
        with self.counting:
            self.holders -= 1
            if self.holders:
                return
            sys.setswitchinterval(self.switch_s)
            gc.unfreeze()
            if self.collecting:
                gc.enable()


realtime_mode = RealtimeMode()


def clear_away() -> None:
    """Collect the youngest garbage where there is enough of it: for any thread but the audio thread.

    What a screen leaves in an hour would fill a gigabyte. What has grown older stays: to look for it takes longer than
    sound can wait.
    """
    if gc.get_count()[0] > gc.get_threshold()[0]:
        gc.collect(0)
