"""PortAudio: loaded only when sound is to run, shielded from signals, and left behind where it hangs.

When a sound server dies, PortAudio may never return from stop, close or its own clean-up at exit.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

from tapegraph.errors import TapegraphError

CLOSE_S = 0.5  # how long PortAudio may take to close a stream
TERMINATING = {getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)}

NO_PORTAUDIO = (
    "playing needs the library PortAudio, which is not installed: apt install libportaudio2 on Debian and Ubuntu, "
    "dnf install portaudio on Fedora, brew install portaudio on macOS"
)

opening = threading.Lock()  # PortAudio opens one stream at a time

left_behind: list[Any] = []  # streams that could not be closed: PortAudio may still write to their memory


def sounddevice() -> Any:
    """Return the module sounddevice. Raises TapegraphError where PortAudio is missing."""
    imported = "sounddevice" in sys.modules
    try:
        with deferred_signals():
            import sounddevice  # waits where another thread is importing it
    except OSError:
        raise TapegraphError(NO_PORTAUDIO) from None
    except Exception as error:  # a class of sounddevice's own, which a failed import leaves out of reach
        raise TapegraphError(f"PortAudio cannot start: {error}; is the configuration of ALSA right?") from None
    if not imported:
        # Runs before PortAudio's own clean-up at exit, see deferred_signals().
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
    return sounddevice


@contextlib.contextmanager
def deferred_signals() -> Iterator[None]:
    """Defer SIGINT, SIGTERM and SIGHUP until the block ends: PortAudio and libjack crash if interrupted."""
    handler = signal.getsignal(signal.SIGINT)
    deferred: list[int] = []
    in_main_thread = threading.current_thread() is threading.main_thread() and callable(handler)
    if in_main_thread:
        signal.signal(signal.SIGINT, lambda number, frame: deferred.append(number))
    blocked = signal.pthread_sigmask(signal.SIG_BLOCK, TERMINATING) if hasattr(signal, "pthread_sigmask") else None
    try:
        yield
    finally:
        if blocked is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        if in_main_thread:
            signal.signal(signal.SIGINT, handler)
        if deferred:
            signal.raise_signal(signal.SIGINT)


def close(stream: Any, dead: bool) -> None:
    """Close a stream; where its server is dead or closing hangs, have the process end without PortAudio."""
    closing = threading.Thread(target=stream.close, name="tapegraph close", daemon=True)
    if not dead:
        closing.start()
        closing.join(CLOSE_S)
    if dead or closing.is_alive():
        left_behind.append(stream)
        atexit.unregister(exit_without_portaudio)
        atexit.register(exit_without_portaudio)  # the last to be registered is the first to be called


def exit_without_portaudio() -> None:
    """End the process at once: PortAudio's clean-up would wait forever for a dead server."""
    for file in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            file.flush()
    os._exit(1)
