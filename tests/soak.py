"""Live sound for a long time on a real sound server: python tests/soak.py [MINUTES]

48 kHz, blocks of 256, stereo, Runge-Kutta at twice the rate; controls move all the while, presets change every few
seconds, and every sample that was heard is compared with what the same graphs make of the same input offline. On a
server of its own, with a sound card of the same kind, runs a program whose callback only copies: the cycles that come
late for it are the machine's.
"""

from __future__ import annotations

import itertools
import json
import math
import resource
import subprocess
import sys
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import soundfile
from sound_card import PERIOD, RATE, Server, Sound, SoundCard, offset

import tapegraph
from tapegraph.document.targets import declared
from tapegraph.live.deck import FADE_S, WARM_UP_S
from tapegraph.live.quality import lowered
from tapegraph.node.params import Quality
from tapegraph.run.engine import Engine

PRESETS = ("tc260", "clean", "worn", "mastering", "cassette")
QUALITY: Quality = "live"  # twice the rate
SOLVER = "rk4"  # the most work that plugins of this kind are used to
MOVE_S = 0.02
BEGIN_S = 10.0  # until the sound has certainly begun
HEAD = 8  # blocks: in the last of them every graph sounds
Event = tuple[int, Any]  # number of the block it came before; a preset's name, or node, parameter and value


def loaded(preset: str) -> tapegraph.Graph:
    graph = tapegraph.load(preset)
    graph.set("tape.solver", SOLVER)
    return graph


def perform(seconds: float, change_s: float) -> None:
    """Play live into take.wav while everything moves; write what was done, and how it went, to performance.json."""
    presets = itertools.cycle(PRESETS)
    graph = loaded(next(presets))
    asked: list[str] = []
    with graph.live(input="probe", output="probe", quality=QUALITY, record="take.wav") as session:
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        step = 0
        while session.frames < seconds * RATE and not session.wait(MOVE_S):
            step += 1
            for k, control in enumerate(session.graph.controls):
                share = 0.5 + 0.4 * math.sin(0.02 * (k + 1) * step)
                session.graph.set(control, declared(session.graph, control)[0].value_at(share))
            if step * MOVE_S >= (len(asked) + 1) * change_s:
                asked.append(next(presets))
                session.change(loaded(asked[-1]))
        grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    done = iter(asked)
    events = [(block, event if isinstance(event, tuple) else next(done)) for block, event in session.deck.events]
    report = {
        "events": events,
        "late": session.xruns,
        "calls": session.calls,
        "load": session.load,
        "most_load": session.most_load,
        "grown_kb": grown_kb,
    }
    Path("performance.json").write_text(json.dumps(report), "utf-8")


def pose(server: str, seconds: float) -> None:
    """Be the sound card of a server until stdin ends."""
    with SoundCard(server, seconds):
        print("ready", flush=True)
        sys.stdin.read()


def copy_only() -> None:
    """Copy input to output until stdin ends; then print how many calls there were, and how many came late."""
    import sounddevice

    calls = late = 0

    def callback(heard: Sound, out: Sound, frames: int, times: Any, status: Any) -> None:
        nonlocal calls, late
        calls += 1
        late += bool(status)
        out[:] = heard

    options = {"samplerate": RATE, "blocksize": PERIOD, "channels": 2, "dtype": "float32", "latency": "low"}
    with sounddevice.Stream(device="probe", callback=callback, **options):
        sys.stdin.read()
    print(json.dumps([calls, late]))


