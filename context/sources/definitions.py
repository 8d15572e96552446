"""What the names at the cursor stand for: their signatures, and the members of the types among them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from context.around import Around
from context.desk import Desk
from context.found import Found
from context.outline import HOLDERS
from context.snapshot import Cursor

if TYPE_CHECKING:
    from context.index import Defined, Index

SIGNATURES = "definition"
MEMBERS = "member"
MOST_NAMES = 24
MOST_OF_ONE = 3
MOST_MEMBERS = 40


def look(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """Signatures of what is used near the cursor and defined elsewhere; names defined in many places say too little."""
    if desk.index is None:
        return
    for name in _asked(around, desk.index):
        found = [one for one in desk.index.defined(name, MOST_OF_ONE + 1) if one.path != around.path]
        if not found or len(found) > MOST_OF_ONE:
            continue
        for one in found:
            yield _signature(SIGNATURES, one, 1.0)
        if any(one.definition.kind in HOLDERS for one in found):
            members = [one for one in desk.index.members(name, MOST_MEMBERS) if one.path != around.path]
            for one in members:
                yield _signature(MEMBERS, one, 1 / (1 + len(members) / 20))


def _asked(around: Around, index: Index) -> list[str]:
    """The names near the cursor, rarest in the workspace first: those are the ones worth explaining."""
    rare = sorted(around.near_names, key=lambda name: (index.frequency(name.lower()), name))
    return rare[:MOST_NAMES]


def _signature(source: str, one: Defined, score: float) -> Found:
    definition = one.definition
    text = " " * definition.indent + definition.signature + "\n"
    return Found(source, one.path, "", definition.first, text, score, lines=1)
