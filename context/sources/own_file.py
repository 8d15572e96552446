"""The cursor's own file where the windows do not reach: its imports first of all, and what else it defines and uses."""

from __future__ import annotations

import re
from collections.abc import Iterable

from context.around import Around
from context.desk import Desk
from context.found import Found
from context.snapshot import Cursor

REST = "own file"
IMPORTS = "own import"

_IMPORT = re.compile(
    r"^[ \t]*(?:from\s+\S+\s+import\s*\([^)]*\)|import\s*\([^)]*\)|import\s+(?:type\s+)?\{[^}]*\}[^\n]*|use\s+[^;{]*\{[^;]*\};|"
    r"(?:import|from|use|using|require|#\s*include|extern\s+crate)\b[^\n]*|export\b[^\n]*\bfrom\b[^\n]*|"
    r"(?:const|let|var)\b[^\n]*=\s*require\([^\n]*)\n?",
    re.M,
)


def look(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """Each import above the windows, and both parts outside them."""
    place = cursor.snapshot.uri
    first, above = around.above
    for match in _IMPORT.finditer(above):
        row = first + above.count("\n", 0, match.start())
        yield Found(IMPORTS, around.path, place, row, match.group(), 1.0, lines=1)
    for first, text in (around.above, around.below):
        if text.strip():
            yield Found(REST, around.path, place, first, text, 1.0)
