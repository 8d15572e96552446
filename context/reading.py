"""The names of a find's text, how they are used in it, and in which lines: read once, since finds come back from line to line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from context.identifiers import EVERYWHERE

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

OCCURRENCES, ATTRIBUTE, CALL, KEYWORD, DEFINED, ASSIGNED = range(6)
"""The columns of `Reading.uses`."""

NOBODY = -1
"""The number of no name."""

_COMMENT = re.compile(
    r"\s*(?:#(?!\s*(?:include|define|undef|if|ifdef|ifndef|elif|else|endif|pragma)\b|!?\[)|//|/\*|\*(?:[\s/*]|$)|--\s|;|%|\"{3}|'{3})"
)
_THREE_WORDS = re.compile(r"[A-Za-z'’] [A-Za-z][a-z'’]* [A-Za-z]")
"""What every line with `_PROSE` in it has, found a great deal faster."""

_WORD = rf"(?!(?:{'|'.join(sorted(EVERYWHERE))})\b)[A-Za-z][a-z'’]*"
_PROSE = re.compile(rf"(?<![\w.$@-]){_WORD} {_WORD} {_WORD}(?![\w(.=])")
"""Three words in a row, no keyword among them, stand in no code but in strings and in what explains it."""

_NO_WORD = re.compile(r"(?<![\w$])[A-Za-z]*(?:_|[a-z][A-Z])[\w$]*")
_STRING = re.compile(r"\"[^\"]*\"|'[^']*'|`[^`]*`")

_NAME = r"[A-Za-z_$][A-Za-z0-9_$]*"
_USE = re.compile(
    # the end of a line, or a name with: the point before it, what joins it to an attribute, what makes it a call or a keyword
    rf"\n|(\.?)({_NAME})(?=((?:\(\))?(?:\.|->|::)[A-Za-z_$])?)(?:[^\S\n]*(\()|(=)(?!=))?"
)
_DEFINED = re.compile(
    r"\b(?:class|def|enum|fn|func|function|interface|struct|trait|type)[^\S\n]+"
    rf"(?:\([^)\n]*\)[^\S\n]*)?({_NAME})"
)
_ASSIGNED = re.compile(rf"^[^\S\n]*+(?:self\.|cls\.|this\.)?({_NAME})[^\S\n]*(?::[^=\n]+)?=(?!=)", re.M)


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """`names` stand in the order of their first use; all numbers of names are places in it, and rows are counted from 0.

    `uses` has for each name how often the text holds it, and of these as an attribute, called, as a keyword, defined and
    assigned: shape (names, 6). `first` and `last` are the rows of its first and last use. `rows` and `named` together are
    each pair of a row and a name in it, once; `owners` and `owned` each pair of a name and an attribute of it. `height` is
    the number of rows.
    """

    names: tuple[str, ...]
    uses: Floats
    first: Ints
    last: Ints
    rows: Ints
    named: Ints
    owners: Ints
    owned: Ints
    height: int


def code_of(line: str) -> str:
    """What is code in a line, as far as it tells by itself: of a comment, a docstring or a sentence only the names that are
    no words, as `read_all` and `readAll`, apart from each other; and no sentence in a string."""
    if _COMMENT.match(line):
        return " , ".join(_NO_WORD.findall(line))
    if not _THREE_WORDS.search(line) or not _PROSE.search(line):
        return line
    bare = _STRING.sub('""', line)
    return " , ".join(_NO_WORD.findall(line)) if _PROSE.search(bare) else bare


@lru_cache(maxsize=1_000)
def read(text: str, told: bool = False) -> Reading:
    """What the text holds but for keywords and what stands in prose. Of what a tool has told
    (`Found.told`) every word counts. The last texts are kept, some 6 MB."""
    code = text if told else "\n".join(map(code_of, text.split("\n")))
    numbers: dict[str, int] = {}
    uses: list[list[int]] = []
    places: list[list[int]] = []
    pairs: dict[tuple[int, int], None] = {}
    owners: dict[tuple[int, int], None] = {}
    row, owner = 0, NOBODY
    for dot, name, owns, call, keyword in _USE.findall(code):
        if not name:
            row, owner = row + 1, NOBODY
            continue
        if name in EVERYWHERE:
            owner = NOBODY
            continue
        number = numbers.get(name)
        if number is None:
            number = numbers[name] = len(numbers)
            uses.append([0] * (ASSIGNED + 1))
            places.append([row, row])
        counts = uses[number]
        counts[OCCURRENCES] += 1
        if dot:
            counts[ATTRIBUTE] += 1
        if call:
            counts[CALL] += 1
        elif keyword:
            counts[KEYWORD] += 1
        places[number][1] = row
        pairs[row, number] = None
        if owner != NOBODY:
            owners[owner, number] = None
        owner = number if owns else NOBODY
    for column, names in ((DEFINED, _DEFINED.findall(code)), (ASSIGNED, _ASSIGNED.findall(code))):
        for name in names:
            if name in numbers:
                uses[numbers[name]][column] += 1
    first_last = _table(places)
    where, whose = _table(pairs), _table(owners)
    return Reading(
        tuple(numbers),
        np.array(uses, dtype=np.float64).reshape(-1, ASSIGNED + 1),
        *(first_last[:, 0], first_last[:, 1], where[:, 0], where[:, 1], whose[:, 0], whose[:, 1]),
        row + 1,
    )


def _table(pairs: Iterable[Sequence[int]]) -> Ints:
    return np.array(list(pairs), dtype=np.intp).reshape(-1, 2)
