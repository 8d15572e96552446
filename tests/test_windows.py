"""The windows around the cursor: as much as allowed, and borders that stay while one types."""

from __future__ import annotations

from context.snapshot import Cursor, Snapshot
from context.windows import windows

LINES = "".join(f"line number {number}\n" for number in range(1000))


def cursor(text: str, offset: int) -> Cursor:
    return Cursor(Snapshot("u", None, "", 1, text), offset)


def check(text: str, offset: int, before: int, after: int) -> tuple[str, str]:
    window = windows(cursor(text, offset), before, after)
    prefix, suffix = text[window.start : offset], text[offset : window.end]
    assert len(prefix) <= before and len(suffix) <= after
    return prefix, suffix


def test_a_short_file_is_shown_whole() -> None:
    assert check("abc\ndef", 4, 100, 100) == ("abc\n", "def")


def test_borders_are_line_borders_and_most_of_the_room_is_used() -> None:
    prefix, suffix = check(LINES, 9000, 2000, 1000)
    assert len(prefix) > 1400 and len(suffix) > 900
    assert prefix.startswith("line number ") and suffix.endswith("\n")


def test_typing_does_not_move_the_borders() -> None:
    starts, ends = set(), set()
    for typed in range(80):
        text = LINES[:9000] + "x" * typed + LINES[9000:]
        window = windows(cursor(text, 9000 + typed), 2000, 1000)
        starts.add(window.start)
        ends.add(window.end - typed)
    assert len(starts) <= 2 and len(ends) == 1


def test_a_line_longer_than_the_window_is_cut() -> None:
    prefix, suffix = check("x" * 10_000, 5000, 1000, 500)
    assert len(prefix) >= 750 and len(suffix) == 500


def test_no_room_means_nothing() -> None:
    assert check("abc", 2, 0, 0) == ("", "")
