"""How likely each name is to be needed at the cursor, by what the sources found: one table of weights, fitted to real commits.

A name that the windows show already is worth nothing here. For every other name each source gives evidence by the best
rank of a find that holds it; a few properties of the name itself are added. A logistic regression turns them into a
chance. The weights were fitted on holes in real commits of projects that the report does not use (docs/benchmarks.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import exp, log1p

from context.around import Around, names_in
from context.found import Found
from context.identifiers import parts

BIAS = -5.0

WEIGHTS: Mapping[str, float] = {
    # sources: 1 for the first find that holds the name, falling with its rank
    "own file": 1.0,
    "similar": 1.6,
    "similar to more": 0.8,
    "open file": 0.8,
    "definition": 0.4,
    "member": 0.3,
    "recent edit": 1.0,
    "sibling": 0.4,
    # how many finds hold it
    "often": 0.3,
    # what the name shares with names at the cursor, and with all visible ones
    "shares near": 0.7,
    "shares visible": 0.5,
    # what it looks like
    "test": -3.0,
    "capital": -0.3,
    "private": 0.3,
    "length": 0.3,
    "short": -0.6,
    "constant": -0.3,
}

HALF = 5
"""The rank at which a find is worth half of the first."""


def chances(found: Sequence[Found], around: Around) -> dict[str, float]:
    """Name → the chance that it is needed, for all names that were found and are not visible."""
    return {name: _chance(features) for name, features in features_of(found, around).items()}


def features_of(found: Sequence[Found], around: Around) -> dict[str, dict[str, float]]:
    """Name → feature → value, as `WEIGHTS` knows them."""
    features: dict[str, dict[str, float]] = {}
    for source, pieces in _by_source(found).items():
        for rank, piece in enumerate(pieces):
            worth = 1 / (1 + rank / HALF) if piece.score < 1 or rank else 1.0
            for name in names_in(piece.text) - around.visible:
                own = features.setdefault(name, {"often": 0.0})
                own["often"] += 1
                if worth > own.get(source, 0.0):
                    own[source] = worth
    for name, own in features.items():
        own["often"] = log1p(own["often"])
        own.update(_looks(name, around))
    return features


def _by_source(found: Iterable[Found]) -> dict[str, list[Found]]:
    """The finds of each source, best first."""
    sources: dict[str, list[Found]] = {}
    for piece in found:
        sources.setdefault(piece.source, []).append(piece)
    for pieces in sources.values():
        pieces.sort(key=lambda piece: -piece.score)
    return sources


def _looks(name: str, around: Around) -> dict[str, float]:
    whole = parts(name)
    pieces = whole[1:] or whole
    return {
        "shares near": sum(piece in around.near_parts for piece in pieces) / len(pieces),
        "shares visible": sum(piece in around.visible_parts for piece in pieces) / len(pieces),
        "test": float(name.startswith(("test", "Test"))),
        "capital": float(name[0].isupper()),
        "private": float(name[0] == "_"),
        "length": min(len(name), 25) / 10,
        "short": float(len(name) < 3),
        "constant": float(name.isupper()),
    }


def _chance(features: Mapping[str, float]) -> float:
    return 1 / (1 + exp(-BIAS - sum(WEIGHTS[name] * value for name, value in features.items())))
