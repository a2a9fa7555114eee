"""MIDI controllers that set what a graph has, learnt once and remembered.

    fraction of a knob's range = v / 127,    v the controller's value

All MIDI inputs of mido's backend are opened: those of ALSA on Linux, or, with MIDO_BACKEND set to
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
    """Maps controllers to targets, learns new ones, and sets the targets.

    lend: lends the graph whose targets are set
    learning: targets that still wait for a controller, the next one first
    report: called with each line that is to be shown
    """

    def __init__(
        self,
        lend: Callable[[], AbstractContextManager[GraphModel]],
        file: Path,
        learning: Iterable[str] = (),
        report: Callable[[str], None] = print,
    ) -> None:
        self.lend, self.file, self.report = lend, file, report
        self.targets = read_targets(file)
        self.learning = list(learning)
        self.learnt: set[Controller] = set()
        with lend() as graph:
            for target in self.learning:
                if problem := cannot_set(graph, target):
                    raise TapegraphError(problem)
        self.prompt()

    def receive(self, message: Any) -> None:
        """Handle a message of mido; all but control changes are ignored."""
        if message.type != "control_change":
            return
        controller = (message.channel + 1, message.control)
        if self.learning and controller not in self.learnt:
            try:
                self.learn(controller)
            except TapegraphError as error:  # it would be lost: this runs in a thread of MIDI's
                self.report(str(error))
        target = self.targets.get(controller)
        with self.lend() as graph:
            if target is None or cannot_set(graph, target):  # assigned for another graph
                return
            try:
                graph.set(target, declared(graph, target)[0].value_at(message.value / TOP))
            except TapegraphError as error:
                self.report(str(error))

    def learn(self, controller: Controller) -> None:
        target = self.learning.pop(0)
        kept = {other: at for other, at in self.targets.items() if at != target}
        self.targets = {**kept, controller: target}
        self.learnt.add(controller)
        write_targets(self.file, self.targets)
        channel, number = controller
        self.report(f"controller {number} on channel {channel} sets {target}")
        self.prompt()

    def prompt(self) -> None:
        if self.learning:
            self.report(f"move the controller for {self.learning[0]}")


def cannot_set(graph: GraphModel, target: str) -> str | None:
    """Return why a controller cannot set a target, or None."""
    if problem := unknown_target(graph, target) or automated_target(graph, target):
        return problem
    return None if declared(graph, target) else f"{target} moves nothing: no node uses it"


def read_targets(file: Path) -> dict[Controller, str]:
    """Read the targets of controllers from YAML, "channel/number: target"; without a file there are none."""
    if not file.exists():
        return {}
    try:
        found = yaml.safe_load(file.read_text("utf-8")) or {}
        return {controller_of(key): str(target) for key, target in found.items()}
    except (OSError, ValueError, AttributeError, yaml.YAMLError):
        raise TapegraphError(
            f'{file}: must have lines like "1/74: Drive", channel/controller; correct or delete it'
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
        words = {f"{channel}/{number}": target for (channel, number), target in sorted(targets.items())}
        temporary.write_text(yaml.safe_dump(words, allow_unicode=True, sort_keys=False), "utf-8")


def listen(receive: Callable[[Any], None]) -> list[Any]:
    """Open all MIDI inputs, whose messages go to receive() in a thread of MIDI's; return the ports.

    Raises TapegraphError where there is none, or the library is missing.
    """
    try:
        import mido
        import rtmidi  # noqa: F401  mido imports it later, with a less helpful error
    except ImportError:
        raise TapegraphError("MIDI needs mido and python-rtmidi: pip install 'tapegraph[midi]'") from None
    try:
        names = mido.get_input_names()
        ports = [mido.open_input(name, callback=receive) for name in names]
    except (OSError, ImportError, ValueError) as error:  # the last two: a wrong MIDO_BACKEND
        raise TapegraphError(f"MIDI inputs cannot be opened: {error}") from None
    if not ports:
        raise TapegraphError("there is no MIDI input; plug in a controller")
    return ports
