"""How likely each name is to be needed at the cursor, by what the sources found: one table of weights, fitted to real commits.

A name that the windows show already is worth nothing here. For every other name each source gives evidence by the best
rank of a find that holds it; a few properties of the name itself are added. A logistic regression turns them into a
chance. The weights were fitted on holes in real commits of projects that the report does not use (docs/benchmarks.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import exp, log1p

from context.around import Around, names_in
from context.found import Found
from context.identifiers import parts

BIAS = -7.2

WEIGHTS: Mapping[str, float] = {
    # sources: for the first find that holds the name, falling with its rank
    "own file": 0.75,
    "own import": 1.8,
    "similar": 2.3,
    "similar to more": 0.6,
    "open file": 0.35,
    "definition": 0.15,
    "member": 0.8,
    "recent edit": 0.8,  # by judgement: holes in commits have no edits in other files
    "removed": 4.0,
    "sibling": 0.1,
    "changed file": 0.35,
    "diagnostic": 3.5,  # by judgement: holes in commits have no diagnostics; a message is short and about the place
    # how many finds hold it
    "often": 0.35,
    # what the name shares with the names near the cursor
    "shares near": 1.1,
    # what it looks like
    "test": -0.6,
    "capital": -0.65,
    "private": 1.4,
    "length": -0.5,
    "short": -0.75,
    "constant": -0.3,
    "single": -0.7,
}

RANKED = frozenset({"similar", "similar to more", "open file", "recent edit", "removed", "changed file", "diagnostic"})
"""Sources whose finds come best first; those of the others are all alike."""

HALF = 5
"""The rank at which a find is worth half of the first."""


def chances(found: Sequence[Found], around: Around) -> dict[str, float]:
    """Name → the chance that it is needed, for all names that were found and are not visible."""
    evidence: dict[str, float] = {}
    counts: dict[str, int] = {}
    for source, pieces in _by_source(found).items():
        weight = WEIGHTS[source]
        told: set[str] = set()
        for rank, piece in enumerate(pieces):
            names = names_in(piece.text) - around.visible
            for name in names:
                counts[name] = counts.get(name, 0) + 1
            fresh = names - told  # The best rank comes first, and only that counts.
            told |= fresh
            worth = weight * (HALF / (HALF + rank) if source in RANKED else 1.0)
            for name in fresh:
                evidence[name] = evidence.get(name, BIAS) + worth
    often, near = WEIGHTS["often"], WEIGHTS["shares near"]
    for name, count in counts.items():
        pieces_of_name = _pieces(name)
        shared = sum(map(around.near_parts.__contains__, pieces_of_name)) / len(pieces_of_name)
        total = evidence[name] + often * log1p(count) + _looks(name) + near * shared
        evidence[name] = 1 / (1 + exp(-total))
    return evidence


def _by_source(found: Iterable[Found]) -> dict[str, list[Found]]:
    """The finds of each source, best first."""
    sources: dict[str, list[Found]] = {}
    for piece in found:
        sources.setdefault(piece.source, []).append(piece)
    for pieces in sources.values():
        pieces.sort(key=lambda piece: -piece.score)
    return sources


def _pieces(name: str) -> tuple[str, ...]:
    whole = parts(name)
    return whole[1:] or whole


@lru_cache(maxsize=20_000)
def _looks(name: str) -> float:
    """What a name tells by itself."""
    looks = {
        "test": name.startswith(("test", "Test")),
        "capital": name[0].isupper(),
        "private": name[0] == "_",
        "length": min(len(name), 25) / 10,
        "short": len(name) < 3,
        "constant": name.isupper(),
        "single": len(parts(name)) == 1,
    }
    return sum(WEIGHTS[feature] * value for feature, value in looks.items())
