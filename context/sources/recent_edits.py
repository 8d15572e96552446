"""What was edited lately: the newest text of edits in other files, and the lines that edits of this file have removed.

Who rewrites a line removes it first, in one stroke or letter by letter; what comes next is most often made of the same names.
"""

from __future__ import annotations

from collections.abc import Iterable

from context.around import Around
from context.desk import Desk
from context.found import Found
from context.snapshot import Cursor

ELSEWHERE = "recent edit"
REMOVED = "removed"


def look(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """The newest edit has the highest score. Edits that only removed show nothing of other files."""
    texts = {snapshot.uri: snapshot.text for snapshot in desk.open_files}
    row = 0
    for age, piece in enumerate(reversed(desk.edits.pieces)):
        name, score = piece.uri.rpartition("/")[2], 1 / (1 + age)
        if piece.uri == cursor.snapshot.uri:
            gone = piece.gone
            if gone:
                yield Found(REMOVED, piece.path, name, row, "".join(f"{line}\n" for line in gone), score, former=True)
                row += len(gone) + 1
        elif piece.after.strip():
            first = texts.get(piece.uri, "").count("\n", 0, piece.start)
            yield Found(ELSEWHERE, piece.path, name, first, piece.after, score, lines=6)
