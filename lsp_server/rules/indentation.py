"""Levels of indentation: the cursor's own blanks are not said twice, and lines said too deep or not deep enough are moved."""

from __future__ import annotations

import re

from lsp_server.lexis import CLAUSE, CLOSER_OF, END_WORD, OPENER_OF, tokens
from lsp_server.place import Place, width
from lsp_server.rules.verdict import Drop
from lsp_server.whole import begins, opened_above, opens

_BY_COLON = frozenset(("python", "nim", "gdscript"))
"""Languages in which a line stands deeper than the one before for one reason only: that one ends in a colon."""

_FUNCTION = re.compile(r"\s*(?:async\s+)?def\b")
_VARIABLE = re.compile(r"(?:let|var|const)\b")
_LABEL = re.compile(r"\w+:(?!:)")
_OF_THE_MARGIN = (")", "]", "}", "#", "//", "/*", "@", "if __name__")
"""What stands in the first column for reasons of its own: what closes, directives, comments, what ends a module."""

_LISP = frozenset(["clojure", "elisp", "lisp", "racket", "scheme"])
"""Languages that are laid out to a column, not by levels."""


def indentation(text: str, place: Place) -> str | Drop:
    if (place.within and place.within != "\n") or place.language == "yaml":
        return text  # blanks inside a string are its content, and in YAML a level is what somebody means by it
    if not place.fresh:
        return text
    first, *others = text.split("\n")
    if not place.before:
        return _from_margin(first, others, place)
    stated, here = width(first), width(place.before)
    wanted = _wanted(place) if opened_above(place) and here == width(place.line_above) else here
    first = _blanks(wanted - here, place) + first.lstrip(" \t") if wanted > here else first.lstrip(" \t")
    others = _in_steps_of_file(first, others, wanted, place)
    shift = _shift(first, others, stated, wanted, place)
    end = _closed_at(first, others, place) if shift > 0 else len(others)
    return "\n".join([first, *_moved(others[:end], shift, place), *others[end:]])


