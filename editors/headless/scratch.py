"""Folders for the time of a command. One that was killed leaves its own behind, and the next bench clears that away.

Each is locked for as long as a process that uses it lives, which the system knows and no file could say: a number of a process
may be anybody's by now, and of another container's processes there are none to be seen.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path

PREFIX = "infill-scratch-"
YOUNG = 60.0
"""Seconds in which a folder is left alone: between its making and its lock is a moment."""


class Scratch(tempfile.TemporaryDirectory[str]):
    """A temporary folder of this user alone, as a context manager or with `cleanup`; `what` is a part of its name."""

    def __init__(self, what: str) -> None:
        super().__init__(prefix=f"{PREFIX}{what}-", ignore_cleanup_errors=True)
        self._lock = _open(Path(self.name))
        # On a file system without locks nobody else gets one either, so nobody clears it away.
        with suppress(OSError):
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def cleanup(self) -> None:
        super().cleanup()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def tidy() -> None:
    """Removes what was left behind of this user's, and follows no link. What cannot be removed stays."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            _remove_if_left(path)


def _remove_if_left(path: Path) -> None:
    """Raises OSError where it is in use, or cannot be locked or looked at."""
    status = path.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid() or time.time() - status.st_mtime < YOUNG:
        return
    lock = _open(path)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(path, ignore_errors=True)
    finally:
        os.close(lock)


def _open(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
