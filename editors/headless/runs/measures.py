"""The names of all measures, each with its definition: benches, tables and reports use these and no others.

A measure may be of some questions only, which a comma sets off: `EM, line start`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measure:
    """`unit` "%" for shares of 0..1, "" for numbers, "$" for US dollars; `more_is_better` None where that cannot be said."""

    unit: str
    more_is_better: bool | None
    words: str


MEASURES: Mapping[str, Measure] = {
    "RoCC": Measure(
        "%", True, "Ratio of completed code: characters inserted by accepted suggestions, of all characters written."
    ),
    "keystrokes saved": Measure("%", True, "Characters completed less one key for each acceptance, of all characters."),
    "EM": Measure(
        "%", True, "Exact match: the first line offered, stripped, equals the rest of the true line, stripped."
    ),
    "EM, block": Measure("%", True, "Exact match of a block: its stripped lines that are not empty, all equal."),
    "EM, whole": Measure("%", True, "Exact match of the whole hole: both stripped at their ends, equal to the letter."),
    "ES": Measure(
        "%",
        True,
        "Edit similarity, both stripped: (|a| + |b| - d) / (|a| + |b|), d the least number of characters inserted and deleted.",
    ),
    "CrossCodeEval EM": Measure(
        "%", True, "Both cut to one statement, without comments: the stripped lines that are not empty are equal."
    ),
    "RepoBench EM": Measure("%", True, "Split at white space, both are equal."),
    "RepoBench ES": Measure("%", True, "Edit similarity of both as they are."),
    "identifier F1": Measure(
        "%", True, "2 TP / (2 TP + FP + FN) of the sets of names, without keywords and what stands in quotes."
    ),
    "identifier EM": Measure("%", True, "The lists of names, in their order, are equal."),
    "matched ratio": Measure("%", True, "Characters that the answer and the truth begin with, of the truth's."),
    "first 3 tokens": Measure("%", True, "The first three tokens are equal; of a shorter rest, all of it."),
    "kept rate": Measure(
        "%", True, "Characters of the offered words that stand in what was written, of those of all offered words."
    ),
    "delta chrF": Measure(
        "%",
        True,
        "F of what both edits change in the counts of runs of 1 to 6 characters, finding counting twice as much (beta 2).",
    ),
    "perfect lines": Measure("%", True, "Lines of the block that are right from its first line on, of all its lines."),
    "pass@1": Measure("%", True, "The program with the one answer filled in passes its tests."),
    "pass@1, floor": Measure("%", None, "The same with an empty answer: what a backend that says nothing would get."),
    "EM, floor": Measure("%", None, "Exact match of an empty answer."),
    "ES, floor": Measure("%", None, "Edit similarity of an empty answer."),
    "coverage": Measure("%", None, "Questions at which something is offered, of all questions."),
    "precision": Measure("%", True, "Questions at which what is offered is right, of those at which something is."),
    "AR": Measure(
        "%", True, "Acceptance rate: suggestions accepted, of suggestions shown; one that stays is shown once."
    ),
    "CAR": Measure(
        "%", True, "Suggestions accepted, of those accepted or on the screen for 750 ms, at a key every 150 ms."
    ),
    "wrong per line": Measure("", False, "Suggestions shown, per line written, that are not what was written next."),
    "first line": Measure("%", True, "The first line of the hole is what accepting the suggestion gives."),
    "whole insertion": Measure("%", True, "Accepting the suggestion gives the file as it was, to the letter."),
    "identifier recall": Measure("%", True, "Names of the hidden text that stand in the prompt, of all its names."),
    "prompt over budget": Measure("%", False, "Prompts that are larger than the budget for them."),
    "requests per key": Measure("", False, "Requests to the backend for each key typed."),
    "requests per line": Measure("", False, "Requests to the backend for each line written or asked about."),
    "tokens per line": Measure("", False, "Tokens of prompts and answers for each line written or asked about."),
    "cost per line": Measure("$", False, "US dollars at the published price, for each line written or asked about."),
    "requests per task": Measure("", False, "Requests to the backend for each hole, repeated ones counted."),
    "tokens per task": Measure("", False, "Tokens of the prompt and the answer for each hole."),
    "cost per task": Measure("$", False, "US dollars at the published price, for each hole."),
}

WHERE: Mapping[str, str] = {
    "line start": "asked where a line is about to be written",
    "mid-line": "asked at a border between two tokens",
    "inside a name": "asked within a name",
}

VISIBLE = "time to visible"
"""The one kind of `Row.times`: milliseconds from a key, or from asking by hand, until something was to be seen."""


def measure(name: str) -> Measure:
    """Of a measure, or of a measure of some questions only. Raises KeyError for a name that is none."""
    return MEASURES.get(name) or MEASURES[name.partition(",")[0]]


def where(name: str) -> str:
    """Of which questions a measure is that is of some only, in words; "" for one of all."""
    return "" if name in MEASURES else WHERE.get(name.partition(", ")[2], "")


def shown(name: str, value: float) -> str:
    """A value as tables and reports write it."""
    match measure(name).unit:
        case "%":
            return f"{100 * value:.1f}"
        case "$":
            return f"{value:.5f}"
        case _:
            return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
