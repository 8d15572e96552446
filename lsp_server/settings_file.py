"""Reads one settings file, trusting nothing about it: a project's file is somebody else's text.

Only a regular file is read, never more than `MAX_BYTES`, and a link only where it stays inside the folder that the file
speaks for. A pipe, a device or a link out of the project is refused, not followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from context import toml_text

MAX_BYTES = 64 * 1024


class Unreadable(Exception):
    """The file is there and cannot be taken as settings; the message is a sentence for the user."""


def read(path: Path, *, inside: Path | None = None) -> Mapping[str, object] | None:
    """The file's table, or None where there is no file. `inside`: the folder that its real path must not leave.

    Raises `Unreadable`.
    """
    try:
        real = path.resolve(strict=True)
        if inside is not None and not real.is_relative_to(inside.resolve()):
            raise Unreadable("is a link to a place outside the project.")
        text = _bytes_of(real).decode("utf-8-sig")
    except (FileNotFoundError, NotADirectoryError):
        if path.is_symlink():
            raise Unreadable("is a link to nowhere.") from None
        return None
    except UnicodeDecodeError:
        raise Unreadable("is not UTF-8 text.") from None
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, on Python 3.11 and 3.12
        raise Unreadable(f"cannot be read ({getattr(error, 'strerror', None) or 'a loop of links'}).") from None
    try:
        return toml_text.table(text)
    except toml_text.NotRead as error:
        raise Unreadable(str(error)) from None


def _bytes_of(path: Path) -> bytes:
    """O_NONBLOCK, so that opening a pipe that nobody writes to returns; then the open file itself is looked at."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unreadable("is not a regular file.")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Unreadable(f"is larger than {MAX_BYTES // 1024} kB.")
    return data
