"""A review's findings stand where their quotes stand; what a model makes up is dropped and counted."""

from __future__ import annotations

from typing import Any

import pytest

from context.documents import Change
from context.snapshot import Snapshot
from lsp_server.actions.edits import applied
from lsp_server.actions.findings import Finding, Severity, after, anchor, read
from lsp_server.actions.outcome import Proposal
from lsp_server.actions.review import PART, _parts, fix

TEXT = "def mean(values):\n    return sum(values) / len(values)\n\n\ndef first(values):\n    return values[0]\n"
WHOLE = [(0, len(TEXT))]


def row(quote: str, **fields: Any) -> dict[str, Any]:
    return {"quote": quote, "severity": "error", "category": "bug", "message": "Empty.", "replacement": None, **fields}


def findings(*rows: Any, text: str = TEXT) -> tuple[Finding, ...]:
    review = read({"findings": list(rows)}, text, [(0, len(text))])
    assert review is not None
    return review.findings


@pytest.mark.parametrize(
    ("quote", "found"),
    [
        ("    return values[0]", "    return values[0]"),
        ("return values[0]", "return values[0]"),
        ("def first(values):\n        return values[0]", "def first(values):\n    return values[0]"),
        ("  return   sum(values) / len(values)\n", "return sum(values) / len(values)"),
        ("return values[1]", None),
        ("", None),
        ("  \n ", None),
        ("d", None),
        ("x" * 5_000, None),
    ],
)
def test_a_quote_is_found_to_the_character_or_with_other_white_space(quote: str, found: str | None) -> None:
    place = anchor(quote, TEXT, WHOLE)
    assert (None if place is None else TEXT[slice(*place)]) == found


def test_a_quote_outside_of_what_was_reviewed_is_dropped() -> None:
    review = read({"findings": [row("return values[0]")]}, TEXT, [(0, 20)])
    assert review is not None and (review.findings, review.dropped) == ((), 1)


def test_what_is_no_finding_is_counted_and_the_rest_is_kept() -> None:
    rows = [
        row("return values[0]"),
        row("nowhere at all"),
        {"quote": "x"},
        "text",
        row("return", severity="fatal"),
        row("r", message=""),
    ]
    review = read({"findings": rows}, TEXT, WHOLE)
    assert review is not None
    assert (len(review.findings), review.dropped, review.malformed) == (1, 1, 4)


@pytest.mark.parametrize("answer", [{}, {"findings": "none"}, {"findings": {"quote": "x"}}])
def test_another_form_is_no_review(answer: dict[str, Any]) -> None:
    assert read(answer, TEXT, WHOLE) is None


def test_the_gravest_stands_first_and_nothing_twice() -> None:
    mild = row("return values[0]", severity="info")
    found = findings(mild, row("len(values)"), row("len(values)"), row("def mean", severity="warning"))
    assert [each.severity for each in found] == [Severity.ERROR, Severity.WARNING, Severity.INFO]


def test_a_message_is_one_line_with_nothing_hidden() -> None:
    [found] = findings(row("values[0]", message="one\ntwo\u202ethree"))
    assert found.message == "one twoU+202Ethree"


def test_a_replacement_that_hides_something_is_not_offered() -> None:
    assert findings(row("values[0]", replacement="values\u200b[0]"))[0].replacement is None


def change(line: int, removed: str, inserted: str, column: int = 0) -> Change:
    return Change(line, column, removed, inserted)


@pytest.mark.parametrize(
    ("edit", "first"),
    [
        (change(0, "", "import x\n"), 6),
        (change(1, "    return sum(values) / len(values)\n", ""), 4),
        (change(5, "", "x", 20), None),
        (change(4, "\n", "", 18), None),
        (change(6, "", "# end\n"), 5),
        (change(5, "", "\n"), 6),
        (change(0, TEXT, ""), None),
    ],
    ids=[
        "line before",
        "line removed before",
        "in the line",
        "joined with it",
        "after it",
        "new line right above",
        "all gone",
    ],
)
def test_a_finding_moves_with_its_line_and_goes_when_that_changes(edit: Change, first: int | None) -> None:
    moved = after(findings(row("return values[0]")), [edit])
    assert [each.first for each in moved] == ([] if first is None else [first])


@pytest.mark.parametrize(
    ("quote", "replacement", "result"),
    [
        ("values[0]", "next(iter(values), None)", TEXT.replace("values[0]", "next(iter(values), None)")),
        ("    return values[0]\n", "", TEXT.replace("    return values[0]\n", "")),
        (
            "    return values[0]",
            "    if not values:\n        return None\n    return values[0]",
            TEXT.replace("    return values[0]", "    if not values:\n        return None\n    return values[0]"),
        ),
    ],
)
def test_a_fix_puts_the_replacement_in_the_quotes_place(quote: str, replacement: str, result: str) -> None:
    snapshot = Snapshot("file:///a.py", None, "python", 1, TEXT)
    [found] = findings(row(quote, replacement=replacement))
    proposal = fix(snapshot, found)
    assert isinstance(proposal, Proposal) and applied(TEXT, proposal.edits) == result


def test_a_fix_keeps_the_line_ends_of_the_file() -> None:
    text = TEXT.replace("\n", "\r\n")
    snapshot = Snapshot("file:///a.py", None, "python", 1, text)
    [found] = findings(row("return values[0]", replacement="if values:\n        return values[0]"), text=text)
    proposal = fix(snapshot, found)
    assert isinstance(proposal, Proposal)
    assert applied(text, proposal.edits) == text.replace("return values[0]", "if values:\r\n        return values[0]")


@pytest.mark.parametrize("size", [0, 10, PART - 1, PART, PART + 1, 3 * PART])
@pytest.mark.parametrize("line", ["x = 1\n", "y" * 30_000 + "\n", "a\n\n"])
def test_parts_cover_everything_once(size: int, line: str) -> None:
    text = (line * (size // len(line) + 1))[:size]
    parts = _parts(text, [(0, len(text))])
    assert "".join(text[first:last] for part in parts for first, last in part) == text
