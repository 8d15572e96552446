"""Blanks and line ends at the start that the place has already: Codestral often begins with one of either too many."""

from __future__ import annotations

import re

from lsp_server.lexis import BY_END_WORD, CLAUSE, END_WORD, PROSE
from lsp_server.place import Place
from lsp_server.rules.verdict import Drop
from lsp_server.whole import opened_above

_BRACKETS = ("(", "[", "{")
_MEMBER = re.compile(r"[\w)\]]\.$")
_EXPECTS = re.compile(r"(?:[^=!<>]=|=>|[-+*/&|?]|\b(?:return|await|new|import|from|in|and|or|not))[ \t]+$")
"""A line's end that wants to be gone on with: the blank is there for it."""
_BLANK_LINES = re.compile(r"(?:[ \t]*\n)+")


def leading_blanks(text: str, place: Place) -> str | Drop:
    if not place.fresh:
        head = text.lstrip(" \t")
        if head.startswith("\n"):
            return head.lstrip() if _EXPECTS.search(place.before) and not place.within else head
        return head if place.before.endswith((" ", "\t")) or _closed_up(place) else text
    lines = _BLANK_LINES.match(text)
    if lines is None:
        return text
    rest = text[lines.end() :]
    if place.before or not rest.strip() or rest[0] in " \t)]}" or place.within or opened_above(place):
        return rest
    # At the left margin a blank line between top-level things is layout, not a slip; but not before an `else`.
    if CLAUSE.match(rest) or (place.language in BY_END_WORD and END_WORD.match(rest)):
        return rest
    most = 2 if place.language == "python" else 1
    blanks_above = next((at for at, line in enumerate(place.lines_above) if line.strip()), most)
    return "\n" * min(lines[0].count("\n"), max(0, most - blanks_above)) + rest


def _closed_up(place: Place) -> bool:
    """Nothing is put between the mark before the cursor and what follows it: the file never does so on a line."""
    mark = place.before[-1:]
    if place.within or place.language in PROSE or not (mark in _BRACKETS or _MEMBER.search(place.before)):
        return False
    return re.search(rf"{re.escape(mark)} +[^\s\\/#]", place.above + place.below) is None
