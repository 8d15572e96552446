"""What was typed lately elsewhere, in this file and others: the newest text of each edit."""

from __future__ import annotations

from collections.abc import Iterable

from context.around import Around
from context.desk import Desk
from context.found import Found
from context.snapshot import Cursor

NAME = "recent edit"


def look(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """The newest edit has the highest score. Edits that only removed show nothing."""
    texts = {snapshot.uri: snapshot.text for snapshot in desk.open_files}
    for age, piece in enumerate(reversed(desk.edits.pieces)):
        if piece.after.strip() and piece.uri != cursor.snapshot.uri:
            first = texts.get(piece.uri, "").count("\n", 0, piece.start)
            yield Found(NAME, piece.path, piece.uri.rpartition("/")[2], first, piece.after, 1 / (1 + age), lines=6)
