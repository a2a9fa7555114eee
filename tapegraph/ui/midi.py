"""MIDI controllers that set what a graph has, learnt once and remembered.

All MIDI inputs of mido's backend are opened: those of ALSA on Linux, or, with MIDO_BACKEND set to
mido.backends.rtmidi/UNIX_JACK, those of JACK.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import yaml

from tapegraph.atomic import replacing
from tapegraph.document.model import GraphModel
from tapegraph.document.targets import automated_target, declared, unknown_target
from tapegraph.errors import Problem, TapegraphError
from tapegraph.ui.control_changes import ControlChanges, Controller


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
        self.changes = ControlChanges()
        self.receiving = threading.Lock()  # every MIDI input has a thread of its own
        with lend() as graph:
            for target in self.learning:
                if problem := cannot_set(graph, target):
                    raise TapegraphError(problem)

    def receive(self, message: Any) -> None:
        """Handle a message of mido; all but those of knobs are ignored."""
        if message.type != "control_change":
            return
        controller = Controller(message.channel + 1, message.control)
        if not controller.is_knob:
            return
        with self.receiving:
            try:
                self.turn(controller, message.value)
            except TapegraphError as error:  # it would be lost: this runs in a thread of MIDI's
                self.report(str(error))

    def turn(self, controller: Controller, value: int) -> None:
        """Set the target of a controller that has been moved; learn the controller first where one is wanted."""
        again, high = controller == self.changes.last, controller.high_byte
        if high and high not in self.targets and controller in self.learnt:
            self.unite(controller, high)
        # One that has a target of its own is a knob; low bytes never have one.
        knob, position = self.changes.receive(controller, value, is_knob=controller in self.targets)
        # What may be the high byte of a controller just learnt is learnt too only when it comes twice in a row.
        wanted = self.learning and knob not in self.learnt and (again or knob.low_byte not in self.learnt)
        try:
            if wanted:
                self.learn(knob)
        finally:
            self.move(knob, position)

    def move(self, knob: Controller, position: float) -> None:
        target = self.targets.get(knob)
        with self.lend() as graph:
            if target is not None and not cannot_set(graph, target):  # it may be assigned for another graph
                graph.set(target, declared(graph, target)[0].value_at(position))

    def learn(self, knob: Controller) -> None:
        try:
            self.assign(knob, self.learning.pop(0))
        finally:
            self.prompt()

    def unite(self, low: Controller, high: Controller) -> None:
        """Where what was learnt turns out to be a low byte, assign its target to the high byte instead."""
        if self.changes.follows_high_byte(low):
            self.assign(high, self.targets[low])

    def assign(self, knob: Controller, target: str) -> None:
        """Assign a controller to a target, which no other one sets any longer, and remember it."""
        kept = {other: at for other, at in self.targets.items() if at != target}
        self.targets = {**kept, knob: target}
        self.learnt.add(knob)
        self.report(f"{knob} sets {target}")
        write_targets(self.file, self.targets)

    def prompt(self) -> None:
        """Ask for the next controller, if one is still to be learnt."""
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
    return Controller(channel, number)


def write_targets(file: Path, targets: dict[Controller, str]) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise TapegraphError(Problem(f"cannot be written: {error.strerror}", str(file))) from None
    with replacing(file) as temporary:
        words = {f"{knob.channel}/{knob.number}": target for knob, target in sorted(targets.items())}
        temporary.write_text(yaml.safe_dump(words, allow_unicode=True, sort_keys=False), "utf-8")


def library() -> Any:
    """Return the module mido. Raises TapegraphError where it, or what it needs, is missing."""
    try:
        import mido
        import rtmidi  # noqa: F401  mido imports it later, with a less helpful error
    except ImportError:
        raise TapegraphError("MIDI needs mido and python-rtmidi: pip install 'tapegraph[midi]'") from None
    return mido


def listen(receive: Callable[[Any], None], report: Callable[[str], None] = print) -> list[Any]:
    """Open all MIDI inputs, whose messages go to receive() in threads of MIDI's; return the ports.

    report: called with a line for each input that cannot be opened, for example because another program uses it
    Raises TapegraphError where none can be opened, or the library is missing.
    """
    mido = library()
    try:
        names = mido.get_input_names()
    except (OSError, RuntimeError, ImportError, ValueError) as error:  # the last two: a wrong MIDO_BACKEND
        backend = os.environ.get("MIDO_BACKEND")
        by = f" by MIDO_BACKEND={backend}" if backend else ""
        raise TapegraphError(f"MIDI inputs cannot be listed{by}: {error}") from None
    if not names:
        raise TapegraphError("there is no MIDI input; plug in a controller")
    ports, refused = [], []
    for name in names:
        try:
            ports.append(mido.open_input(name, callback=receive))
        except Exception as error:  # backends have errors of their own
            refused.append(f"MIDI input {name} cannot be opened, perhaps because another program uses it: {error}")
    if not ports:
        raise TapegraphError(*refused)
    for line in refused:
        report(line)
    return ports
