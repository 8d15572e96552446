"""Whole lines at the start of a line: how they are laid out, which of them is offered, and which never is."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from backends.workspace.choose import Judges, by_hand, unasked
from backends.workspace.lexer import FILE, IN, OUT, OUT2, OUT3, SAME
from backends.workspace.library import Library, Place
from backends.workspace.lines import hash_of, joined, lines_of
from backends.workspace.offers import Cursor
from backends.workspace.trees import load_trees
from backends.workspace.whole_lines import judged, load_line_judge
from context.privacy import Gate
from tests.fake_clock import FakeClock
from tests.marks import cursor_in

JUDGES = Judges(load_trees("offers.npz"), load_line_judge())


def at(marked: str, language: str = "python", others: dict[str, str] | None = None) -> Cursor:
    library = Library(Gate(), load_trees("judge.npz"))
    for path, text in (others or {}).items():
        library.observe(path, language, text)
    cursor = cursor_in(marked, language=language)
    found = library.at(Place("sample", language, cursor.prefix, cursor.suffix))
    assert found is not None
    return found


def texts(marked: str, language: str = "python", others: dict[str, str] | None = None) -> list[str]:
    cursor = at(marked, language, others)
    return [guess.text for guess in judged(cursor.model, cursor.start, load_line_judge())]


SIBLINGS = """
def test_first(client):
    response = client.get("/first")
    assert response.status_code == 200
    assert response.json() == {}


def test_second(client):
    response = client.get("/second")
    assert response.status_code == 200
    ‸


def unrelated(value):
    return value + 1
"""


async def test_the_line_that_followed_the_same_lines_before_is_offered() -> None:
    guess = await by_hand(at(SIBLINGS), JUDGES, FakeClock())
    assert guess is not None and guess.text == "assert response.json() == {}" and guess.whole


async def test_unasked_a_line_is_offered_only_where_it_is_sure() -> None:
    clock = FakeClock()
    hardly = await unasked(at(SIBLINGS), 0.01, JUDGES, clock)
    assert hardly is not None and hardly.text == "assert response.json() == {}"
    assert await unasked(at(SIBLINGS), 0.9999, JUDGES, clock) is None


def test_lines_of_other_files_are_compared_too() -> None:
    other = "def run(job):\n    job.prepare(now)\n    job.finish(now)\n"
    assert "job.finish(now)" in texts("def go(job):\n    job.prepare(now)\n    ‸\n", others={"other": other})


def test_likelier_lines_come_first() -> None:
    cursor = at(SIBLINGS)
    chances = [guess.chance for guess in judged(cursor.model, cursor.start, load_line_judge())]
    assert chances == sorted(chances, reverse=True) and 0.0 < chances[-1] <= chances[0] < 1.0


def test_a_line_with_a_secret_is_no_candidate() -> None:
    secret = "ghp_" + "a1B2c3D4e5F6g7H8i9J0" + "k1L2m3N4o5P6q7R8"
    found = texts(f'def a():\n    prepare(now)\n    token = "{secret}"\n\ndef b():\n    prepare(now)\n    ‸\n')
    assert found and not any("token =" in text or secret[:8] in text for text in found)


def test_a_file_without_lines_has_no_candidates() -> None:
    assert texts("‸") == []


@pytest.mark.parametrize("after", ["", "\n\nlast(one)\n"])
def test_the_first_line_of_a_file_has_nothing_above(after: str) -> None:
    assert isinstance(texts(f"‸{after}", others={"other": "first(one)\nsecond(two)\n"}), list)


def test_lines_know_their_depth_and_what_they_are_under() -> None:
    tokens = np.array([FILE, 10, 11, IN, 12, SAME, 13, IN, 14, OUT2, 15, FILE, 10, 11], np.int32)
    lines = lines_of(tokens)
    assert lines.depth.tolist() == [0, 1, 1, 2, 0, 0]
    assert lines.parent.tolist() == [-1, 0, 0, 2, -1, -1]
    assert lines.new.tolist() == [True, False, False, False, False, True]
    assert lines.first.tolist() == [10, 12, 13, 14, 15, 10]
    assert lines.second.tolist() == [11, -1, -1, -1, -1, 11]
    assert lines.text[0] == lines.text[5] == hash_of(np.array([10, 11], np.int32))
    assert len(set(lines.text.tolist())) == 5


@pytest.mark.parametrize("seed", range(5))
def test_the_parent_of_a_line_is_the_last_one_before_it_that_is_less_deep(seed: int) -> None:
    random = Random(seed)
    steps = [random.choice((SAME, SAME, IN, IN, OUT, OUT2, OUT3, FILE)) for _ in range(400)]
    lines = lines_of(np.array([token for step in steps for token in (step, 10)], np.int32))
    for number in range(len(lines)):
        above = number - 1
        while above >= 0 and not lines.new[above + 1 : number + 1].any() and lines.depth[above] >= lines.depth[number]:
            above -= 1
        inside = above >= 0 and not lines.new[above + 1 : number + 1].any()
        assert lines.parent[number] == (above if inside else -1)


def test_joined_lines_are_those_of_the_joined_tokens() -> None:
    first = np.array([FILE, 10, 11, IN, 12, OUT, 13], np.int32)
    then = np.array([FILE, 14, IN, 15, 16], np.int32)
    both, whole = joined((lines_of(first), lines_of(then)), (0, len(first))), lines_of(np.concatenate((first, then)))
    for name in ("start", "stop", "step", "depth", "first", "second", "parent", "new", "text"):
        assert getattr(both, name).tolist() == getattr(whole, name).tolist(), name
