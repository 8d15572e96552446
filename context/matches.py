"""Which names stand by lines that resemble the cursor's surroundings: what follows like lines elsewhere may follow here."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from math import log1p

from context.found import Found
from context.identifiers import EVERYWHERE, IDENTIFIER

BEFORE, AFTER = 2, 4
"""Lines before and after one that matches the cursor's surroundings in which names are likelier for it."""

FADES = 0.8
"""How much of a match is left one line further."""

_FADED = tuple((lines, FADES ** abs(lines)) for lines in range(-BEFORE, AFTER + 1))


def matches(found: Iterable[Found], near: frozenset[str]) -> dict[str, float]:
    """Name → how much of the names near the cursor, the rare ones first, is in a line by which it stands."""
    texts = {(one.shown_as, one.first, one.text) for one in found if one.lines > 1}
    lines_of = [_lines(text) for _, _, text in texts]
    counts = dict.fromkeys(near, 0)
    for lines in lines_of:
        for names in lines:
            for name in near & names:
                counts[name] += 1
    total = sum(map(len, lines_of))
    rarity = {name: log1p(total / count) if count else 0.0 for name, count in counts.items()}
    whole = sum(rarity.values())
    best: dict[str, float] = {}
    for lines in lines_of:
        matched = {
            row: sum(rarity[name] for name in shared) / whole
            for row, names in enumerate(lines)
            if (shared := near & names)
        }
        by: dict[int, float] = {}
        for row, match in matched.items():
            for away, left in _FADED:
                if match * left > by.get(row + away, 0.0):
                    by[row + away] = match * left
        for row, match in by.items():
            if 0 <= row < len(lines):
                for name in lines[row]:
                    if match > best.get(name, 0.0):
                        best[name] = match
    return best


@lru_cache(maxsize=1_000)
def _lines(text: str) -> tuple[frozenset[str], ...]:
    """The names of each line."""
    return tuple(frozenset(IDENTIFIER.findall(line)) - EVERYWHERE for line in text.split("\n"))
