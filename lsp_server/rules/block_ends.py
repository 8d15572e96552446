"""A closing bracket or word that the file has below already must not be inserted twice; nor one with nothing to close."""

from __future__ import annotations

import re

from lsp_server.lexis import (
    BY_END_WORD,
    BY_INDENTATION,
    CLAUSE,
    CLOSER_OF,
    END_WORD,
    MARKUP,
    OPENER_OF,
    PROSE,
    tokens,
)
from lsp_server.place import Opener, Place, width
from lsp_server.rules.replaces import replaced
from lsp_server.rules.verdict import Drop

_HEAD = re.compile(r"\s*(?:\}\s*)?(?:if|else|for|while|loop|switch|match|try|catch|do|func|fn|function|class|impl)\b")


def block_ends(text: str, place: Place) -> str | Drop:
    at = _first_redundant(text, place)
    if at is not None:
        line_start = text.rfind("\n", 0, at) + 1
        text = text[: line_start - 1 if line_start else 0] if not text[line_start:at].strip() else text[:at]
        text = text.rstrip()
    return _without_end_mark(_without_end_word(text, place), place)


def _first_redundant(text: str, place: Place) -> int | None:
    """Offset of the first bracket in `text` that closes what is closed below as well."""
    replaces = replaced(text, place)
    openers = list(place.openers(replaces))
    # What the answer takes the place of opens more brackets than it closes.
    owed = _depth(place.after[:replaces], place) > 0
    own: list[int] = []
    first_line_end = text.find("\n") if "\n" in text else len(text)
    for token in place.tokens_of(text):
        if token.kind in CLOSER_OF:
            own.append(token.at)
        elif token.kind in OPENER_OF and own:
            opened = own.pop()
            if _is_block_below(text, opened, token.at, place):
                return token.at
            if owed and not own and opened < first_line_end < token.at:
                # The file's own opening bracket gave way to this one, and its closing bracket still stands below.
                return token.at
        elif token.kind in OPENER_OF:
            if not openers:
                return None
            opener = openers.pop()
            if opener.kind != OPENER_OF[token.kind]:
                return None
            typed_already = token.at < 0
            due = not opener.closed and not (_is_line_of_its_own(text, token.at) and _has_more(opener, place))
            if not due and not typed_already and not _goes_on(text[token.at + 1 :], place):
                return token.at
    return None


def _has_more(opener: Opener, place: Place) -> bool:
    """The file goes on inside of the block that `opener` opens, though nothing closes it yet."""
    by_brackets = place.language not in PROSE | MARKUP | BY_INDENTATION | BY_END_WORD
    return by_brackets and not place.after.strip() and width(place.line_below) > width(opener.indent)


def _is_line_of_its_own(text: str, at: int) -> bool:
    line_start = text.rfind("\n", 0, at) + 1
    return line_start > 0 and text[line_start:].partition("\n")[0].strip() == "}"


def _goes_on(rest: str, place: Place) -> bool:
    """`} else {`: the line that closes opens again, and what is closed below is that."""
    line = rest.partition("\n")[0]
    return line.rstrip().endswith("{") and _depth(rest, place) > 0


def _is_block_below(text: str, opened: int, closed: int, place: Place) -> bool:
    """The answer ends with an empty block, `{}`, whose content stands below already, deeper than the cursor's line."""
    if text[opened : closed + 1] != "{}" or text[closed + 1 :].strip() or "\n" in text or place.after.strip():
        return False
    below = next(iter(place.lines_below), "")
    return bool(_HEAD.match(place.before + text)) and bool(below.strip()) and width(below) > width(place.before)


def _depth(text: str, place: Place) -> int:
    """How many brackets that `text` opens it leaves open."""
    depth = 0
    for token in tokens(text, place.language):
        depth += 1 if token.kind in CLOSER_OF else -1 if token.kind in OPENER_OF and depth else 0
    return depth


def _without_end_mark(text: str, place: Place) -> str:
    """The same for the mark that ends a comment or string of several lines, where the file's next line is that mark."""
    body, _, last = text.rpartition("\n")
    ends = place.within in ("*/", '"""', "'''") and place.within in last
    return body.rstrip() if ends and last.strip() == place.line_below.strip() else text


def _without_end_word(text: str, place: Place) -> str:
    """The same for `end` and its kin: the last line goes where the file's next line is the same word at the same indentation."""
    if place.language not in BY_END_WORD or ("\n" not in text and not place.fresh):
        return text
    body, _, last = text.rpartition("\n")
    word = last.strip()
    if not END_WORD.match(word) or place.line_below.strip() != word:
        return text
    columns = width(last) if "\n" in text else width(place.before + last)
    above = [line for line in body.split("\n")[1:] if line.strip() and not CLAUSE.match(line.lstrip())]
    opened_here = any(width(line) == columns for line in above)
    return text if columns != width(place.line_below) or opened_here else body
