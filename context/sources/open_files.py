"""Other open files: from each the stretch of lines that shares most names with the cursor's surroundings."""

from __future__ import annotations

from collections.abc import Iterable

from context.desk import Desk
from context.found import Found
from context.identifiers import names
from context.snapshot import Cursor

LINES = 40
STRIDE = 20
MOST_FILES = 12
LARGEST = 400_000
AROUND = 1_500


def look(cursor: Cursor, desk: Desk) -> Iterable[Found]:
    """At most one stretch for each file, scored by the share of names in common (Jaccard)."""
    text = cursor.snapshot.text
    wanted = names(
        text[max(0, cursor.line_start - AROUND) : cursor.line_start] + text[cursor.line_end :][: AROUND // 3]
    )
    others = [other for other in desk.open_files if other.uri != cursor.snapshot.uri and len(other.text) <= LARGEST]
    for other in others[:MOST_FILES]:
        lines = other.text.splitlines(keepends=True)
        best_score, best_first = 0.0, 0
        for first in range(0, max(len(lines) - LINES // 2, 1), STRIDE):
            there = names("".join(lines[first : first + LINES]))
            score = len(wanted & there) / (len(wanted | there) or 1)
            if score > best_score:
                best_score, best_first = score, first
        if best_score > 0:
            stretch = "".join(lines[best_first : best_first + LINES])
            yield Found("open file", other.path, other.uri.rpartition("/")[2], best_first, stretch, best_score)
