"""A local ledger of what left, for who switched it on: one line for each request that carried text of the user's.

It says when, to whom, how much, from which files, and the SHA-256 of each piece as it was sent, so that one can prove later what
was in a request and what was not; the text itself is not in it. The line is on disk before the first byte leaves: where it
cannot be written, nothing is sent.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from backends.api import Message
from context.privacy import MASK, FimContext
from context.private_folder import make_private

LARGEST = 16 * 1024 * 1024
"""Bytes after which the ledger is put aside as `audit.1.jsonl`, in the place of the one before."""


@dataclass(frozen=True, slots=True)
class Part:
    """Text in a request's body, and the files that it is from, as the model sees their names."""

    files: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part as it is kept: how many bytes of UTF-8, their hash, and how many secrets were masked in it."""

    files: tuple[str, ...]
    bytes: int
    sha256: str
    masks: int


@dataclass(frozen=True, slots=True)
class Departure:
    """One request. `at` is seconds since the epoch, `bytes` and `sha256` are of the whole body."""

    at: float
    backend: str
    destination: str
    bytes: int
    sha256: str
    parts: tuple[Piece, ...]


class AuditLog:
    """JSON Lines at `path`, 0600, appended to by every server of the user. `wall` gives seconds since the epoch."""

    def __init__(self, path: Path, *, wall: Callable[[], float] = time.time) -> None:
        self._path, self._wall = path, wall

    def record(self, backend: str, destination: str, body: bytes, parts: Sequence[Part]) -> None:
        """Writes the line through to the file. Raises OSError."""
        pieces = tuple(_piece(part) for part in parts)
        departure = Departure(self._wall(), backend, destination, len(body), sha256(body).hexdigest(), pieces)
        line = json.dumps(asdict(departure), ensure_ascii=False, separators=(",", ":")) + "\n"
        make_private(self._path.parent)
        if self._path.exists() and self._path.stat().st_size > LARGEST:
            self._path.replace(self._path.with_suffix(".1.jsonl"))
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(self._path, flags, 0o600), "ab", buffering=0) as file:
            data = line.encode("utf-8", errors="replace")
            if file.write(data) != len(data):  # one call, so that lines of two servers never mix
                raise OSError("the disk took only a part of the line")


def fim_parts(context: FimContext) -> tuple[Part, ...]:
    """What a completion's request carries: the text around the cursor, and the excerpts."""
    around = Part((context.path,), context.prefix + context.suffix)
    return (around, *(Part((excerpt.path,), excerpt.text) for excerpt in context.excerpts))


def chat_parts(messages: Iterable[Message]) -> tuple[Part, ...]:
    """What a conversation carries: every message that is not Infill's own words alone."""
    return tuple(Part(message.files, message.text) for message in messages if message.files)


def _piece(part: Part) -> Piece:
    data = part.text.encode("utf-8", errors="replace")
    return Piece(part.files, len(data), sha256(data).hexdigest(), part.text.count(MASK))
