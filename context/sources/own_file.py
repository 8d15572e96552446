"""The cursor's own file where the windows do not reach: its imports first of all, and what else it defines and uses."""

from __future__ import annotations

from collections.abc import Iterable

from context.around import Around
from context.desk import Desk
from context.found import Found
from context.snapshot import Cursor

NAME = "own file"


def look(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """Both parts outside the windows."""
    for first, text in (around.above, around.below):
        if text.strip():
            yield Found(NAME, around.path, cursor.snapshot.uri, first, text, 1.0)
