"""Cuts a file into stretches that read as one thing: a function, some members, a paragraph of statements."""

from __future__ import annotations

import re
from collections.abc import Collection

SHORTEST, LONGEST = 6, 20
"""Lines of a stretch, where the text allows."""

_LEADS_IN = re.compile(r"\s*(?:#|//|/\*|\*|@|///|--)")


def cut(lines: list[str], definitions: Collection[int] = ()) -> list[tuple[int, int]]:
    """Stretches [first, end) that cover all lines that are not blank, in order.

    A stretch ends, within its longest, where the next line begins a definition (`definitions` are their line numbers), else
    after a blank line, else anywhere; among equals where the indentation is least.
    """
    starts = {_with_lead(lines, row) for row in definitions}
    stretches: list[tuple[int, int]] = []
    first = 0
    total = len(lines)
    while first < total:
        if not lines[first].strip():
            first += 1
            continue
        end = min(first + LONGEST, total)
        if end < total:
            end = min(range(min(first + SHORTEST, end), end + 1), key=lambda row: (*_cost(lines, row, starts), -row))
        else:
            early = [row for row in range(first + SHORTEST, end) if row in starts and _indent(lines[row]) == 0]
            end = early[-1] if early and total - first > LONGEST // 2 else end
        stretches.append((first, end))
        first = end
    return stretches


def _cost(lines: list[str], row: int, starts: Collection[int]) -> tuple[int, int]:
    line = lines[row]
    if row in starts:
        return 0, _indent(line)
    if not lines[row - 1].strip() and line.strip():
        return 1, _indent(line)
    return (2 if line.strip() else 3), _indent(line)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _with_lead(lines: list[str], row: int) -> int:
    """The line where a definition begins for a reader: with the comments and decorators right above it."""
    while row > 0 and _LEADS_IN.match(lines[row - 1]):
        row -= 1
    return row
