"""From MIDI control changes to positions of knobs, in 7 bits or in 14.

    position = v / 127,    or    position = (128 v_n + v_(n+32)) / 16383

v is the value of a controller, v_n that of controller n from 0 to 31, whose low byte controller n + 32 may bring.
Source: MIDI 1.0 Detailed Specification, control change and channel mode messages.

As the specification says, a message of n sets the low byte to 0. Many devices of 7 bits use 32 to 63 for other knobs.
So n + 32 counts as the low byte of n from when it directly follows n until n comes twice in a row.
"""

from __future__ import annotations

from time import monotonic

import attrs

TOP, TOP_14 = 127, 16_383  # the largest values
LOW_BYTE = 32  # by how much the number of a low byte is larger
PAIR_S = 0.02  # within which the low byte follows; a message takes 1 ms on a MIDI cable
PARAMETER_NUMBERS = range(96, 102)  # what data entry refers to: no controllers of their own
CHANNEL_MODES = range(120, 128)  # All Notes Off and other messages for a channel as such


@attrs.frozen(order=True)
class Controller:
    """A MIDI controller, which may be of 14 bits.

    channel: 1 to 16
    number: 0 to 127; of 14 bits, that of its high byte
    """

    channel: int
    number: int

    @property
    def low_byte(self) -> Controller | None:
        """The controller that may bring its low byte; None where the number has none."""
        return Controller(self.channel, self.number + LOW_BYTE) if self.number < LOW_BYTE else None

    @property
    def high_byte(self) -> Controller | None:
        """The controller of which it may be the low byte; None where it cannot be one."""
        if LOW_BYTE <= self.number < 2 * LOW_BYTE:
            return Controller(self.channel, self.number - LOW_BYTE)
        return None

    @property
    def is_knob(self) -> bool:
        return self.number not in PARAMETER_NUMBERS and self.number not in CHANNEL_MODES

    def __str__(self) -> str:
        return f"controller {self.number} on channel {self.channel}"


class ControlChanges:
    """Follows control changes, and knows which controllers have turned out to be of 14 bits."""

    def __init__(self) -> None:
        self.high: dict[Controller, int] = {}  # last values of high bytes
        self.fourteen_bit: set[Controller] = set()
        self.last: Controller | None = None
        self.last_s = 0.0

    def follows_high_byte(self, controller: Controller) -> bool:
        """Return whether a message of this controller, received now, may be the low byte of the message before it."""
        high = controller.high_byte
        return high is not None and high == self.last and monotonic() - self.last_s < PAIR_S

    def receive(self, controller: Controller, value: int, is_knob: bool = False) -> tuple[Controller, float]:
        """Return the knob that a message moves, and its position, 0 to 1.

        is_knob: whether the controller is known to be a knob of its own, not a low byte
        """
        high = controller.high_byte
        if high is not None and self.follows_high_byte(controller) and not is_knob:
            self.fourteen_bit.add(high)
        if controller == self.last:
            self.fourteen_bit.discard(controller)
        self.last, self.last_s = controller, monotonic()
        if high in self.fourteen_bit and not is_knob:
            return high, (128 * self.high[high] + value) / TOP_14
        self.high[controller] = value
        if controller in self.fourteen_bit:
            return controller, 128 * value / TOP_14
        return controller, value / TOP
