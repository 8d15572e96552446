"""What speaks for a name to be needed at the cursor: where it was found, how often, how it is used, and what it looks like.

These are the inputs of the chances in `context/evidence.py`; `tools/train_context.py` fits the weights on the same ones.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np

from context.around import Around
from context.found import Found
from context.identifiers import parts
from context.matches import matches
from context.reading import ASSIGNED, ATTRIBUTE, CALL, DEFINED, KEYWORD, OCCURRENCES, Floats, Ints, read

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

USES = (
    *("occurrences", "same folder", "distance", "attribute", "call", "keyword", "defined", "assigned"),
    *("near a match", "near a wide match", "of a near name", "of a visible name", "shared parts"),
)
LOOKS = ("parts", "single", "length", "short", "test", "capital", "private", "constant", "dunder", "digit")

HALF = 5
"""The rank at which a find speaks half as much as the first."""

FAR = 50
"""Lines from the cursor at which a place in its own file speaks half as much as the next line."""

_USES = len(SOURCES)
_COLUMN: Mapping[str, int] = {sign: _USES + number for number, sign in enumerate(USES)}

_NONE = np.empty(0, dtype=np.intp)


def signs(found: Sequence[Found], around: Around) -> tuple[list[str], Floats]:
    """The names that were found and are not visible, and a row for each: its values in the order of SOURCES and USES."""
    numbers: defaultdict[str, int] = defaultdict()
    numbers.default_factory = numbers.__len__
    readings = {one.text: read(one.text, one.told) for one in found}
    named = {
        text: np.array(list(map(numbers.__getitem__, reading.names)), dtype=np.intp)
        for text, reading in readings.items()
    }
    values = np.zeros((len(numbers), len(SOURCES) + len(USES)))
    for source, finds in _by_source(found):
        ranked = SOURCES[source] in RANKED
        # The best find comes last, and so has the last word on a name that several hold.
        speaks = [HALF / (HALF + rank) if ranked else 1.0 for rank in range(len(finds))]
        held = [named[one.text] for one in finds]
        values[np.concatenate(held[::-1]), source] = np.repeat(speaks[::-1], list(map(len, held[::-1])))
    places = list({(one.shown_as, one.first, one.text): one for one in found}.values())
    _add_uses(values, places, named, around)
    texts = {(one.shown_as, one.first, one.text): one.text for one in found if one.lines > 1}.values()
    long = [(readings[text], named[text]) for text in texts]
    every = [(readings[text], there) for text, there in named.items()]
    owners = np.concatenate([there[reading.owners] for reading, there in every] or [_NONE])
    owned = np.concatenate([there[reading.owned] for reading, there in every] or [_NONE])
    for shown, match, attribute in (
        (around.near_names, "near a match", "of a near name"),
        (around.visible, "near a wide match", "of a visible name"),
    ):
        is_shown = np.fromiter((name in shown for name in numbers), bool, len(numbers))
        values[:, _COLUMN[match]] = matches(long, is_shown)
        values[owned[is_shown[owners]], _COLUMN[attribute]] = 1.0
    hidden = [name not in around.visible for name in numbers]
    kept = [name for name, is_hidden in zip(numbers, hidden, strict=True) if is_hidden]
    values = values[hidden]
    near_parts = around.near_parts
    values[:, _COLUMN["shared parts"]] = [
        0 if near_parts.isdisjoint(pieces := _pieces(name)) else sum(map(near_parts.__contains__, pieces))
        for name in kept
    ]
    return kept, values


def _add_uses(values: Floats, places: Sequence[Found], named: dict[str, Ints], around: Around) -> None:
    """How often the names are used and how, over all places that hold them, and how near to the cursor these are."""
    if not places:
        return
    readings = [read(one.text, one.told) for one in places]
    held = np.concatenate([named[one.text] for one in places])
    uses = np.concatenate([reading.uses for reading in readings])
    counts = np.stack([np.bincount(held, column, len(values)) for column in uses.T], axis=1)
    values[:, _COLUMN["occurrences"]] = np.log1p(counts[:, OCCURRENCES])
    total = np.maximum(counts[:, OCCURRENCES], 1)
    for sign, column in (("attribute", ATTRIBUTE), ("call", CALL), ("keyword", KEYWORD)):
        values[:, _COLUMN[sign]] = counts[:, column] / total
    for sign, column in (("defined", DEFINED), ("assigned", ASSIGNED)):
        values[:, _COLUMN[sign]] = counts[:, column] > 0
    folder = around.path.parent if around.path is not None else None
    beside = {path: path.parent == folder for path in {one.path for one in places} if path is not None}
    below, top = around.below[0], around.above[0] + around.above[1].count("\n")
    for one, reading in zip(places, readings, strict=True):
        numbers = named[one.text]
        if one.path is not None and beside[one.path]:
            values[numbers, _COLUMN["same folder"]] = 1.0
        if one.source == "own file":
            away = top - one.first - reading.last if one.first < below else one.first + reading.first - below
            distance = _COLUMN["distance"]
            values[numbers, distance] = np.maximum(values[numbers, distance], FAR / (FAR + away))


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
