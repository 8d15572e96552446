"""The part of a big document that the rules look at."""

from __future__ import annotations

from context.snapshot import Cursor, Snapshot
from lsp_server.view import WHOLE, surroundings

FUNCTION = "def function(argument, other):\n    total = argument\n    return total + other\n\n"
BIG = FUNCTION * 2500


def near(text: str, offset: int) -> Cursor:
    return surroundings(Cursor(Snapshot("file:///a.py", None, "python", 1, text), offset))


def test_a_small_document_is_looked_at_as_a_whole() -> None:
    assert near("x = 1\n", 3).snapshot.text == "x = 1\n"


def test_of_a_big_one_a_part_between_definitions() -> None:
    offset = BIG.index("other\n", 100_000) + 5
    part = near(BIG, offset)
    assert len(part.snapshot.text) <= WHOLE and part.snapshot.text.startswith("def ")
    assert BIG[offset - 2000 : offset] == part.prefix[-2000:] and BIG[offset : offset + 2000] == part.suffix[:2000]


def test_the_part_begins_at_the_same_line_from_key_to_key() -> None:
    offset = BIG.index("other\n", 100_000) + 5
    first = near(BIG, offset)
    typed = near(BIG[:offset] + " + more" + BIG[offset:], offset + 7)
    assert typed.prefix == first.prefix + " + more" and typed.suffix == first.suffix


def test_both_ends_of_a_big_document() -> None:
    assert near(BIG, 0).offset == 0
    end = near(BIG, len(BIG))
    assert end.suffix == "" and end.prefix == BIG[-len(end.prefix) :]
