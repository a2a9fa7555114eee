"""The machine under the figures: its processor by name, and how busy other programs kept it."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

from tapegraph.quantity import plural

CPUINFO, STAT = Path("/proc/cpuinfo"), Path("/proc/stat")


def processor() -> str:
    """Return the name of the processor as its maker writes it, where the system tells."""
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        name = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
    else:
        lines = CPUINFO.read_text("utf-8", "replace").splitlines() if CPUINFO.exists() else []
        name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return name or platform.processor() or platform.machine()


class Load:
    """How busy other programs keep the machine from now on."""

    def __init__(self) -> None:
        self.start = counted()

    def average(self) -> float | None:
        """Return how many programs have run or waited for a processor over the last minute; None on Windows."""
        return os.getloadavg()[0] if hasattr(os, "getloadavg") else None

    def others(self) -> float | None:
        """Return the share of others in the time of all processors since the start.

        None where the system does not tell, and before a second has been counted.
        """
        now = counted()
        if self.start is None or now is None:
            return None
        others_s, all_s = (b - a for a, b in zip(self.start, now, strict=True))
        return None if all_s < 1.0 else min(1.0, max(0.0, others_s / all_s))

    def sentence(self) -> str:
        """Return all that in words, as far as it is known."""
        average, others = self.average(), self.others()
        known = [] if average is None else [f"load average {average:.2f} on {plural(os.cpu_count() or 1, 'processor')}"]
        if others is not None:
            known.append(f"other programs took {100.0 * others:.0f} % of the time of all processors")
        return "; ".join(known)


def counted() -> tuple[float, float] | None:
    """Return for how long processors have worked for other programs, and in all with idle time, s; or None."""
    if not STAT.exists():
        return None
    # Of all processors: user, nice, system, idle, iowait, irq, softirq, steal; guests are counted in user.
    ticks = [int(word) for word in STAT.read_text("ascii").split("\n", 1)[0].split()[1:9]]
    a_second = os.sysconf("SC_CLK_TCK")
    own = os.times()
    own_s = own.user + own.system + own.children_user + own.children_system
    return (sum(ticks) - ticks[3] - ticks[4]) / a_second - own_s, sum(ticks) / a_second
