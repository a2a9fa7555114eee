"""Changes that any threads make to what runs, until the audio thread applies them between two blocks.

The audio thread never waits: it only takes from the left end. Threads that add take turns among themselves.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")

FEW = 256  # changes that are kept as they are; so many are soon applied


class Pending(Generic[T]):
    """A queue of changes. Of those that nobody applies, only the last of each kind is kept, so that it cannot grow.

    kind: what a change sets; a later change of the same kind makes it void. None: it is kept, and so is what was set
        before it
    """

    def __init__(self, kind: Callable[[T], Hashable | None]) -> None:
        self.kind = kind
        self.changes: deque[T] = deque()
        self.adding = threading.RLock()  # reentrant for signal handlers; never taken by the audio thread
        self.limit = FEW

    def add(self, change: T) -> None:
        """Append a change. For any thread but the audio thread."""
        with self.adding:
            self.changes.append(change)
            if len(self.changes) >= self.limit:
                self.coalesce()
                self.limit = max(FEW, 2 * len(self.changes))  # on average each change is looked at twice

    def coalesce(self) -> None:
        """Drop what later changes make void; the rest stays in order.

        The newest are taken first, while the audio thread may take the oldest, so that none of them overtakes another.
        """
        kept: deque[T] = deque()
        later: set[Hashable] = set()
        while (change := self.newest()) is not None:
            kind = self.kind(change)
            if kind is None:
                later.clear()
            elif kind in later:
                continue
            else:
                later.add(kind)
            kept.appendleft(change)
        self.changes.extend(kept)

    def newest(self) -> T | None:
        try:
            return self.changes.pop()
        except IndexError:
            return None

    def take(self) -> Iterator[T]:
        """Yield and remove all changes, oldest first. For the audio thread."""
        while self.changes:
            try:
                change = self.changes.popleft()
            except IndexError:  # another thread has just taken the last ones to coalesce them
                return
            yield change

    def __bool__(self) -> bool:
        return bool(self.changes)