class Voice:
    """One graph as it plays, and how far it has come in."""

    def __init__(self, preset: str) -> None:
        self.engine = Engine(lowered(loaded(preset).flat(), QUALITY), RATE, 2)
        self.n = -round(WARM_UP_S * RATE + self.engine.plan.latency)

    def set(self, node: str, param: str, value: Any) -> None:
        if hasattr(self.engine.plan.nodes.get(node), param):
            self.engine.set(node, param, value)

    def play(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the next sound, and the share that is heard of it."""
        n = np.arange(self.n, self.n + x.shape[1])
        self.n += x.shape[1]
        return self.engine.process(x), np.sin(np.pi / 2 * np.clip(n / round(FADE_S * RATE), 0.0, 1.0)) ** 2


def replayed(events: list[Event], sent: Sound) -> Iterator[Sound]:
    """Yield what must be heard, a block of the card at a time."""
    heard, coming, waiting = Voice(PRESETS[0]), None, None
    due = deque(events)
    for start in range(0, len(sent), PERIOD):
        while due and due[0][0] * heard.engine.block <= start:
            _, event = due.popleft()
            if isinstance(event, str):
                waiting = Voice(event)
            else:
                for voice in filter(None, (heard, coming, waiting)):
                    voice.set(*event)
        if coming is None:
            coming, waiting = waiting, None
        x = sent[start : start + PERIOD].T.astype(np.float64)
        y, _ = heard.play(x)
        if coming is not None:
            z, share = coming.play(x)
            y = y + share * (z - y)
            if share[-1] == 1.0:
                heard, coming = coming, None
        yield y.T.astype(np.float32)


def compare(card: SoundCard, folder: Path) -> tuple[int, int]:
    """Return how many samples of the recording there are, and how many were not right there or at the card."""
    events = json.loads((folder / "performance.json").read_text("utf-8"))["events"]
    blocks = soundfile.blocks(folder / "take.wav", PERIOD, dtype="float32")
    taken = list(itertools.islice(blocks, HEAD))
    head = np.concatenate(taken)
    begun = offset(head[-PERIOD:], card.heard) - (HEAD - 1) * PERIOD - 2 * PERIOD
    samples = wrong = 0
    at_card = begun + 2 * PERIOD
    made = replayed(events, card.sent[begun:])
    for this, after in itertools.pairwise(itertools.chain(taken, blocks)):
        if len(after) < PERIOD:
            break
        good = next(made)
        samples += this.size
        wrong += int(np.sum(this != good) + np.sum(card.heard[at_card : at_card + PERIOD] != good))
        at_card += PERIOD
    return samples, wrong


def called(server: Server, call: str, folder: Path) -> subprocess.Popen[str]:
    """Start a function of this module on a server."""
    return subprocess.Popen(
        [sys.executable, "-c", f"import soak; soak.{call}"],
        env={**server.environment, "PYTHONPATH": str(Path(__file__).parent)},
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def performed(server: Server, folder: Path, seconds: float, change_s: float) -> SoundCard:
    """Perform on a server; return the card, with what it sent and heard."""
    with SoundCard(server.name, seconds + BEGIN_S) as card:
        process = called(server, f"perform({seconds}, {change_s})", folder)
        _, said = process.communicate(timeout=seconds + 60.0)
    assert process.returncode == 0, said
    return card


def main(minutes: float) -> int:
    servers = [Server(f"tapegraph-soak-{role}") for role in ("played", "copied")]
    with TemporaryDirectory() as name:
        folder = Path(name)
        posing = called(servers[1], f"pose({servers[1].name!r}, {60.0 * minutes + BEGIN_S})", folder)
        assert posing.stdout is not None
        posing.stdout.readline()
        copying = called(servers[1], "copy_only()", folder)
        card = performed(servers[0], folder, 60.0 * minutes, change_s=4.0)
        copied_calls, copied_late = json.loads(copying.communicate()[0])
        posing.communicate()
        samples, wrong = compare(card, folder)
        report = json.loads((folder / "performance.json").read_text("utf-8"))
    for server in servers:
        server.stop()
    changes = sum(isinstance(event, str) for _, event in report["events"])
    print(f"{minutes:g} minutes, {changes} changes of preset, {len(report['events']) - changes} moves of parameters")
    print(f"{samples} samples compared, {wrong} wrong")
    print(f"late: {report['late']} of {report['calls']} cycles; for a callback that only copies, ", end="")
    print(f"{copied_late} of {copied_calls}")
    print(f"load {report['load']:.1%}, {report['most_load']:.1%} at most; memory grew by {report['grown_kb']} kB")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0))
