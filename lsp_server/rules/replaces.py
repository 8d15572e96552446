"""How much of the line after the cursor the ghost text takes the place of.

Editors close brackets and quotes as they are typed; a model that closes them itself would double them. Where the answer closes
the string or bracket that the next characters close, or ends as the line ends, the answer's own text stands in their place.
"""

from __future__ import annotations

import re

from lsp_server.lexis import CLOSER_OF, OPENER_OF
from lsp_server.place import Place

_LONG_WORD = re.compile(r"\w{3}")
_ARROWS = re.compile(r"[=-]>|<[=-]|<<|>>")


def replaced(text: str, place: Place) -> int:
    """Characters after the cursor, never beyond its line's end."""
    rest = place.after.rstrip()
    if not rest or not text.strip():
        return 0
    closed = _closed_by(text, place)
    matched = at = 0
    while closed and at < len(rest):
        if rest[at] == closed[0]:
            closed = closed[1:]
            matched = at + 1
        elif rest[at] not in " \t":
            break
        at += 1
    remainder = rest[matched:]
    if not remainder.strip():
        return len(rest)
    first_line = text.partition("\n")[0].rstrip()
    if matched and (text.rstrip().endswith(remainder.strip()) or first_line.endswith(remainder.strip())):
        return len(rest)
    if matched:
        return max(matched, _overlap(text, rest, place))
    if "\n" in text and rest.endswith("{") and first_line.endswith(rest.strip()):
        return len(rest)
    mark = rest.lstrip()[0]
    if rest[0] in " \t" and mark in ";,:" and text.rstrip().endswith(mark):
        return rest.index(mark) + 1
    return _overlap(text.rstrip() if "\n" in text or rest[0] in " \t" else text, rest, place)


def _closed_by(text: str, place: Place) -> list[str]:
    """What `text` closes of what was open before it, in order: the quote of the string around the cursor, then brackets."""
    closed: list[str] = []
    # A quote that the rest of the line has not was never closed by the editor.
    quote = place.within if place.within not in ("", "\n", "*/") and place.within in place.after else ""
    state = list(place.tokens_of(text))
    if quote and (not state or state[-1].ended):
        closed.extend(quote)
        if quote == "`" and place.after.lstrip().startswith("}") and 0 <= text.find("}") < text.find("`"):
            closed.insert(0, "}")  # of the expression inside the template
    depth = 0
    for token in state:
        if token.kind in CLOSER_OF:
            depth += 1
        elif token.kind in OPENER_OF:
            if depth:
                depth -= 1
            elif token.kind != ">":
                closed.append(token.kind)
    return closed


def _overlap(text: str, rest: str, place: Place) -> int:
    """The longest start of `rest` with which `text` ends, token for token, without taking a bracket's partner from `text`."""
    for size in range(min(len(rest), len(text)), 0, -1):
        shared = rest[:size]
        if not text.endswith(shared) or _splits_a_word(text, rest, size, place):
            continue
        word = shared.strip()
        joins = _is_word(rest[0]) and size < len(text) and not word.isnumeric()
        if word.isalnum() and len(word) < 3 and size < len(rest) and not joins:
            continue
        if _balanced_without(text, size, place):
            return size
    return 0


def _splits_a_word(text: str, rest: str, size: int, place: Place) -> bool:
    """The overlap begins or ends inside a word, and not the one that the cursor stands in the middle of."""
    within_word = _is_word(place.before[-1:]) and _LONG_WORD.match(rest) is not None
    begins = not within_word and _is_word(text[-size - 1 : -size]) and _is_word(rest[0])
    return begins or (_is_word(rest[size - 1]) and _is_word(rest[size : size + 1]))


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def _balanced_without(text: str, size: int, place: Place) -> bool:
    """Nothing that `text` opens itself loses its partner with the last `size` characters."""
    shorter = text[:-size]
    if _open_at_end(shorter, place) > _open_at_end(text, place):
        return False
    angles = _ARROWS.sub("", shorter)
    return ">" not in text[-size:] or angles.count("<") <= angles.count(">")


def _open_at_end(text: str, place: Place) -> int:
    """Brackets and strings that `text` itself has opened and not closed."""
    depth = 0
    for token in place.tokens_of(text):
        if token.kind in CLOSER_OF:
            depth += 1
        elif token.kind in OPENER_OF:
            depth = max(0, depth - 1)
        elif not token.ended and token.at:
            depth += 1
    return depth
