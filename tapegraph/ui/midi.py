"""Knobs by MIDI: controllers that move what a graph has, learnt once and remembered.

    share of a knob's way = v / 127,    v the controller's value

Every MIDI input is heard that mido's backend knows: ALSA's on Linux, or, with MIDO_BACKEND set to
mido.backends.rtmidi/UNIX_JACK, those of JACK.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import yaml

from tapegraph.atomic import replacing
from tapegraph.document.model import GraphModel
from tapegraph.document.targets import automated_target, declared, unknown_target
from tapegraph.errors import Problem, TapegraphError

TOP = 127  # the largest value of a controller

Controller = tuple[int, int]  # channel 1 to 16, number 0 to 127


class Knobs:
    """Which controller moves what, and the setting of it.

    current: lends the graph that plays
    learning: what still waits for a controller, the next one first
    said: called with a line when something has been learnt
    """

    def __init__(
        self,
        current: Callable[[], AbstractContextManager[GraphModel]],
        file: Path,
        learning: Iterable[str] = (),
        said: Callable[[str], None] = print,
    ) -> None:
        self.current, self.file, self.said = current, file, said
        self.targets = read_targets(file)
        self.learning = list(learning)
        self.learnt: set[Controller] = set()
        with current() as graph:
            for target in self.learning:
                if wrong := unmovable(graph, target):
                    raise TapegraphError(wrong)
        self.ask()

    def receive(self, message: Any) -> None:
        """Take a message of mido; those that are no controller's are left alone."""
        if message.type != "control_change":
            return
        controller = (message.channel + 1, message.control)
        if self.learning and controller not in self.learnt:
            try:
                self.learn(controller)
            except TapegraphError as error:  # nobody else hears of it: this is a thread of MIDI's
                self.said(str(error))
        target = self.targets.get(controller)
        with self.current() as graph:
            if target is None or unmovable(graph, target):  # learnt for another graph
                return
            try:
                graph.set(target, declared(graph, target)[0].value_at(message.value / TOP))
            except TapegraphError as error:
                self.said(str(error))

    def learn(self, controller: Controller) -> None:
        target = self.learning.pop(0)
        kept = {other: at for other, at in self.targets.items() if at != target}
        self.targets = {**kept, controller: target}
        self.learnt.add(controller)
        write_targets(self.file, self.targets)
        channel, number = controller
        self.said(f"{target} is moved by controller {number} on channel {channel}")
        self.ask()

    def ask(self) -> None:
        if self.learning:
            self.said(f"turn the controller for {self.learning[0]}")


def unmovable(graph: GraphModel, target: str) -> str | None:
    """Return why a knob cannot move a target, or None."""
    if wrong := unknown_target(graph, target) or automated_target(graph, target):
        return wrong
    return None if declared(graph, target) else f"{target} moves nothing: no node uses it"


def read_targets(file: Path) -> dict[Controller, str]:
    """Return what has been learnt: a mapping of "channel/number" to targets in YAML. No file, nothing."""
    if not file.exists():
        return {}
    try:
        found = yaml.safe_load(file.read_text("utf-8")) or {}
        return {controller_of(key): str(target) for key, target in found.items()}
    except (OSError, ValueError, AttributeError, yaml.YAMLError):
        raise TapegraphError(
            f'{file}: must have lines like "1/74: Drive", channel/controller; put it right or delete it'
        ) from None


def controller_of(text: Any) -> Controller:
    channel, number = map(int, str(text).split("/"))
    return channel, number


def write_targets(file: Path, targets: dict[Controller, str]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be written: {error.strerror}", str(file))) from None
    with replacing(file) as temporary:
        said = {f"{channel}/{number}": target for (channel, number), target in sorted(targets.items())}
        temporary.write_text(yaml.safe_dump(said, allow_unicode=True, sort_keys=False), "utf-8")


def listen(receive: Callable[[Any], None]) -> list[Any]:
    """Open every MIDI input and have its messages received, in a thread of MIDI's; return what can be closed.

    Raises TapegraphError where there is none, or the library is missing.
    """
    try:
        import mido
        import rtmidi  # noqa: F401  what mido needs, and imports too late for a good message
    except ImportError:
        raise TapegraphError("MIDI needs mido and python-rtmidi: pip install 'tapegraph[midi]'") from None
    try:
        names = mido.get_input_names()
        ports = [mido.open_input(name, callback=receive) for name in names]
    except (OSError, ImportError, ValueError) as error:  # the last two by a wrong MIDO_BACKEND
        raise TapegraphError(f"MIDI cannot be heard: {error}") from None
    if not ports:
        raise TapegraphError("there is no MIDI input; plug in a controller")
    return ports
