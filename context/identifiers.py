"""The names in a piece of code: whole and in parts, without what every program of any language holds."""

from __future__ import annotations

import re
from functools import lru_cache

IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_EVERYWHERE = """
    abstract and as assert async await bool boolean break byte case catch char class const constexpr continue crate def default
    defer delete del do double elif else enum except export extends extern false False final finally float fn for from func
    function global go if impl implements import in include instanceof int interface internal is lambda let long loop match
    mod module move mut namespace new nil None nonlocal not null nullptr object of operator or override package pass private
    protected pub public raise range readonly ref return self Self short signed sizeof static str string struct super switch
    template this throw throws trait true True try type typedef typename typeof undefined union unsafe unsigned use using var
    virtual void volatile where while with yield
"""
EVERYWHERE = frozenset(_EVERYWHERE.split())


def names(text: str) -> set[str]:
    """The identifiers of a piece of code, keywords left out."""
    return set(IDENTIFIER.findall(text)) - EVERYWHERE


@lru_cache(maxsize=50_000)
def parts(name: str) -> tuple[str, ...]:
    """A name and, where it has several, its parts in lower case: `parseHTTPHeader` has parse, http and header."""
    lower = name.lower()
    pieces = [piece.lower() for piece in _PART.findall(name)]
    return (lower, *(piece for piece in pieces if len(piece) > 1)) if len(pieces) > 1 else (lower,)
