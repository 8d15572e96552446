"""Files for this user alone: keys, the token of a running model host. Written at once or not at all, never read if shared."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from context.private_folder import make_private

SIZE_LIMIT = 64 * 1024


class NotPrivate(Exception):
    """A file or folder that others could read or have written; the message says which and what to do."""


def write(path: Path, content: bytes) -> None:
    """Puts `content` in `path` as a 0600 file in a 0700 folder: a crash or a full disk leaves the old file as it was."""
    make_private(path.parent)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mkstemp makes it 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read(path: Path) -> bytes | None:
    """The content, None where there is no such file. Raises `NotPrivate` for a link, a file that is not this user's, or one
    that others may read, and OSError where it cannot be read."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        return None
    except OSError:
        if path.is_symlink():
            raise NotPrivate(f"{path} is a link; it has to be a file.") from None
        raise
    with os.fdopen(descriptor, "rb") as file:
        _check(path, os.fstat(descriptor), mend=f"chmod 600 {path}")
        return file.read(SIZE_LIMIT)


def check_folder(path: Path) -> None:
    """Raises `NotPrivate` unless `path` is a real folder of this user that nobody else may enter."""
    try:
        status = path.lstat()
    except OSError:
        raise NotPrivate(f"{path} cannot be looked at.") from None
    if not stat.S_ISDIR(status.st_mode):
        raise NotPrivate(f"{path} is not a folder.")
    _check(path, status, mend=f"chmod 700 {path}")


def _check(path: Path, status: os.stat_result, *, mend: str) -> None:
    if os.name != "posix":
        return  # Windows keeps a user's folders apart by access lists, which mode bits do not show.
    if status.st_uid != os.getuid():
        raise NotPrivate(f"{path} belongs to another user.")
    if status.st_mode & 0o077:
        raise NotPrivate(f"{path} is open to other users; it is not used until you run `{mend}`.")
