"""Server-sent events from bytes, in whatever pieces they come."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.sse import EventReader, Malformed


def check(stream: bytes, events: list[str], *, at_end: list[str] | None = None) -> None:
    """The stream gives these events, however it is cut into pieces."""
    for size in (1, 2, 3, 7, len(stream) or 1):
        reader = EventReader()
        found = [event for at in range(0, len(stream), size) for event in reader.feed(stream[at : at + size])]
        assert (found, reader.finish()) == (events, at_end or []), f"pieces of {size}"


def test_line_ends() -> None:
    check(b"data: a\n\ndata: b\n\n", ["a", "b"])
    check(b"data: a\r\n\r\ndata: b\r\n\r\n", ["a", "b"])
    check(b"data: a\r\rdata: b\r\r", ["a", "b"])
    check(b"data: a\r\n\n\r\ndata: b\r\r\n\n", ["a", "b"])


def test_one_space_after_the_colon_is_not_data() -> None:
    check(b"data:a\n\ndata:  b\n\n", ["a", " b"])


def test_several_lines_are_one_event() -> None:
    check(b"data: a\ndata: b\n\n", ["a\nb"])


def test_other_fields_and_comments_are_no_data() -> None:
    check(b": hi\nevent: x\nid: 1\nretry: 5\nfoo\ndata\ndata: a\n\n", ["\na"])


def test_an_event_without_data_is_none() -> None:
    check(b"event: ping\n\n\n\n: keep-alive\n\n", [])


def test_a_byte_order_mark_only_at_the_start() -> None:
    check(b"\xef\xbb\xbfdata: a\n\n", ["a"])
    check("data: a\n\n\ufeffdata: b\n\n".encode(), ["a"])


def test_a_character_in_two_pieces() -> None:
    check("data: naïve 🎉\n\n".encode(), ["naïve 🎉"])


def test_the_last_event_counts_without_its_blank_line_and_half_a_line_does_not() -> None:
    check(b"data: a\n", [], at_end=["a"])
    check(b"data: a\ndata: b", [], at_end=["a"])
    check(b"data: a", [])


@pytest.mark.parametrize("stream", [b"data: " + b"a" * 100, b"data: aaaaaaaaaa\n" * 10, b": " + b"a" * 100])
def test_an_event_or_a_line_over_the_limit_is_refused(stream: bytes) -> None:
    reader = EventReader(limit=64)
    with pytest.raises(Malformed, match="One event"):
        reader.feed(stream)


def test_what_is_not_utf_8_is_refused() -> None:
    with pytest.raises(Malformed, match="UTF-8"):
        EventReader().feed(b"data: \xff\n\n")


@given(
    st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=("Cs",)), min_size=1), max_size=5),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.lists(st.integers(0, 400), max_size=8),
)
def test_pieces_make_no_difference(texts: list[str], end: bytes, cuts: list[int]) -> None:
    stream = b"".join(b"data: " + text.encode() + end + end for text in texts)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    reader = EventReader()
    found = [event for at, to in pairwise(places) for event in reader.feed(stream[at:to])]
    assert found == texts
