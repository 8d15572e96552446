"""What a review finds, as values: read strictly from JSON, and anchored by the text that it quotes, never by a line number.

A model miscounts lines; it rarely misquotes. A finding whose quote does not stand in what was reviewed is dropped and counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from backends.api import Schema
from context.documents import Change
from lsp_server.actions.chosen import row_of
from lsp_server.rules.invisible import first_hidden

LONGEST_MESSAGE = 1_000
LONGEST_QUOTE = 4_000
SHORTEST_QUOTE = 3
MOST = 100
CATEGORIES = ("bug", "security", "performance", "correctness", "readability", "tests", "documentation", "other")


class Severity(StrEnum):
    """From the gravest to the mildest."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


SCHEMA = Schema(
    "review",
    {
        "type": "object",
        "additionalProperties": False,
        "required": ["findings"],
        "properties": {
            "findings": {
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["quote", "severity", "category", "message", "replacement"],
                    "properties": {
                        "quote": {"type": "string", "description": "the faulty lines, copied exactly"},
                        "severity": {"enum": [each.value for each in Severity]},
                        "category": {"enum": list(CATEGORIES)},
                        "message": {"type": "string", "description": "what is wrong and why, in one or two sentences"},
                        "replacement": {
                            "type": ["string", "null"],
                            "description": "text for the quote's place, or null",
                        },
                    },
                },
            }
        },
    },
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Offsets `start` to `end` hold `quote`; `first` and `last` are its lines, from 0. `replacement` may be None."""

    start: int
    end: int
    first: int
    last: int
    quote: str
    severity: Severity
    category: str
    message: str
    replacement: str | None


@dataclass(frozen=True, slots=True)
class Review:
    """`dropped` findings quoted what is not there; `malformed` ones were none."""

    findings: tuple[Finding, ...]
    dropped: int = 0
    malformed: int = 0


Spans = Sequence[tuple[int, int]]
"""Stretches of a text, as offsets, in which a finding may lie."""


def read(answer: Mapping[str, Any], text: str, spans: Spans) -> Review | None:
    """The findings of an answer about the `spans` of `text`, gravest first; None where the answer has not the form asked for."""
    rows = answer.get("findings")
    if not isinstance(rows, list):
        return None
    found: list[Finding] = []
    dropped = malformed = 0
    for row in rows[:MOST]:
        if not _is_one(row):
            malformed += 1
            continue
        place = anchor(row["quote"], text, spans)
        if place is None:
            dropped += 1
            continue
        finding = _finding(row, text, *place)
        if not any((finding.start, finding.message) == (each.start, each.message) for each in found):
            found.append(finding)
    grave = list(Severity)
    return Review(tuple(sorted(found, key=lambda each: (grave.index(each.severity), each.start))), dropped, malformed)


def anchor(quote: str, text: str, spans: Spans) -> tuple[int, int] | None:
    """Where the quote stands: to the character, else with other white space. None where it is nowhere, or says nothing."""
    plain = quote.strip("\r\n")
    words = plain.split()
    if len("".join(words)) < SHORTEST_QUOTE or len(plain) > LONGEST_QUOTE:
        return None
    exact = re.compile(re.escape(plain))
    loose = re.compile(r"\s+".join(re.escape(word) for word in words))
    for wanted in (exact, loose):
        for start, end in spans:
            if match := wanted.search(text, start, end):
                return match.span()
    return None


def after(findings: Sequence[Finding], changes: Sequence[Change]) -> tuple[Finding, ...]:
    """The findings after an edit of the document: gone where their lines were changed, moved where others were. Offsets are
    not kept up, so a fix looks its quote up again."""
    kept = tuple(findings)
    for change in changes:
        gone, come = change.removed.count("\n"), change.inserted.count("\n")
        whole_lines_before = change.column == 0 and not gone and change.inserted.endswith("\n")
        last = change.line - 1 if whole_lines_before else change.line + gone
        kept = tuple(
            replace(each, first=each.first + come - gone, last=each.last + come - gone) if each.first > last else each
            for each in kept
            if each.last < change.line or each.first > last
        )
    return kept


def _is_one(row: Any) -> bool:
    if not isinstance(row, dict) or not isinstance(row.get("quote"), str) or not isinstance(row.get("message"), str):
        return False
    return (
        row.get("severity") in list(Severity)
        and isinstance(row.get("replacement"), str | None)
        and bool(row["message"].strip())
    )


def _finding(row: Mapping[str, Any], text: str, start: int, end: int) -> Finding:
    replacement = row["replacement"]
    if replacement is not None and (first_hidden(replacement.replace("\r\n", "\n")) or replacement == text[start:end]):
        replacement = None
    return Finding(
        start,
        end,
        row_of(text, start),
        row_of(text, max(start, end - 1)),
        text[start:end],
        Severity(row["severity"]),
        row["category"] if row.get("category") in CATEGORIES else "other",
        _one_line(row["message"]),
        replacement,
    )


def _one_line(message: str) -> str:
    """What a list of problems shows: one line, nothing invisible."""
    text = " ".join(message.split())[:LONGEST_MESSAGE]
    while (hidden := first_hidden(text)) is not None:
        text = text.replace(hidden, f"U+{ord(hidden):04X}")
    return text
