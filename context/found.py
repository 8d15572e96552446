"""What a source finds, before anybody has decided whether a model may see it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

REMOVED = " (removed lines)"
"""What a model reads after the path of a file, where lines are shown that it no longer has."""


@dataclass(frozen=True, slots=True)
class Found:
    """A stretch of whole lines of a file or buffer that may help at the cursor.

    `path` is None for a buffer without a file, which `name` then stands for. `first` is the number (from 0) of its first
    line. `score` orders the finds of one source among each other; scores of different sources do not compare. `lines` is
    how many lines of a statement make one piece that is shown or left out as a whole. `former` is for lines that stood
    there and were removed: they are shown apart from the file. `told` is for what a tool says of code: its words count as
    names do.
    """

    source: str
    path: Path | None
    name: str
    first: int
    text: str
    score: float
    lines: int = 2
    former: bool = False
    told: bool = False

    @property
    def place(self) -> str:
        return str(self.path) if self.path is not None else self.name

    @property
    def shown_as(self) -> str:
        """What is shown under one name: a file as it is, or what was removed from it."""
        return f"{self.place}{REMOVED}" if self.former else self.place
