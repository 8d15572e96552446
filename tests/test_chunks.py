"""Stretches cover all that is not blank, in order, and end where a reader would cut."""

from __future__ import annotations

import random

import pytest

from context.analysis import analyse
from context.chunks import LONGEST, cut


def check(text: str, language: str = "python") -> list[str]:
    chunks = analyse(language, text).chunks
    lines = text.split("\n")
    covered = [row for chunk in chunks for row in range(chunk.first, chunk.first + chunk.text.count("\n"))]
    assert covered == sorted(set(covered))
    assert all(not lines[row].strip() for row in set(range(len(lines))) - set(covered))
    assert all("\n".join(lines[chunk.first :]).startswith(chunk.text.rstrip("\n")) for chunk in chunks)
    return [chunk.text for chunk in chunks]


def test_functions_are_cut_apart_with_their_comments() -> None:
    one = "# About it.\n@cached\ndef {}(a):\n" + "    a = a + 1\n" * 10 + "    return a\n"
    pieces = check(one.format("first") + "\n\n" + one.format("second") + "\n\n" + one.format("third"))
    assert [piece.split("\n")[0] for piece in pieces] == ["# About it."] * 3


def test_a_long_function_is_cut_at_blank_lines() -> None:
    pieces = check("def f():\n" + "\n".join("    a = 1\n" * 12 for _ in range(4)))
    assert all(piece.count("\n") <= LONGEST for piece in pieces) and len(pieces) == 4


def test_any_text_is_covered() -> None:
    dice = random.Random(5)
    for _ in range(100):
        lines = [dice.choice(["", "x", "    y", "def f():", "# c", "}"]) for _ in range(dice.randrange(80))]
        stretches = cut(lines, {row for row, line in enumerate(lines) if line.startswith("def")})
        covered = [row for first, end in stretches for row in range(first, end)]
        assert covered == sorted(set(covered)) and all(
            lines[row] == "" for row in set(range(len(lines))) - set(covered)
        )


def test_a_file_of_too_many_lines_is_read_as_far_as_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("context.analysis.MOST_LINES", 3)
    analysis = analyse("python", "def f(): ...\n\n\n" + "# c\n" * 9 + "def g(): ...\n")
    assert [one.name for one in analysis.definitions] == ["f"]
