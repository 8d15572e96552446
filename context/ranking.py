"""The stretches that match some words best by BM25, asked of the text index word by word.

From line to line most words of the question stay the same, so what a word says for each stretch that holds it is kept: a
question then costs what its new words cost. The sum over its words is what SQLite's own `bm25()` gives for all of them.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from context.reading import Floats, Ints

MOST_KEPT = 300_000
"""Pairs of a word and a stretch that are kept: some 5 MB."""

_WORD = "SELECT rowid, -bm25(words) FROM words WHERE words MATCH ?"

Asked = Callable[..., list[tuple[Any, ...]] | None]
"""Runs one statement of SQL with values. None means that it was not answered in time, or not at all."""


class Ranking:
    """For one store; `forget` when it has changed."""

    def __init__(self, ask: Asked) -> None:
        self._ask = ask
        self._kept: OrderedDict[str, tuple[Ints, Floats]] = OrderedDict()
        self._pairs = 0

    def best(self, words: Mapping[str, int], limit: int) -> list[tuple[int, float]]:
        """The numbers of the best stretches and their scores, best first. `words` says how often each counts."""
        held = [(self._of(word), count) for word, count in words.items()]
        if not held:
            return []
        stretches = np.concatenate([rows for (rows, _), _ in held])
        scores = np.concatenate([score * count for (_, score), count in held])
        found, places = np.unique(stretches, return_inverse=True)
        whole = np.bincount(places, scores, len(found))
        order = np.argsort(-whole, kind="stable")[:limit]
        return list(zip(found[order].tolist(), whole[order].tolist(), strict=True))

    def forget(self) -> None:
        self._kept.clear()
        self._pairs = 0

    def _of(self, word: str) -> tuple[Ints, Floats]:
        """The stretches that hold a word, and what it says for each."""
        known = self._kept.get(word)
        if known is not None:
            self._kept.move_to_end(word)
            return known
        rows = self._ask(_WORD, f'"{word}"')
        table = np.array(rows or [], dtype=np.float64).reshape(-1, 2)
        fresh = table[:, 0].astype(np.intp), table[:, 1]
        if rows is not None:
            self._kept[word] = fresh
            self._pairs += len(rows)
            while self._pairs > MOST_KEPT:
                _, (gone, _) = self._kept.popitem(last=False)
                self._pairs -= len(gone)
        return fresh
