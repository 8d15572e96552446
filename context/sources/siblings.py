"""The other half of a pair: the tests of an implementation, the implementation of tests, the header of a source."""

from __future__ import annotations

from collections.abc import Iterable

from context.analysis import stem_of
from context.around import Around
from context.desk import Desk
from context.found import Found
from context.snapshot import Cursor

NAME = "sibling"
MOST_STRETCHES = 30


def look(cursor: Cursor, desk: Desk, around: Around) -> Iterable[Found]:
    """The stretches of the files whose name is that of the cursor's file but for what marks a test."""
    if desk.index is None or around.path is None:
        return
    for path in desk.index.named(stem_of(around.path)):
        if path != around.path:
            for stretch in desk.index.stretches(path)[:MOST_STRETCHES]:
                yield Found(NAME, path, "", stretch.first, stretch.text, 1.0)
