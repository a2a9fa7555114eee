"""Disables garbage collection and shortens the GIL switch interval while audio runs."""

from __future__ import annotations

import gc
import sys
import threading

SWITCH_S = 5e-5  # GIL switch interval while audio runs; shorter ones cost more than they gain


class RealtimeMode:
    """A context manager for the process; several users may enter it at once and leave in any order."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.holders = 0
        self.collecting, self.switch_s = True, 0.0  # as they were before the first

    def __enter__(self) -> None:
        with self.lock:
            self.holders += 1
            if self.holders > 1:
                return
            self.collecting, self.switch_s = gc.isenabled(), sys.getswitchinterval()
            gc.collect()
            gc.freeze()
            gc.disable()
            sys.setswitchinterval(SWITCH_S)

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self.holders -= 1
            if self.holders:
                return
            sys.setswitchinterval(self.switch_s)
            gc.unfreeze()
            if self.collecting:
                gc.enable()


realtime_mode = RealtimeMode()


def collect_young_garbage() -> None:
    """Collect the youngest generation where it has grown enough: for any thread but the audio thread.

    A user interface would otherwise leave a gigabyte in an hour. Older generations stay: collecting them takes longer
    than audio can wait.
    """
    if gc.get_count()[0] > gc.get_threshold()[0]:
        gc.collect(0)
