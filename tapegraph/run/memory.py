"""How much memory a plan may take: counted before it is allocated."""

from __future__ import annotations

from tapegraph.errors import TapegraphError
from tapegraph.quantity import format_number

MOST_BYTES = 2 << 30
BYTES_PER_SAMPLE = 8
MB = 1e6


class Memory:
    """Adds up what the nodes, the signals and the delays of a plan allocate."""

    def __init__(self) -> None:
        self.taken_bytes = 0.0

    def take(self, samples: float) -> None:
        """Count samples that are about to be allocated. Raises TapegraphError where they would be too many."""
        self.taken_bytes += samples * BYTES_PER_SAMPLE
        if self.taken_bytes > MOST_BYTES:
            found = f"at least {format_number(round(self.taken_bytes / MB), 'MB')}"
            raise TapegraphError(
                f"the graph takes {found} of memory at this rate and with these channels; the most is "
                f"{MOST_BYTES / MB:.0f} MB: lower oversample, block or the number of delays"
            )
