"""What the editor's tools and a review say is wrong near the cursor."""

from __future__ import annotations

from collections.abc import Iterable

from context.around import NEAR_AFTER, NEAR_BEFORE, Around
from context.desk import Desk
from context.found import Found
from context.notebook import first_line
from context.problems import ERROR, Problem
from context.snapshot import Cursor

NAME = "diagnostic"
PLACE = "diagnostics"
MOST = 5
LONGEST_LINE = 100
LONGEST_MESSAGE = 300
LONGEST_JUDGED = 2_000


def look(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """The nearest problems, each with the line that it is about and not with its number, which the next line changes."""
    problems = desk.problems.of(cursor.snapshot.uri)
    if not problems:
        return
    text = cursor.snapshot.text
    above = first_line(cursor.snapshot, desk.cells(cursor.snapshot.uri))
    row = text.count("\n", 0, cursor.offset) - above
    near = [one for one in problems if row - NEAR_BEFORE <= one.last and one.first <= row + NEAR_AFTER]
    lines = text.split("\n")[above:]
    near.sort(key=lambda one: (one.severity, abs(one.first - row), one.message))
    for number, one in enumerate(near[:MOST]):
        yield Found(NAME, None, PLACE, number, _told(one, lines, desk), 1 / (1 + number), lines=1, told=True)


def _told(problem: Problem, lines: list[str], desk: Desk) -> str:
    """Masked before it is cut: half a secret would not be known for one."""
    kind = "error" if problem.severity == ERROR else "warning"
    whole = lines[problem.first].strip()[:LONGEST_JUDGED] if problem.first < len(lines) else ""
    line = desk.gate.clear(whole)[:LONGEST_LINE]
    message = desk.gate.clear(problem.message)[:LONGEST_MESSAGE]
    return f"{kind}: {message} (in `{line}`)\n" if line else f"{kind}: {message}\n"
