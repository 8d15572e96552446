"""The names of a find's text, how they are used in it, and in which lines: read once, since finds come back from line to line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from context.identifiers import EVERYWHERE

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

OCCURRENCES, ATTRIBUTE, CALL, KEYWORD = range(4)
"""The columns of `Reading.uses`."""

_USE = re.compile(r"(\.?)([A-Za-z_$][A-Za-z0-9_$]*)(?:\s*(\()|(=)(?!=))?")


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """`names` stand in the order of their first use; all numbers of names are places in it, and rows are counted from 0.

    `uses` has for each name how often the text holds it, and of these as an attribute, called, and as a keyword: shape
    (names, 4). `first` and `last` are the rows of its first and last use. `rows` and `named` together are each pair of a row
    and a name in it, once. `height` is the number of rows.
    """

    names: tuple[str, ...]
    uses: Floats
    first: Ints
    last: Ints
    rows: Ints
    named: Ints
    height: int


@lru_cache(maxsize=1_000)
def read(text: str) -> Reading:
    """What the text holds, keywords left out. The last texts are kept, some 6 MB."""
    numbers: dict[str, int] = {}
    uses: list[list[int]] = []
    pairs: dict[tuple[int, int], None] = {}
    lines = text.split("\n")
    for row, line in enumerate(lines):
        for dot, name, call, keyword in _USE.findall(line):
            if name in EVERYWHERE:
                continue
            number = numbers.get(name)
            if number is None:
                number = numbers[name] = len(numbers)
                uses.append([0, 0, 0, 0, row, row])
            counts = uses[number]
            counts[OCCURRENCES] += 1
            counts[ATTRIBUTE] += dot != ""
            counts[CALL] += call != ""
            counts[KEYWORD] += keyword != ""
            counts[5] = row
            pairs[row, number] = None
    table: NDArray[Any] = np.array(uses, dtype=np.intp).reshape(-1, 6)
    where: NDArray[Any] = np.array(list(pairs), dtype=np.intp).reshape(-1, 2)
    return Reading(
        tuple(numbers),
        table[:, :4].astype(np.float64),
        table[:, 4].copy(),
        table[:, 5].copy(),
        where[:, 0].copy(),
        where[:, 1].copy(),
        len(lines),
    )