def _in_steps_of_file(first: str, others: list[str], here: int, place: Place) -> list[str]:
    """Levels twice or half as wide as the file's are made the file's, where the line shows it that closes what `first` opens."""
    unit, body = place.unit, [line for line in others if line.strip()]
    if not body or not here or here % unit or not opens(first):
        return others
    for step in (2 * unit, unit // 2):
        closes = any(line.lstrip()[0] in ")]}" and width(line) == here // unit * step for line in body)
        if closes and width(body[0]) == (here // unit + 1) * step and all(width(line) % step == 0 for line in body):
            return [
                _blanks(width(line) // step * unit, place) + line.lstrip(" \t") if line.strip() else line
                for line in others
            ]
    return others


def _from_margin(first: str, others: list[str], place: Place) -> str:
    """The same for a cursor in the first column, where the answer says how deep it stands."""
    wanted, stated = _wanted(place), width(first)
    if stated == 1 and place.language not in _LISP:
        first, stated = first[1:], 0  # the blank with which many models begin a word
    body = [line for line in others if line.strip()]
    if stated or not first.strip() or first[0] in ")]}" or not wanted:
        return "\n".join([first, *others])
    shift = 0
    if opened_above(place) and place.language in _BY_COLON:
        # A block that has to stand deeper: what is said at the margin is moved there as a whole.
        shift = wanted if min(map(width, body), default=0) == 0 else 0
    elif not body or not all(map(width, body)):
        return "\n".join([first, *others])
    return "\n".join([_blanks(wanted, place) + first, *_moved(others, shift, place)])


def _shift(first: str, others: list[str], stated: int, here: int, place: Place) -> int:
    """Columns by which the lines after the first are to move, which itself stands at `here` and was said `stated` deep."""
    body = [width(line) for line in others if line.strip()]
    if not body:
        return 0
    stray = stated in (1, 2, 3) and stated % place.unit
    if stray and all((columns - stated - here) % place.unit == 0 and columns >= stated for columns in body):
        return -stated  # a stray blank or three before each line, not before the first alone
    following = next(line for line in others if line.strip()).lstrip()
    if opens(first):
        return here if _said_from_margin(first, others, here, place) else 0
    if not stated and body[0] == 0 < here and _stays_inside(first, others[0], place):
        return here
    if body[0] <= here or min(body) < body[0] or following[0] in ".)]}":
        return 0
    # Deeper than the first line without a reason: the model has counted the cursor's blanks, or a level, twice.
    whole = first.rstrip().endswith(";") or (place.language in _BY_COLON and not _goes_on(first, place))
    return here - body[0] if whole else 0


def _said_from_margin(first: str, others: list[str], here: int, place: Place) -> bool:
    """The block that `first` opens would stand no deeper than it, or be closed in the first column."""
    deep = next(width(line) for line in others if line.strip())
    openers = place.openers()
    if not 0 < deep <= here or (openers and openers[-1].kind != "{"):
        return False  # between brackets lines are aligned, and where the cursor's stands is no level
    if place.language in _BY_COLON:
        return first.rstrip().endswith(":") and not openers
    end = next((line for line in others if line.startswith(("}", ")", "]")) or END_WORD.match(line)), None)
    return end is not None and width(end) == 0


def _stays_inside(first: str, second: str, place: Place) -> bool:
    """The line said at the margin after `first` can only be the next one of the block around the cursor: where blocks end with a
    bracket, nothing but the file closes it; in Python, a function's body is not left for the margin without a blank line.
    A block that the answer itself closes has the answer's own layout."""
    elsewhere = begins(second) and not _VARIABLE.match(second)
    if not second.strip() or elsewhere or second.startswith(_OF_THE_MARGIN) or _LABEL.match(second):
        return False
    if any(not token.ended for token in tokens(first, place.language)):
        return False
    if place.language in _BY_COLON:
        return _in_function(place) and not _goes_on(first, place) and not CLAUSE.match(second)
    openers = place.openers()
    return bool(openers) and openers[-1].kind == "{" and openers[-1].closed


def _closed_at(first: str, others: list[str], place: Place) -> int:
    """The number of lines after `first` before one that closes a bracket from before the cursor: it stands where it belongs."""
    text, depth = "\n".join([first, *others]), 0
    for token in tokens(text, place.language):
        depth += 1 if token.kind in CLOSER_OF else -1 if token.kind in OPENER_OF else 0
        if depth < 0:
            return max(0, text.count("\n", 0, token.at) - 1)
    return len(others)


def _in_function(place: Place) -> bool:
    """One of the headers above, each standing further left than what is below it, is a function's."""
    deep = width(place.before)
    for line in place.lines_above:
        if line.strip() and width(line) < deep:
            deep = width(line)
            if _FUNCTION.match(line):
                return True
    return False


def _goes_on(line: str, place: Place) -> bool:
    """`line` does not end its statement: a bracket or string is open at its end, or a backslash or operator stands there."""
    if line.rstrip()[-1:] in "\\,+-*/=|&<>.":
        return True
    depth = 0
    for token in tokens(line, place.language):
        depth += 1 if token.kind in CLOSER_OF else -1 if token.kind in OPENER_OF else 0
        if not token.ended and token.delimiter != "\n":
            return True
    return depth > 0 or bool(place.openers())


def _moved(lines: list[str], columns: int, place: Place) -> list[str]:
    """`lines` with their indentation changed, up to where something of its own begins in the first column."""
    end = len(lines)
    if columns > 0:
        tops = (
            at for at, line in enumerate(lines) if at and not lines[at - 1].strip() and begins(line) and not width(line)
        )
        end = next(tops, end)
    return [
        _blanks(max(0, width(line) + columns), place) + line.lstrip(" \t") if columns and line.strip() else line
        for line in lines[:end]
    ] + lines[end:]


def _wanted(place: Place) -> int:
    """Columns at which a line inside the block around the cursor starts, 0 where no block is open."""
    if opened_above(place):
        return width(place.line_above) + place.unit
    openers = place.openers()
    if openers and openers[-1].kind == "{" and openers[-1].closed:
        return width(openers[-1].indent) + place.unit
    return 0


def _blanks(columns: int, place: Place) -> str:
    if place.tabs:
        tab = 4
        return "\t" * (columns // tab) + " " * (columns % tab)
    return " " * columns
