"""Whether white space belongs between two tokens that were never seen side by side."""

from __future__ import annotations

from backends.workspace.vocabulary import Kind, kind_of

_TIGHT_AFTER = frozenset(["(", "[", "{", ".", "::", "!", "~", "@", "?.", ".."])
_TIGHT_BEFORE = frozenset([")", "]", "}", ",", ";", ":", ".", "::", "(", "[", "?.", "++", "--"])
_LOOSE_AFTER = frozenset([",", ";", ":", "->", "=>", ":=", "==", "!=", "<=", ">=", "&&", "||", "and", "or"])


def spaced(before: str, text: str, loose: bool) -> bool:
    """`before` is the token on the left, `loose` whether white space stands before that one: operators are written alike on
    both sides."""
    if not before or before in _TIGHT_AFTER or text in _TIGHT_BEFORE:
        return False
    if before in _LOOSE_AFTER:
        return True
    left, right = kind_of(before), kind_of(text)
    words = (Kind.NAME, Kind.KEYWORD, Kind.NUMBER, Kind.STRING)
    if left is Kind.OPERATOR:
        return loose
    if left in words and (right in words or text in _LOOSE_AFTER):
        return True
    return right is Kind.OPERATOR and left in (*words, Kind.CLOSE)
