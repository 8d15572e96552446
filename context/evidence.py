"""How likely each name is to be needed at the cursor: one table of weights, fitted to holes in real commits.

A name that the windows show already is worth nothing here. For every other name `signs.py` says what speaks for it, and a
logistic regression turns that into a chance. The weights were fitted as `tools/train_context.py` does it, on commits of eleven
Python projects that the report in docs/benchmarks.md does not use; those for what such holes cannot show are by judgement,
and marked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import mul

import numpy as np

from context.around import Around
from context.found import Found
from context.signs import LOOKS, SOURCES, USES, looks, signs

BIAS = -8.20

WEIGHTS: Mapping[str, float] = {
    # where it was found: for the first find that holds it, falling with its rank where the source ranks
    "own file": 0.12,
    "own import": 1.32,
    "similar": 1.28,
    "similar to more": 0.21,
    "open file": -0.54,
    "definition": 0.28,
    "member": 0.23,
    "removed": 4.71,
    "sibling": -0.07,
    "recent edit": 1.5,  # by judgement: holes in commits have no edits in other files
    "changed file": 0.35,  # by judgement: nor files that git calls changed
    "diagnostic": 3.5,  # by judgement: nor diagnostics; a message is short and about the place
    # how it is used there
    "occurrences": 0.04,
    "same folder": 0.65,
    "distance": 0.16,
    "attribute": 0.57,
    "call": 0.71,
    "keyword": 1.32,
    "defined": 0.08,
    "assigned": 0.95,
    "near a match": 4.12,
    "near a wide match": 0.95,
    "of a near name": 0.56,
    "of a visible name": 0.75,
    "shared parts": 0.78,
    # what it looks like
    "parts": -0.22,
    "single": -0.11,
    "length": -0.09,
    "short": 0.17,
    "test": -1.30,
    "capital": -0.06,
    "private": -0.03,
    "constant": -0.25,
    "dunder": 1.22,
    "digit": -0.63,
}

_OF_PLACE = tuple(WEIGHTS[sign] for sign in (*SOURCES, *USES))
_OF_LOOKS = tuple(WEIGHTS[sign] for sign in LOOKS)


def chances(found: Sequence[Found], around: Around) -> dict[str, float]:
    """Name → the chance that it is needed, for all names that were found and are not visible."""
    names, rows = signs(found, around)
    speaks = rows @ np.array(_OF_PLACE) + np.array([_by_itself(name) for name in names])
    likely: list[float] = (1 / (1 + np.exp(-speaks))).tolist()
    return dict(zip(names, likely, strict=True))


@lru_cache(maxsize=20_000)
def _by_itself(name: str) -> float:
    return sum(map(mul, _OF_LOOKS, looks(name)), BIAS)
