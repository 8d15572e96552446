"""A document as an editor holds it: text with a cursor, edits as the protocol reports them, ghost text in its place.

The editor's side of the wire counts UTF-16 units; nothing here is shared with the server's own conversion, so that each
checks the other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Ghost:
    """What an editor would draw: `text` from the cursor on, in place of `replaces` characters after it."""

    text: str
    replaces: int
    command: Mapping[str, Any] | None


class Buffer:
    def __init__(self, text: str, cursor: int) -> None:
        self.before, self.after, self.version = text[:cursor], text[cursor:], 1

    @property
    def text(self) -> str:
        return self.before + self.after

    @property
    def line_before(self) -> str:
        return _BREAK.split(self.before)[-1]

    @property
    def line_after(self) -> str:
        return _BREAK.split(self.after, maxsplit=1)[0]

    @property
    def line_number(self) -> int:
        """Counted from 1, as an editor shows it."""
        return len(_BREAK.findall(self.before)) + 1

    def position(self) -> Mapping[str, int]:
        return _position(self.before)

    def insert(self, text: str, replaces: int = 0) -> Mapping[str, Any]:
        """Puts `text` at the cursor in place of what follows; returns the change for `textDocument/didChange`."""
        end = _position(self.before + self.after[:replaces])
        change = {"range": {"start": self.position(), "end": end}, "text": text}
        self.before, self.after, self.version = self.before + text, self.after[replaces:], self.version + 1
        return change

    def delete(self) -> Mapping[str, Any]:
        """Takes away the character before the cursor, as Backspace does; returns the change."""
        end = self.position()
        self.before, self.version = self.before[:-1], self.version + 1
        return {"range": {"start": self.position(), "end": end}, "text": ""}

    def ghost(self, item: Mapping[str, Any]) -> Ghost | None:
        """An inline completion as it looks at the cursor; None where it does not fit there, as an editor would drop it."""
        text = item["insertText"]
        if not isinstance(text, str):
            return None
        here = self.position()
        start, end = (item["range"]["start"], item["range"]["end"]) if item.get("range") else (here, here)
        if (
            not start["line"] == here["line"] == end["line"]
            or not start["character"] <= here["character"] <= end["character"]
        ):
            return None
        typed = _tail(self.line_before, here["character"] - start["character"])
        if not text.startswith(typed) or len(text) == len(typed):
            return None
        replaces = len(_head(self.line_after, end["character"] - here["character"]))
        return Ghost(text[len(typed) :], replaces, item.get("command"))


def _position(before: str) -> Mapping[str, int]:
    lines = _BREAK.split(before)
    return {"line": len(lines) - 1, "character": _units(lines[-1])}


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _head(text: str, units: int) -> str:
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", errors="ignore")


def _tail(text: str, units: int) -> str:
    return text.encode("utf-16-le")[len(text.encode("utf-16-le")) - 2 * units :].decode("utf-16-le", errors="ignore")
