"""What speaks for a name to be needed at the cursor: where it was found, how often, how it is used, and what it looks like.

These are the inputs of the chances in `context/evidence.py`; `tools/train_context.py` fits the weights on the same ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import log1p

from context.around import Around
from context.found import Found
from context.identifiers import EVERYWHERE, parts
from context.matches import matches

SOURCES = (
    "own file",
    "own import",
    "similar",
    "similar to more",
    "open file",
    "definition",
    "member",
    "recent edit",
    "removed",
    "sibling",
    "changed file",
    "diagnostic",
)
"""Finds of these speak for the names in them: by the rank of the first that holds the name, where they are ranked."""

RANKED = frozenset({"similar", "similar to more", "open file", "recent edit", "changed file", "diagnostic"})
"""Sources whose finds come best first; those of the others are all alike."""

USES = ("occurrences", "same folder", "distance", "attribute", "call", "keyword", "near a match", "shared parts")
LOOKS = ("parts", "single", "length", "short", "test", "capital", "private", "constant", "dunder", "digit")

HALF = 5
"""The rank at which a find speaks half as much as the first."""

FAR = 50
"""Lines from the cursor at which a place in its own file speaks half as much as the next line."""

_OCCURRENCES = len(SOURCES)
_SAME_FOLDER, _DISTANCE, _ATTRIBUTE, _CALL, _KEYWORD, _MATCH, _SHARED = range(
    _OCCURRENCES + 1, _OCCURRENCES + len(USES)
)
_NOTHING = (0.0,) * (len(SOURCES) + len(USES))

_USE = re.compile(r"(\.?)([A-Za-z_$][A-Za-z0-9_$]*)(?:\s*(\()|(=)(?!=))?")


def signs(found: Sequence[Found], around: Around) -> dict[str, list[float]]:
    """Name → its values in the order of SOURCES and USES, for every name that was found and is not visible."""
    rows: dict[str, list[float]] = {}
    seen: set[tuple[str, int, str]] = set()
    folder = around.path.parent if around.path is not None else None
    visible, below = around.visible, around.below[0]
    top = around.above[0] + around.above[1].count("\n")
    for number, pieces in _by_source(found):
        ranked = SOURCES[number] in RANKED
        for rank, piece in enumerate(pieces):
            speaks = HALF / (HALF + rank) if ranked else 1.0
            place = (piece.shown_as, piece.first, piece.text)
            fresh = place not in seen
            seen.add(place)
            near = folder is not None and piece.path is not None and piece.path.parent == folder
            own = SOURCES[number] == "own file"
            for name, uses, attributes, calls, keywords, first, last in _uses(piece.text):
                if name in visible:
                    continue
                row = rows.get(name)
                if row is None:
                    row = rows[name] = list(_NOTHING)
                if row[number] < speaks:
                    row[number] = speaks
                if fresh:
                    row[_OCCURRENCES] += uses
                    row[_ATTRIBUTE] += attributes
                    row[_CALL] += calls
                    row[_KEYWORD] += keywords
                if near:
                    row[_SAME_FOLDER] = 1.0
                if own:
                    away = top - piece.first - last if piece.first < below else piece.first + first - below
                    closeness = FAR / (FAR + away)
                    if row[_DISTANCE] < closeness:
                        row[_DISTANCE] = closeness
    for name, match in matches(found, around.near_names).items():
        if name in rows:
            rows[name][_MATCH] = match
    near_parts = around.near_parts
    for name, row in rows.items():
        count = row[_OCCURRENCES]
        row[_ATTRIBUTE] /= count
        row[_CALL] /= count
        row[_KEYWORD] /= count
        row[_OCCURRENCES] = log1p(count)
        row[_SHARED] = sum(map(near_parts.__contains__, _pieces(name)))
    return rows


@lru_cache(maxsize=20_000)
def looks(name: str) -> tuple[float, ...]:
    """What a name tells by itself, in the order of LOOKS."""
    count = len(parts(name))
    return (
        min(count, 5),
        count == 1,
        min(len(name), 25) / 10,
        len(name) < 3,
        name.startswith(("test", "Test")),
        name[0].isupper(),
        name[0] == "_",
        name.isupper(),
        name.startswith("__"),
        name[-1].isdigit(),
    )


def _by_source(found: Iterable[Found]) -> Sequence[tuple[int, list[Found]]]:
    """The finds of each source, best first, with the number of the source."""
    sources: dict[str, list[Found]] = {}
    for piece in found:
        sources.setdefault(piece.source, []).append(piece)
    for pieces in sources.values():
        pieces.sort(key=lambda piece: -piece.score)
    return [(SOURCES.index(source), pieces) for source, pieces in sources.items()]


def _pieces(name: str) -> tuple[str, ...]:
    whole = parts(name)
    return whole[1:] or whole


@lru_cache(maxsize=1_000)
def _uses(text: str) -> tuple[tuple[str, int, int, int, int, int, int], ...]:
    """For each name of a text how often it is there, and of these as an attribute, called, as a keyword; first and last line.

    Kept, since finds come back from line to line.
    """
    found: dict[str, list[int]] = {}
    for row, line in enumerate(text.split("\n")):
        for dot, name, call, keyword in _USE.findall(line):
            if name in EVERYWHERE:
                continue
            uses = found.get(name)
            if uses is None:
                uses = found[name] = [0, 0, 0, 0, row, row]
            uses[0] += 1
            uses[1] += dot != ""
            uses[2] += call != ""
            uses[3] += keyword != ""
            uses[5] = row
    return tuple((name, *uses) for name, uses in found.items())  # type: ignore[misc]
