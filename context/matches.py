"""Which names stand by lines that resemble the cursor's surroundings: what follows like lines elsewhere may follow here."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from context.reading import Floats, Ints, Reading

BEFORE, AFTER = 2, 4
"""Lines before and after one that matches the cursor's surroundings in which names are likelier for it."""

FADES = 0.8
"""How much of a match is left one line further."""


def matches(texts: Sequence[tuple[Reading, Ints]], near: NDArray[np.bool_]) -> Floats:
    """For each name how much of the names near the cursor, the rare ones first, is in a line by which it stands.

    `texts` are readings, each with the numbers of its names among all of them; `near` says which of all are near the cursor.
    """
    best = np.zeros(len(near))
    if not texts:
        return best
    # The texts lie below each other, with room between them for what fades beyond their borders.
    heights = np.array([reading.height for reading, _ in texts])
    starts = np.cumsum(heights + AFTER) - heights
    rows = np.concatenate([reading.rows + start for (reading, _), start in zip(texts, starts, strict=True)])
    names = np.concatenate([numbers[reading.named] for reading, numbers in texts])
    counts = np.bincount(names, minlength=len(near))
    rarity = np.where(near & (counts > 0), np.log1p(heights.sum() / np.maximum(counts, 1)), 0.0)
    whole = rarity.sum()
    if not whole:
        return best
    match = np.bincount(rows, rarity[names], minlength=int(starts[-1] + heights[-1]) + AFTER) / whole
    by = match.copy()
    for away in range(1, AFTER + 1):
        np.maximum(by[away:], match[:-away] * FADES**away, out=by[away:])
    for away in range(1, BEFORE + 1):
        np.maximum(by[:-away], match[away:] * FADES**away, out=by[:-away])
    np.maximum.at(best, names, by[rows])
    return best
