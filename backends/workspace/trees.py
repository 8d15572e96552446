"""Boosted trees, read from a table and evaluated with a handful of array operations.

The trees are oblivious: all nodes of one depth ask the same question, so a tree of depth d is d questions and 2^d leaves.
`tools/train_workspace.py` makes the tables; nothing of the training library is needed here.
"""

from __future__ import annotations

import io
import json
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Trees:
    """`feature`, `border` (T, d): question i of tree t is whether feature[t, i] of a row exceeds border[t, i]; answers are the
    bits of the leaf's number, question 0 the lowest. `leaf` (T, 2^d), d at most 8. `names` of the features, in order.

    Questions are kept by depth, and rows lie along the last axis, so that each array operation runs over long stretches
    of memory; the leaves are summed tree after tree in each row."""

    def __init__(
        self, feature: NDArray[np.int32], border: Floats, leaf: Floats, bias: float, names: tuple[str, ...]
    ) -> None:
        self._trees, self._depth = feature.shape
        self._feature, self._border = feature.T.ravel().astype(np.intp), border.T.reshape(-1, 1).copy()
        self._bias = bias
        self.names = names
        self._row = np.arange(len(feature), dtype=np.intp) * leaf.shape[1]
        self._flat = leaf.ravel()

    def chance(self, rows: Floats) -> NDArray[np.float64]:
        """(n, features) → (n,) in 0..1."""
        asked = rows.T.take(self._feature, axis=0) > self._border
        answers = asked.view(np.uint8).reshape(self._depth, self._trees, len(rows))
        number = answers[-1].copy()
        for answer in answers[-2::-1]:
            number <<= 1
            number |= answer
        leaf = np.ascontiguousarray(number.T) + self._row
        score: NDArray[np.float64] = self._flat.take(leaf).sum(1, dtype=np.float64) + self._bias
        return 1.0 / (1.0 + np.exp(-score))


def load_trees(name: str) -> Trees:
    """A table that lies beside this file."""
    return read_trees(_bytes_of(name))


def read_trees(data: bytes) -> Trees:
    table = np.load(io.BytesIO(data))
    return Trees(
        table["feature"].astype(np.int32),
        table["border"].astype(np.float32),
        table["leaf"].astype(np.float32),
        float(table["bias"]),
        tuple(json.loads(str(table["names"]))),
    )


def load_array(name: str, what: str) -> Floats:
    """Numbers that are kept with the trees of a table."""
    found: Floats = np.load(io.BytesIO(_bytes_of(name)))[what].astype(np.float32)
    return found


def _bytes_of(name: str) -> bytes:
    return files("backends.workspace").joinpath(name).read_bytes()
