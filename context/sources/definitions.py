"""What the names at the cursor stand for: their signatures, and the members of the types among them.

Which definition is meant is told by the file's imports; a name without one stands for the few definitions that there are.
"""

from __future__ import annotations

from collections.abc import Iterable

from context.around import Around
from context.desk import Desk
from context.found import Found
from context.index import Defined, Index
from context.outline import HOLDERS
from context.snapshot import Cursor

SIGNATURES = "definition"
MEMBERS = "member"
MOST_NAMES = 24
MOST_IMPORTED = 160
MOST_OF_AN_IMPORT = 16
FAR = 0.2
"""What is imported and not near the cursor comes after all that is."""
MOST_MEMBERS = 40


def look(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """Signatures of what is used near the cursor and defined elsewhere; names defined in many places say too little."""
    if desk.index is None:
        return
    scope = desk.scopes.of(cursor.snapshot, desk.roots, desk.index, desk.gate)
    for name in _asked(around, desk.index):
        found = [one for one in scope.definitions(name) if one.path != around.path]
        for one in found:
            yield _signature(SIGNATURES, one, 1.0)
        holder = next((one for one in found if one.definition.kind in HOLDERS), None)
        if holder is not None:
            members = [one for one in scope.members(holder) if one.path != around.path][:MOST_MEMBERS]
            for one in members:
                yield _signature(MEMBERS, one, 1 / (1 + len(members) / 20))


def look_at_imports(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """What the file imports by name, near the cursor or not: who imports something is about to use it."""
    if desk.index is None:
        return
    scope = desk.scopes.of(cursor.snapshot, desk.roots, desk.index, desk.gate)
    left = MOST_IMPORTED
    for name in scope.named:
        for one in scope.definitions(name)[:1]:
            members = scope.members(one) if one.definition.kind in HOLDERS else []
            for each in (one, *members[:MOST_OF_AN_IMPORT]):
                if each.path != around.path and left:
                    left -= 1
                    yield _signature(SIGNATURES if each is one else MEMBERS, each, FAR)


def _asked(around: Around, index: Index) -> list[str]:
    """The names near the cursor, rarest in the workspace first: those are the ones worth explaining."""
    rare = sorted(around.near_names, key=lambda name: (index.frequency(name.lower()), name))
    return rare[:MOST_NAMES]


def _signature(source: str, one: Defined, score: float) -> Found:
    definition = one.definition
    text = " " * definition.indent + definition.signature + "\n"
    return Found(source, one.path, "", definition.first, text, score, lines=1)
