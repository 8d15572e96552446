"""The text before and after the cursor that a model sees, with borders that stay where they are while one types.

Providers and local servers reuse the part of a prompt that is unchanged from its start. So the first border moves only
once in a while, by a step of whole lines, and the last is a line's end.
"""

from __future__ import annotations

from dataclasses import dataclass

from context.snapshot import Cursor

STEPS = 4
"""The first border moves by this part of the window's length at once; so a window is at least 3/4 of what is allowed."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Offsets into the snapshot's text: the prefix is text[start:cursor], the suffix text[cursor:end]."""

    start: int
    end: int


def windows(cursor: Cursor, before: int, after: int) -> Windows:
    """At most `before` and `after` characters around the cursor."""
    return Windows(_start(cursor, before), _end(cursor, after))


def _start(cursor: Cursor, limit: int) -> int:
    surplus = cursor.offset - limit
    if surplus <= 0:
        return 0
    step = max(limit // STEPS, 1)
    start = -(-surplus // step) * step
    line = cursor.snapshot.text.find("\n", start - 1, cursor.offset) + 1
    # A line longer than the step has no start to move to without losing too much of the window.
    return line if 0 < line <= start + step else start


def _end(cursor: Cursor, limit: int) -> int:
    text, end = cursor.snapshot.text, cursor.offset + limit
    if end >= len(text):
        return len(text)
    line = text.rfind("\n", cursor.offset, end) + 1
    return line if line > cursor.offset + limit // 2 else end
