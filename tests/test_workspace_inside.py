"""Questions in the middle of a line: what is offered meets the rest of the line."""

from __future__ import annotations

import random

import pytest

from backends.workspace.choose import Judges, by_hand, whole_guesses
from backends.workspace.library import Library, Place
from backends.workspace.offers import NAMES, Cursor, rows_of_guesses
from backends.workspace.trees import load_trees
from backends.workspace.whole_lines import load_line_judge
from context.privacy import Gate
from editors.headless.history import Commit, Edited, Hunk
from editors.headless.past import AddedLine
from tests.fake_clock import FakeClock
from tests.marks import cursor_in
from tools.workspace_gaps import gaps

JUDGES = Judges(load_trees("offers.npz"), load_line_judge())


def at(marked: str, language: str = "python") -> Cursor:
    cursor = cursor_in(marked, language=language)
    found = Library(Gate(), load_trees("judge.npz")).at(Place("sample", language, cursor.prefix, cursor.suffix))
    assert found is not None
    return found


SENT = "\nsend(one, two)\nreceive(three)\n" * 3


@pytest.mark.parametrize(
    ("marked", "language", "expected"),
    [
        (SENT + "send(‸)\n", "python", "one, two"),
        (SENT + "send(‸, two)\n", "python", "one"),
        ("\na = size(x) + 1\nb = size(y) + 1\nc = ‸ + 1\n", "python", "size(y)"),
        ("\nif first.ready == 1:\n    go()\nif second.‸ == 1:\n    go()\n", "python", "ready"),
        ("\nfoo.bar(one, [two]);\nfoo.bar(one, [two]);\nfoo.bar(‸);\n", "typescript", "one, [two]"),
        ("\nint a = size(b);\nint c = size(b);\nint e = si‸;\n", "c", "ze(b)"),
        ("\nfor item in items:\n    go(item)\nfor ‸ in items:\n    go(item)\n", "python", "item"),
    ],
)
async def test_what_is_offered_ends_where_the_rest_begins(marked: str, language: str, expected: str) -> None:
    guess = await by_hand(at(marked, language), JUDGES, FakeClock())
    assert guess is not None and guess.text == expected


@pytest.mark.parametrize("rest", [")", ", two)", " + other(one)", "]", "][0]"])
async def test_no_guess_takes_a_bracket_that_the_rest_closes(rest: str) -> None:
    for guess in await whole_guesses(at(f"{SENT}send(‸{rest}\n"), FakeClock()):
        depth = 0
        for char in guess.text:
            depth += (char in "([") - (char in ")]")
            assert depth >= 0, guess.text
        assert depth == 0, guess.text


async def test_a_rest_that_never_followed_is_met_all_the_same() -> None:
    found = await whole_guesses(at(SENT + "send(on‸ @ never)\n"), FakeClock())
    assert "e" in [guess.text for guess in found]


async def test_what_hardly_meets_the_rest_is_not_offered() -> None:
    assert await by_hand(at(SENT + "send(‸ @ never ** strange)\n"), JUDGES, FakeClock()) is None


async def test_a_line_that_has_a_rest_is_not_offered_whole_at_its_start() -> None:
    guess = await by_hand(at(SENT + "‸(one, two)\n"), JUDGES, FakeClock())
    assert guess is not None and guess.text == "send"


async def test_guesses_know_what_stood_before_such_a_rest() -> None:
    cursor = at(SENT + "send(‸, two)\n")
    found = await whole_guesses(cursor, FakeClock())
    met = rows_of_guesses(found, cursor)[:, NAMES.index("meets")].tolist()
    texts = [guess.text for guess in found]
    assert met[texts.index("one")] == max(met) > 0


async def test_without_a_rest_there_is_nothing_to_meet() -> None:
    cursor = at(SENT + "send(‸\n")
    rows = rows_of_guesses(await whole_guesses(cursor, FakeClock()), cursor)
    assert not rows[:, NAMES.index("rest") :].any()


@pytest.mark.parametrize("seed", range(20))
def test_a_gap_and_what_is_around_it_make_the_line(seed: int) -> None:
    text = "    return first(one, [two, three], key=four)[0] + last"
    line = AddedLine(Commit("", ""), Edited("a.py", "", (Hunk(0, 0, (text,)),)), "python", 0, 0)
    for gap in gaps(line, random.Random(seed)):
        assert gap.truth.strip() and gap.rest and text.startswith(gap.before + gap.truth)
        if gap.kind == "inside":
            assert gap.before + gap.truth + gap.rest == text
        else:
            whole = gap.before + gap.truth + gap.rest
            assert whole.count("(") == whole.count(")") and whole.count("[") == whole.count("]")
            assert set(gap.rest) <= set(")]}")
