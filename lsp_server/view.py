"""What the rules look at: the document around the cursor, and its syntax tree.

In a big file that is a part of it, between two lines that begin in the first column. Some grammars parse all the rest of a
file again after a key at the end of a block (Python: 13 ms for what follows in a file of 10,000 lines), and no rule has to
know what stands a thousand lines away.
"""

from __future__ import annotations

from dataclasses import dataclass

from context.snapshot import Cursor, Snapshot
from context.syntax import Parsed, Trees

WHOLE = 16_000  # characters; a smaller document is looked at as a whole
BEFORE = 8_000
AFTER = 4_000
_NEAR = "#near"


@dataclass(frozen=True, slots=True)
class View:
    """`cursor` is the same place in what is looked at; `parsed` is the tree of that, where there is one at hand."""

    cursor: Cursor
    parsed: Parsed | None


def view(cursor: Cursor, trees: Trees) -> View:
    """Costs a slice of parsing at most; the tree is brought up to date from key to key."""
    part = surroundings(cursor)
    return View(part, trees.parsed(part.snapshot))


def near(uri: str) -> str:
    """The name under which the tree of a part of this document is kept."""
    return f"{uri}{_NEAR}"


def is_part(snapshot: Snapshot) -> bool:
    """Whether this is a part of a document: its tree may be broken at the ends though the document is whole."""
    return snapshot.uri.endswith(_NEAR)


def surroundings(cursor: Cursor) -> Cursor:
    """The cursor in the part of its document that rules look at. The part begins at the same line from key to key."""
    snapshot = cursor.snapshot
    text = snapshot.text
    if len(text) <= WHOLE:
        return cursor
    # The first step keeps the start still while the typing goes on; the second puts it where code of its own begins.
    start = _first_column(
        text, max(0, (cursor.line_start - BEFORE) // (BEFORE // 4) * (BEFORE // 4)), cursor.line_start
    )
    end = _first_column(text, min(len(text), cursor.line_end + AFTER), len(text))
    end = min(end, cursor.line_end + 2 * AFTER)
    part = Snapshot(near(snapshot.uri), snapshot.path, snapshot.language, snapshot.version, text[start:end])
    return Cursor(part, cursor.offset - start)


def _first_column(text: str, start: int, limit: int) -> int:
    """The first line from `start` on that begins with a letter and so most likely a definition; else the next line."""
    if start == 0 or start >= limit:
        return min(start, limit)
    line = text.find("\n", start, limit) + 1
    first = line
    while line and line < limit:
        if text[line].isalpha() or text[line] in "@#_/":
            return line
        line = text.find("\n", line, limit) + 1
    return first or start
