"""One host for each model on a machine: its lock, its place to announce itself, and what it says of itself while it starts.

The lock is the kernel's own and falls with the process, so none is ever stale. `starting.json` is how editors show the loading of
a model that they, or others, have asked for: {"pid": 4711, "doing": "Loading …"}, or {"failed": "why"} of the last try.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType

from backends import private_file
from backends.discovery import own_folder
from context.private_folder import make_private

STATE = "starting.json"
LOCK = "lock"


class Taken(Exception):
    """Another process serves this model already, or is about to."""


class Seat:
    """Held for as long as the host lives. `announced_in` is the folder where clients look for it."""

    def __init__(self, folder: Path, model: str) -> None:
        """Raises `Taken`, `NotPrivate` or OSError."""
        self.own = own_folder(folder, model)
        make_private(self.own)
        private_file.check_folder(folder)
        private_file.check_folder(self.own)
        self._locks = [_locked(self.own / LOCK)]
        try:
            self._locks.append(_locked(folder / LOCK))
            self.announced_in = folder
        except Taken:
            self.announced_in = self.own

    def __enter__(self) -> Seat:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for descriptor in self._locks:
            os.close(descriptor)

    def doing(self, sentence: str) -> None:
        self._say({"pid": os.getpid(), "doing": sentence})

    def failed(self, sentence: str) -> None:
        self._say({"pid": os.getpid(), "failed": sentence})

    def ready(self) -> None:
        (self.own / STATE).unlink(missing_ok=True)

    def _say(self, state: dict[str, object]) -> None:
        private_file.write(self.own / STATE, json.dumps(state).encode())


def _locked(path: Path) -> int:
    """The descriptor of a lock that nobody else holds. Raises `Taken`."""
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise Taken from error
    return descriptor
