"""Edits are minimal: on twenty refactorings the difference touches the lines that changed, and every other byte stays."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.actions.edits import applied, line_end_of, lines_of, minimal, unified

LOOP = "def total(items):\n    result = 0\n    for item in items:\n        result += item.price\n    return result\n"
REFACTORINGS = [
    ("a loop becomes a sum", LOOP, "def total(items):\n    return sum(item.price for item in items)\n", 4),
    ("a name changes", LOOP, LOOP.replace("result", "price"), 3),
    ("types are added to the head", LOOP, LOOP.replace("(items)", "(items: list[Item]) -> float"), 1),
    ("a docstring is added", LOOP, LOOP.replace("):\n", '):\n    """Adds up."""\n', 1), 0),
    ("a line is deleted", LOOP, LOOP.replace("    result = 0\n", ""), 1),
    ("a line is added at the end", LOOP, LOOP + "\n\ntotal([])\n", 0),
    ("a line is added at the start", LOOP, "import math\n" + LOOP, 0),
    (
        "a guard is added in the middle",
        LOOP,
        LOOP.replace("    for", "    if not items:\n        return 0\n    for"),
        0,
    ),
    ("everything changes", LOOP, "pass\n", 5),
    (
        "two places far from each other",
        LOOP,
        LOOP.replace("total", "sum_of").replace("return result", "return +result"),
        2,
    ),
    ("the last line has no end", "a = 1\nb = 2", "a = 1\nb = 3", 1),
    ("a line is added behind a last line without an end", "a = 1", "a = 1\nb = 2", 0),
    ("the last line, without an end, is removed", "a = 1\nb = 2", "a = 1", 1),
    ("an empty text is filled", "", "a = 1\n", 0),
    ("windows line ends", "a = 1\r\nb = 2\r\nc = 3\r\n", "a = 1\nb = 4\nc = 3\n", 1),
    ("old mac line ends", "a = 1\rb = 2\rc = 3\r", "a = 1\nb = 4\nc = 3\n", 1),
    ("mixed line ends around the change", "a = 1\r\nb = 2\nc = 3\r\n", "a = 1\nb = 4\nc = 3\n", 1),
    ("blanks at the ends of lines that stay", "a = 1   \nb = 2\t\nc = 3\n", "a = 1\nb = 2\nc = 4\n", 1),
    ("a form feed is no line end", "a = 1\n\x0c\nb = 2\n", "a = 1\n\x0c\nb = 3\n", 1),
    ("a block moves right", "a()\nb()\nc()\n", "a()\nif x:\n    b()\nc()\n", 1),
]


@pytest.mark.parametrize(
    ("old", "new", "touched"), [row[1:] for row in REFACTORINGS], ids=[row[0] for row in REFACTORINGS]
)
def test_only_the_lines_that_changed_are_touched(old: str, new: str, touched: int) -> None:
    edits = minimal(old, new, line_end=line_end_of(old))
    after = applied(old, edits)
    assert [line.rstrip() for line in lines_of(after)] == [line.rstrip() for line in lines_of(new)]
    covered = [line for edit in edits for line in lines_of(old[edit.start : edit.end]) if line.strip()]
    assert len(covered) == touched
    kept = [line for line in lines_of(old) if line.rstrip() in {each.rstrip() for each in lines_of(new)}]
    assert all(line.rstrip("\r\n") in after for line in kept)
    if not old.endswith(("\n", "\r")) and old:
        assert not after.endswith(("\n", "\r"))


def test_lines_that_stay_keep_their_bytes() -> None:
    old = "a = 1   \r\nb = 2\nc = 3\r\n"
    assert applied(old, minimal(old, "a = 1\nb = 9\nc = 3\n", line_end="\r\n")) == "a = 1   \r\nb = 9\r\nc = 3\r\n"


def test_edits_stand_where_the_text_stands_in_its_document() -> None:
    document = "# head\n" + LOOP + "# tail\n"
    edits = minimal(LOOP, LOOP.replace("total", "sum_of"), at=7)
    assert applied(document, edits) == document.replace("total", "sum_of")


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["a", "b", "  c", "", "d\t"]), max_size=8),
    st.lists(st.sampled_from(["a", "b", "  c", "", "e"]), max_size=8),
)
def test_any_two_texts(old: list[str], new: list[str]) -> None:
    before, after = "".join(f"{line}\n" for line in old), "".join(f"{line}\n" for line in new)
    result = applied(before, minimal(before, after))
    assert [line.rstrip() for line in lines_of(result)] == [line.rstrip() for line in lines_of(after)]


def test_nothing_to_change_is_no_edit() -> None:
    assert minimal("a = 1  \r\n", "a = 1\n") == ()


def test_the_difference_as_people_read_it() -> None:
    assert unified("a.py", "a = 1", "a = 2\n").splitlines()[-3:] == ["-a = 1", "\\ No newline at end of file", "+a = 2"]
