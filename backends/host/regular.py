"""Files of a model's folder, read within a limit: what lies there was written by others, and may be a pipe or have no end.

Links are followed, since a snapshot in the Hugging Face cache is made of them; what they lead to must be a regular file.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO

MOST_DIGITS = 40
"""Of a whole number: transformers writes "no limit" as one of 31 digits, and products of thousands of digits take minutes."""


def opened(path: Path) -> BinaryIO:
    """The file, without waiting for a pipe's other end. Raises OSError, and ValueError where it is no regular file."""
    file = open(path, "rb", opener=_without_waiting)  # noqa: SIM115
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise ValueError("it is no regular file")
    return file


def read(path: Path, most: int) -> bytes:
    """All of it. Raises OSError, and ValueError where it has more bytes than `most` or is no regular file."""
    with opened(path) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ValueError(f"it has more than {most:,} bytes")
    return content


def parsed(content: bytes) -> Any:
    """JSON without giant numbers. Raises ValueError or RecursionError."""
    return json.loads(content, parse_int=_whole)


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"a number has {len(digits):,} digits")
    return int(digits)


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
