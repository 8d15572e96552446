"""Server-sent events from bytes: the `data` of each event, as the WHATWG standard reads a stream.

It works on bytes before anything is decoded, so that a limit means bytes on the wire, comments count like the rest, and a
character that arrives in two pieces is whole again before it becomes text. (httpx2's own EventSource decodes with whatever
charset and compression the server names, keeps a byte order mark, and counts no comment.)
"""

from __future__ import annotations

EVENT_LIMIT = 256 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class Malformed(ValueError):
    """The stream breaks the format or a limit; the words are for the user."""


class EventReader:
    """Feed it the pieces of a body as they come. `limit` bounds one event and one line, in bytes."""

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._limit = limit
        self._line = bytearray()
        self._data: list[str] = []
        self._size = 0
        self._at_start = True
        self._after_return = False

    def feed(self, piece: bytes) -> list[str]:
        """The events that this piece completes. Raises `Malformed`."""
        if self._after_return and piece:
            piece = piece.removeprefix(b"\n")
            self._after_return = False
        self._after_return = piece.endswith(b"\r") or (self._after_return and not piece)
        first, *rest = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        events: list[str] = []
        self._extend(first)
        for start in rest:
            self._end_line(events)
            self._extend(start)
        return events

    def finish(self) -> list[str]:
        """At the end of the body: an event whose lines are whole counts although no blank line followed, which the standard
        would drop and real servers rely on; half a line never counts."""
        events: list[str] = []
        self._line.clear()
        self._end_event(events)
        return events

    def _extend(self, piece: bytes) -> None:
        self._line += piece
        if self._size + len(self._line) > self._limit:
            raise Malformed(f"One event of the stream is over {self._limit // 1024} KB.")

    def _end_line(self, events: list[str]) -> None:
        line = bytes(self._line)
        self._line.clear()
        if self._at_start:
            line = line.removeprefix(BYTE_ORDER_MARK)
            self._at_start = False
        if not line:
            self._end_event(events)
            return
        name, _, value = line.partition(b":")
        if name == b"data":
            self._size += len(value) + 1
            try:
                self._data.append(value.removeprefix(b" ").decode("utf-8"))
            except UnicodeDecodeError:
                raise Malformed("The stream is not UTF-8.") from None

    def _end_event(self, events: list[str]) -> None:
        if self._data:
            events.append("\n".join(self._data))
        self._data, self._size = [], 0
