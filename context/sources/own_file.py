"""The cursor's own file where the windows do not reach: its imports first of all, and what else it defines and uses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from context.around import Around
from context.desk import Desk
from context.found import Found
from context.snapshot import Cursor

REST = "own file"
IMPORTS = "own import"

FAR = 24_000
"""Characters on each side of the windows that are looked at: weighing every line of a file of 10,000 takes 20 ms."""

FAR_IN_A_BIG_FILE = 10_000
BIG = 150_000
"""Characters from which on a file is big: all else that is done at a key costs more there, too."""

BLOCK = 40
"""Lines that are looked at as one."""

HEAD = 16_000
"""Characters at the top of a file where its imports are looked for."""

_IMPORT = re.compile(
    r"^[ \t]*+(?:from\s++\S++\s++import\s*+\([^)]{0,2000}+\)|import\s*+\([^)]{0,2000}+\)|"
    r"import\s++(?:type\s++)?\{[^}]{0,2000}+\}[^\n]*+|use\s++[^;{]{0,300}+\{[^;]{0,2000}+(?<=\});|"
    r"(?:import|from|use|using|require|#\s*include|extern\s+crate)\b[^\n]*|export\b[^\n]*\bfrom\b[^\n]*|"
    r"(?:const|let|var)\b[^\n]*=\s*require\([^\n]*)\n?",
    re.M,
)


def look(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """Each import above the windows, and both parts outside them."""
    place = cursor.snapshot.uri
    first, above = around.above
    for match in _IMPORT.finditer(above, 0, HEAD):
        row = first + above.count("\n", 0, match.start())
        yield Found(IMPORTS, around.path, place, row, match.group(), 1.0, lines=1)
    far = FAR if len(cursor.snapshot.text) <= BIG else FAR_IN_A_BIG_FILE
    start = above.find("\n", len(above) - far) + 1 if len(above) > far else 0
    below, rest = around.below
    parts = ((first + above.count("\n", 0, start), above[start:]), (below, rest[: _line_end(rest, far)]))
    for row, text in parts:
        for number, block in _blocks(row, text):
            yield Found(REST, around.path, place, number, block, 1.0)


def _blocks(row: int, text: str) -> Iterator[tuple[int, str]]:
    """The text in blocks that begin at fixed lines of the file, so that most are the same when the windows have moved."""
    lines = text.split("\n")
    first = 0
    while first < len(lines):
        end = first + BLOCK - (row + first) % BLOCK
        block = "\n".join(lines[first:end]) + "\n"
        if block.strip():
            yield row + first, block
        first = end


def _line_end(text: str, at: int) -> int:
    """The end of the line that holds `at`, or of the text."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end + 1
