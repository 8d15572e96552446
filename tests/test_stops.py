"""Stop strings found wherever the pieces of an answer are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backends.stops import StopScanner

STOPS = ("<|end|>", "\n\n", "ab")


def scan(pieces: list[str], stops: tuple[str, ...] = STOPS) -> tuple[str, bool]:
    scanner = StopScanner(stops)
    text = "".join(scanner.feed(piece) for piece in pieces)
    return (text if scanner.stopped else text + scanner.rest()), scanner.stopped


def test_the_first_stop_string_ends_the_answer() -> None:
    assert scan(["x\n\ny<|end|>"]) == ("x", True)


def test_a_stop_string_in_two_pieces() -> None:
    assert scan(["x<|e", "nd|>y"]) == ("x", True)


def test_text_is_held_back_only_while_a_stop_string_may_begin() -> None:
    scanner = StopScanner(STOPS)
    assert [scanner.feed(piece) for piece in ("x <", "|", "y")] == ["x ", "", "<|y"]


def test_nothing_comes_after_a_stop_string() -> None:
    scanner = StopScanner(STOPS)
    assert [scanner.feed(piece) for piece in ("a", "b", "c")] == ["", "", ""]
    assert scanner.rest() == ""


def test_no_stop_strings_hold_nothing_back() -> None:
    assert StopScanner(("",)).feed("<|end") == "<|end"


@given(st.lists(st.text(alphabet="<|end>\nab ", max_size=6), max_size=12))
def test_pieces_do_not_matter(pieces: list[str]) -> None:
    whole = "".join(pieces)
    found = [whole.find(stop) for stop in STOPS if stop in whole]
    assert scan(pieces) == ((whole[: min(found)], True) if found else (whole, False))
