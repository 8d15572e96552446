"""The part of a big document that the rules look at."""

from __future__ import annotations

import pytest

from context.snapshot import Cursor, Snapshot
from context.syntax import Trees
from lsp_server.rules import Drop, apply
from lsp_server.view import WHOLE, surroundings, view

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


METHOD = "  int area(int width, int height) {\n    int found = width * height;\n    return found;\n  }\n\n"
CLASS = "class Shape {\n" + METHOD * 400 + "}\n"


@pytest.mark.parametrize(
    ("removed", "answer", "shown"),
    [
        ("", " {", False),
        ("", ")", False),
        ("width * height;", "width * height;", True),
        ("int found = width * height;", "int found = width * height;", True),
    ],
)
def test_the_middle_of_a_long_class_is_not_broken(removed: str, answer: str, shown: bool) -> None:
    """No part of such a file parses by itself, since its class begins and ends elsewhere."""
    line = "int found = width * height;"
    end = CLASS.index(line, 20_000) + len(line)
    text = CLASS[: end - len(removed)] + CLASS[end:]
    cursor, trees = Cursor(Snapshot("file:///Shape.java", None, "java", 1, text), end - len(removed)), Trees()
    seen = view(cursor, trees)
    while seen.parsed is None:  # a parse goes on in slices
        seen = view(cursor, trees)
    assert seen.parsed.root.has_error
    assert isinstance(apply(answer, seen.cursor, parsed=seen.parsed), Drop) is not shown
