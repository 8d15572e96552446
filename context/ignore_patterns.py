"""Rules in gitignore syntax, matched in time that grows with the length of a path and never with its number of guesses.

`re` goes back over every wildcard when a match fails and holds the interpreter's lock meanwhile, so that a rule such as
`*a*a*a*a*b` could stop the server for ever. A wildcard that another one follows need never be guessed anew: what comes after
it may as well be taken where it is first found. So all but the last are made atomic; what a rule means stays the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

LONGEST = 1_000
"""A longer rule is not understood."""

MOST = 2_000
"""More rules are not either: to read 50,000 takes ten seconds, in which nobody is answered."""

_STAR_BEFORE_STAR = re.compile(r"\[\^/\]\*((?:\[\^/(?!\][*+])|[^/])*?)(?=\[\^/\]\*)")
"""`*` and what follows it up to the next `*` of the segment, as pathspec writes them."""
_NOT_OF_CLASS = re.compile(r"\[\^(?!/\])")
"""`[!` of a class, which git lets match no slash."""
_FOLDERS = "(?:/.+)?/"
_FOLDERS_FIRST = "^(?:.+/)?"
"""`/**/`, and `**/` at the start, as pathspec writes them."""


def spec(lines: Iterable[str]) -> GitIgnoreSpec:
    """Raises ValueError for a rule that cannot be understood."""
    from pathspec import GitIgnoreSpec  # Not needed before the first path is judged.

    lines = list(lines)
    if any(len(line) > LONGEST and not line.startswith("#") for line in lines):
        raise ValueError(f"a rule has more than {LONGEST} characters")
    if sum(bool(line.strip()) and not line.startswith("#") for line in lines) > MOST:
        raise ValueError(f"there are more than {MOST} rules")
    rules = list(GitIgnoreSpec.from_lines(lines, backend="simple").patterns)
    for place, rule in enumerate(rules):
        if rule.regex is not None and (once := without_guessing(rule.regex.pattern)) != rule.regex.pattern:
            rules[place] = type(rule)(re.compile(once), rule.include)
    return GitIgnoreSpec(rules, backend="simple")


def without_guessing(regex: str) -> str:
    """Pathspec's expression, with all but the last `*` of each segment and all but the last `**` made atomic."""
    regex = _NOT_OF_CLASS.sub("[^/", regex)
    regex = _STAR_BEFORE_STAR.sub(r"(?>[^/]*?\1)", regex)
    *before, last = regex.split(_FOLDERS)
    if not before:
        return regex
    first, *middle = before
    if first.startswith(_FOLDERS_FIRST):
        first = f"^(?>(?:.+?/)??{first.removeprefix(_FOLDERS_FIRST)}(?=/))"
    return "".join([first, *(f"(?>(?:/.+?)??/{folders}(?=/))" for folders in middle), _FOLDERS, last])


def folded(text: str) -> str:
    """Without letter case, and with one spelling for what Unicode can write in two: some systems give "é" back as "e" and
    an accent."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFC", text.lower())


@cache
def matcher(globs: Sequence[str]) -> GitIgnoreSpec:
    """Rules in gitignore syntax without their letter case; match with a `folded` relative path."""
    return spec([folded(glob) for glob in globs])
