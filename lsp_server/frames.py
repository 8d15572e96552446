"""Bytes from an editor to JSON messages: `Content-Length` framing that gets over whatever a broken client or wrapper sends.

A legal stream is read as the specification says, header names in any case and order. After anything else the next frame is
found again: a body cannot hold a bare `Content-Length: 12\\r\\n`, because JSON strings have no unescaped line ends and the
words mean nothing outside of a string, so wherever these bytes stand, a new frame begins.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

MAX_FRAME = 64 * 1024 * 1024
MAX_HEADER = 16 * 1024
_TAIL = 256  # what is kept of noise, so that a header cut in two by a read is still found

_LENGTH = re.compile(rb"[^\r\n]*content-length[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE)  # the last one on a line
_NEXT_FRAME = re.compile(rb"content-length[ \t]*:[ \t]*\d+[ \t]*\r?\n", re.IGNORECASE)
_HEADER_NAME = "content-"
_BLANK = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True)
class Broken:
    """Something that was no message, in words that hold nothing of it."""

    reason: str


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


_decode = json.JSONDecoder(parse_constant=_no_constant).decode


class Frames:
    """Feed it what was read; it gives back what is complete. Holds at most one frame, of at most `limit` bytes."""

    def __init__(self, limit: int = MAX_FRAME) -> None:
        self._buffer = bytearray()
        self._length: int | None = None  # of the body that is being read; None while in a header
        self._seen = 0  # bytes of an unfinished body or header that have been searched
        self._lost = False  # in noise that has been reported
        self._limit = limit

    def feed(self, data: bytes) -> list[object]:
        """The messages that `data` completes, each a decoded JSON value or `Broken`."""
        self._buffer += data
        found: list[object] = []
        while self._header(found) if self._length is None else self._body(found):
            pass
        return found

    def _header(self, found: list[object]) -> bool:
        """Reads one header block; False when more bytes are needed."""
        blank = _BLANK.search(self._buffer, max(0, self._seen - 3))
        end = blank.start() if blank else len(self._buffer)
        if end > MAX_HEADER:
            self._report(found, "bytes that are no header")
            del self._buffer[: end - _TAIL]
            self._seen = 0
            return blank is not None
        self._seen = end
        if blank is None:
            return False
        block = bytes(self._buffer[:end])
        del self._buffer[: blank.end()]
        self._seen = 0
        values = _LENGTH.findall(block)
        value = values[-1].strip() if values else b""
        if not values:
            if block.strip():
                self._report(found, "a header without Content-Length")
        elif not value.isdigit():
            self._report(found, "a Content-Length that is no number")
        elif len(value) > 18 or int(value) > self._limit:
            self._report(found, f"a message larger than {self._limit} bytes")
        else:
            self._length = int(value)
            self._lost = False
        return True

    def _body(self, found: list[object]) -> bool:
        """Reads one body; False when more bytes are needed."""
        assert self._length is not None
        if len(self._buffer) < self._length:
            following = None
            if self._buffer.find(b"\n", self._seen) >= 0:
                following = _NEXT_FRAME.search(self._buffer, max(0, self._seen - _TAIL))
            self._seen = len(self._buffer)
            if following is None:
                return False
            self._length = following.start()
        body = self._buffer[: self._length]
        del self._buffer[: self._length]
        self._length, self._seen = None, 0
        message, unread = _message(body)
        self._buffer[:0] = unread
        if isinstance(message, Broken):
            self._report(found, message.reason)
        else:
            found.append(message)
        return True

    def _report(self, found: list[object], reason: str) -> None:
        """One report for one stretch of noise."""
        if not self._lost:
            found.append(Broken(reason))
        self._lost = True


def _message(body: bytearray) -> tuple[object, bytes | bytearray]:
    """The value, or why there is none, and the bytes in which the next frame may have begun."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return Broken("a message that is not UTF-8"), body
    try:
        return _decode(text), b""
    except RecursionError:
        return Broken("a message nested too deeply"), b""
    except json.JSONDecodeError as error:
        rest = text[error.pos :]
        if error.msg == "Extra data" and _HEADER_NAME.startswith(rest[: len(_HEADER_NAME)].lower()):
            return _decode(text[: error.pos]), rest.encode()  # the length reached into the next header
    except ValueError:  # a number of too many digits
        pass
    return Broken("a message that is not JSON"), body
