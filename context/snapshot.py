"""A document as it was at one moment, and a place in it.

Offsets are code points of `text`, never bytes and never UTF-16 units; `lsp_server/convert.py` is the only place that
knows an editor's columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One version of one document. `path` is None for what no path is known of."""

    uri: str
    path: Path | None
    language: str
    version: int
    text: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a snapshot: `offset` code points from the start, 0 ≤ offset ≤ len(text)."""

    snapshot: Snapshot
    offset: int

    @property
    def prefix(self) -> str:
        return self.snapshot.text[: self.offset]

    @property
    def suffix(self) -> str:
        return self.snapshot.text[self.offset :]

    @property
    def line_start(self) -> int:
        """Offset of the first character of the cursor's line."""
        text = self.snapshot.text
        return max(text.rfind("\n", 0, self.offset), text.rfind("\r", 0, self.offset)) + 1

    @property
    def line_end(self) -> int:
        """Offset just before the line's terminator, or of the end of the text."""
        text = self.snapshot.text
        ends = [end for end in (text.find("\n", self.offset), text.find("\r", self.offset)) if end >= 0]
        return min(ends, default=len(text))

    @property
    def line_before(self) -> str:
        return self.snapshot.text[self.line_start : self.offset]

    @property
    def line_after(self) -> str:
        return self.snapshot.text[self.offset : self.line_end]
