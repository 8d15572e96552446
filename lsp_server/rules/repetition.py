"""Runaway repetition: a model caught in a loop says the same line, block or phrase for ever; the first time is enough."""

from __future__ import annotations

import re

from lsp_server.place import Place, squeeze
from lsp_server.rules.verdict import Drop

LONGEST_BLOCK = 12
"""Lines of the longest block looked for twice in a row."""

SIGNS = re.compile(r"(?:\s+[^\w\s]){20}\Z")


def repetition(text: str, place: Place) -> str | Drop:
    lines = text.split("\n")
    for at, line in enumerate(lines):
        if _loops(line):
            former = "\n".join(lines[:at]).rstrip("\n")
            return former if former.strip() else Drop("it repeats itself without end")
    squeezed = [squeeze(line) for line in lines]
    for at in range(len(lines)):
        for size in range(1, min(LONGEST_BLOCK, (len(lines) - at) // 2) + 1):
            if squeezed[at : at + size] == squeezed[at + size : at + 2 * size] and _runaway(squeezed, at, size):
                return "\n".join(lines[: at + size]).rstrip("\n")
    return text


def _runaway(squeezed: list[str], at: int, size: int) -> bool:
    said = "".join(squeezed[at : at + size])
    if not any(map(str.isalnum, said)):
        return False
    if len(said) >= 12 and sum(map(str.isalnum, said)) >= 3:
        return True
    # A short line may well be meant twice, hardly three times.
    return squeezed[at : at + size] == squeezed[at + 2 * size : at + 3 * size]


def _loops(line: str) -> bool:
    """The line ends in a phrase said over and over: five times, or three times where it is long; signs between blanks, which
    stand in a row of a table too, twenty times."""
    tail = line.rstrip()[-400:]
    if SIGNS.search(tail):
        return True
    for period in range(3, 81):
        times = 5 if period < 10 else 3
        stretch = tail[-period * times :]
        if len(stretch) < period * times:
            return False
        if stretch[period:] == stretch[:-period] and sum(map(str.isalpha, stretch[:period])) >= 3:
            return True
    return False
