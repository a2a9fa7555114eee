"""A sound server without hardware, and a JACK client that poses as the sound card."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

RATE, PERIOD = 48_000, 256
Sound = npt.NDArray[np.float32]


def jack() -> Any:
    """Return the module jack, or skip: it needs libjack."""
    try:
        import jack
    except (ImportError, OSError) as error:
        pytest.skip(f"JACK-Client cannot be imported: {error}")
    return jack


class Server:
    """A jackd that runs in its own time and waits for its clients, so that even a late one loses no sample."""

    def __init__(self, name: str) -> None:
        if shutil.which("jackd") is None:
            pytest.skip("there is no jackd; apt install jackd2 libportaudio2")
        self.name = f"{name}-{os.getpid()}"  # others may test on the same machine
        self.environment = {**os.environ, "JACK_DEFAULT_SERVER": self.name, "JACK_NO_START_SERVER": "1"}
        self.process = self.started()

    def started(self) -> subprocess.Popen[bytes]:
        driver = ["-d", "dummy", "-r", str(RATE), "-p", str(PERIOD), "-C", "2", "-P", "2"]
        command = ["jackd", "-S", "-n", self.name, *driver]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait = ["jack_wait", "-w", "-t", "10"]
        subprocess.run(wait, env=self.environment, capture_output=True, check=True)
        return process

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        if self.process.returncode is not None:  # killed: JACK's register, of eight, forgets it when its name ends well
            self.process = self.started()
        self.process.terminate()
        self.process.wait(10)


def client(name: str, server: str) -> Any:
    """Return a client of a server, which may be too busy for a moment to take one."""
    for _ in range(20):
        try:
            return jack().Client(name, no_start_server=True, servername=server)
        except jack().JackOpenError:
            time.sleep(0.25)
    return jack().Client(name, no_start_server=True, servername=server)


class SoundCard:
    """What a program plays, it hears; what it sends, the program hears, from the first connection on.

    sent, heard: (frames, 2), in the same frames
    """

    def __init__(self, server: str, seconds: float, seed: int = 0) -> None:
        frames = round(seconds * RATE / PERIOD) * PERIOD
        self.sent: Sound = np.random.default_rng(seed).random((frames, 2), np.float32) - np.float32(0.5)
        self.heard: Sound = np.zeros_like(self.sent)
        self.n = 0
        self.connected = threading.Event()
        self.client = client("probe", server)
        self.ears = [self.client.inports.register(f"heard_{k}") for k in (1, 2)]
        self.mouths = [self.client.outports.register(f"sent_{k}") for k in (1, 2)]
        self.client.set_port_connect_callback(self.connect)
        self.client.set_process_callback(self.process)

    def connect(self, source: Any, target: Any, connected: bool) -> None:
        if connected:
            self.connected.set()

    def process(self, frames: int) -> None:
        end = self.n + frames
        running = self.connected.is_set() and end <= len(self.sent)
        for k in (0, 1):
            self.mouths[k].get_array()[:] = self.sent[self.n : end, k] if running else 0.0
            if running:
                self.heard[self.n : end, k] = self.ears[k].get_array()
        if running:
            self.n = end

    def __enter__(self) -> SoundCard:
        self.client.activate()
        return self

    def __exit__(self, *error: object) -> None:
        self.client.deactivate()
        self.client.close()


def offset(part: Sound, whole: Sound) -> int:
    """Return where the first 64 frames of part stand in whole."""
    head = part[:64]
    for start in np.flatnonzero(whole[:, 0] == head[0, 0]):
        if np.array_equal(whole[start : start + 64], head):
            return int(start)
    raise AssertionError("the sound was not heard")


class Controller:
    """A box of knobs with a JACK MIDI port."""

    def __init__(self, server: Server) -> None:
        self.turned: deque[bytes] = deque()
        self.client = client("knobs", server.name)
        self.port = self.client.midi_outports.register("out")
        self.client.set_process_callback(self.process)

    def process(self, frames: int) -> None:
        self.port.clear_buffer()
        if self.turned:
            self.port.write_midi_event(0, self.turned.popleft())

    def turn(self, control: int, value: int) -> None:
        """Send a controller on channel 1."""
        self.turned.append(bytes((0xB0, control, value)))

    def __enter__(self) -> Controller:
        self.client.activate()
        return self

    def __exit__(self, *error: object) -> None:
        self.client.deactivate()
        self.client.close()


@contextlib.contextmanager
def running(server: Server, *arguments: str, folder: Any) -> Iterator[subprocess.Popen[str]]:
    """Run the program on a server; kill it in the end if it still runs."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tapegraph", *arguments],
        env=server.environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    overdue = threading.Timer(30.0, process.kill)  # so that reading from it ends too
    overdue.start()
    try:
        yield process
    finally:
        overdue.cancel()
        process.kill()
        process.communicate()


def started(process: subprocess.Popen[str]) -> str:
    """Wait for the line that says that the sound runs, and return it. What libraries say before is left out."""
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if " -> " in line:
            return line
    raise AssertionError("".join(said))
