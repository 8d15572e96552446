"""How likely each name is to be needed at the cursor: one table of weights, fitted to holes in real commits.

A name that the windows show already is worth nothing here. For every other name `signs.py` says what speaks for it, and a
logistic regression turns that into a chance. The weights were fitted as `tools/train_context.py` does it, on commits of seven
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

BIAS = -9.15

WEIGHTS: Mapping[str, float] = {
    # where it was found: for the first find that holds it, falling with its rank where the source ranks
    "own file": 0.00,
    "own import": 1.21,
    "similar": 0.75,
    "similar to more": 0.35,
    "open file": -0.45,
    "definition": 0.92,
    "member": 1.01,
    "removed": 4.69,
    "sibling": -0.30,
    "recent edit": 1.5,  # by judgement: holes in commits have no edits in other files
    "changed file": 0.35,  # by judgement: nor files that git calls changed
    "diagnostic": 3.5,  # by judgement: nor diagnostics; a message is short and about the place
    # how it is used there
    "occurrences": 0.37,
    "same folder": 0.80,
    "distance": 0.13,
    "attribute": 1.39,
    "call": 0.54,
    "keyword": 2.25,
    "defined": 0.0,
    "assigned": 0.0,
    "near a match": 4.20,
    "near a wide match": 0.0,
    "of a near name": 0.0,
    "of a visible name": 0.0,
    "shared parts": 0.85,
    # what it looks like
    "parts": -0.15,
    "single": -0.19,
    "length": 0.04,
    "short": -0.17,
    "test": -1.22,
    "capital": 0.07,
    "private": -0.02,
    "constant": -0.65,
    "dunder": 2.01,
    "digit": 0.18,
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
