"""Small regular files of a git folder, read within a limit; a hostile repository can put anything there."""

from __future__ import annotations

import os
import stat
from pathlib import Path

LARGEST = 4_000_000


def small(path: Path, limit: int = LARGEST) -> bytes:
    """The file's bytes; none where it is missing, no regular file, or longer than `limit`."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
        with os.fdopen(handle, "rb") as file:
            status = os.fstat(handle)
            return file.read() if stat.S_ISREG(status.st_mode) and status.st_size <= limit else b""
    except (OSError, ValueError):
        return b""
