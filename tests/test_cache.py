"""Answers that are reused, and those that must not be."""

from __future__ import annotations

from context.snapshot import Cursor
from lsp_server.cache import Answer, Cache, Place
from tests.fake_clock import FakeClock
from tests.marks import cursor_in

MODEL = "scripted/model"


def kept(asked: str, answer: str, *, language: str = "python") -> Cache:
    cache = Cache(FakeClock())
    cache.keep(Place.at(cursor_in(asked, language=language), MODEL), Answer(answer, len(answer)))
    return cache


def check(
    asked: str, answer: str, now: str, expected: str | None, *, model: str = MODEL, language: str = "python"
) -> None:
    found = kept(asked, answer).find(cursor_in(now, language=language), model)
    assert [left.text for left in found] == ([] if expected is None else [expected])


def test_the_same_place_is_answered() -> None:
    check("x = ‸\n", "1 + 2", "x = ‸\n", "1 + 2")


def test_every_key_of_the_answer_is_answered() -> None:
    check("x = ‸\n", "1 + 2", "x = 1 +‸\n", " 2")


def test_a_key_that_disagrees_is_not() -> None:
    check("x = ‸\n", "1 + 2", "x = 2‸\n", None)


def test_nothing_is_left_when_all_was_typed() -> None:
    check("x = ‸\n", "1", "x = 1‸\n", None)


def test_typing_goes_on_over_line_ends() -> None:
    check("if x:‸\n", "\n    go()\n    stop()", "if x:\n    go()‸\n", "\n    stop()")


def test_brackets_that_the_editor_closed_are_no_disagreement() -> None:
    check("f‸\n", "(a, b)", "f(‸)\n", "a, b)")


def test_text_behind_the_cursor_that_the_answer_does_not_bring_is() -> None:
    check("f‸\n", "(a, b)", "f(‸]\n", None)


def test_another_suffix_is_another_place() -> None:
    check("x = ‸\ny = 1\n", "1", "x = ‸\ny = 2\n", None)


def test_a_space_more_before_is_another_place() -> None:
    check("x =  ‸\n", "1", "x = ‸\n", None)


def test_another_model_is_another_place() -> None:
    check("x = ‸\n", "1", "x = ‸\n", None, model="scripted/other")


def test_another_language_is_another_place() -> None:
    check("x = ‸\n", "1", "x = ‸\n", None, language="ruby")


def test_what_came_beyond_the_cut_waits_for_its_cursor() -> None:
    cache = Cache(FakeClock())
    cache.keep(Place.at(cursor_in("‸\n"), MODEL), Answer("a = 1\nb = 2", 5))
    (before,) = cache.find(cursor_in("a ‸\n"), MODEL)
    (beyond,) = cache.find(cursor_in("a = 1‸\n"), MODEL)
    assert (before.text[: before.cut], beyond.text, beyond.cut) == ("= 1", "\nb = 2", 0)


async def test_an_answer_ages_away() -> None:
    clock = FakeClock()
    cache = Cache(clock, lifetime=10)
    cursor = cursor_in("x = ‸\n")
    cache.keep(Place.at(cursor, MODEL), Answer("1", 1))
    await clock.advance(9)
    assert cache.find(cursor, MODEL)
    await clock.advance(2)
    assert not cache.find(cursor, MODEL)


def test_bounded_in_entries_and_in_bytes() -> None:
    cache = Cache(FakeClock(), entries=4, text_bytes=4000)
    cursors = [cursor_in(f"x{number} = ‸\n") for number in range(6)]
    for cursor in cursors:
        cache.keep(Place.at(cursor, MODEL), Answer("1", 1))
    assert [bool(cache.find(cursor, MODEL)) for cursor in cursors] == [False, False, True, True, True, True]
    cache.keep(Place.at(cursors[0], MODEL), Answer("y" * 5000, 5000))
    assert not cache.find(cursors[0], MODEL)


def test_the_same_text_is_kept_once_and_others_beside_it() -> None:
    cursor: Cursor = cursor_in("x = ‸\n")
    cache = kept("x = ‸\n", "1")
    for answer in ("1", "2"):
        cache.keep(Place.at(cursor, MODEL), Answer(answer, 1))
    assert [left.text for left in cache.find(cursor, MODEL)] == ["1", "2"]
