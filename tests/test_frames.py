"""Framing: what is legal is read, and after what is not the next message is found."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_server.frames import MAX_HEADER, Broken, Frames

PING = {"jsonrpc": "2.0", "id": 7, "method": "ping"}
BODY = json.dumps(PING).encode()
GOOD = b"Content-Length: %d\r\n\r\n%s" % (len(BODY), BODY)


def check(stream: bytes, *expected: object, limit: int = 1_000_000) -> None:
    """The same messages whether the bytes come in one piece, one by one, or cut anywhere in two."""
    assert read(stream, len(stream) or 1, limit) == list(expected)
    if len(stream) < 5_000:
        assert read(stream, 1, limit) == list(expected)
        assert read(stream, len(stream) // 2 or 1, limit) == list(expected)


def read(stream: bytes, step: int, limit: int) -> list[object]:
    frames = Frames(limit)
    found = [message for i in range(0, len(stream), step) for message in frames.feed(stream[i : i + step])]
    return ["broken" if isinstance(message, Broken) else message for message in found]


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: %d\r\n\r\n",
        b"content-length: %d\r\n\r\n",
        b"CONTENT-LENGTH:%d\r\n\r\n",
        b"Content-Length : %d \r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf8\r\n\r\n",
        b"X-Other: 5\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length: 3\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length: %d\n\n",
        b"\r\n\r\nContent-Length: %d\r\n\r\n",
    ],
)
def test_every_form_of_header_is_read(header: bytes) -> None:
    check(header % len(BODY) + BODY + GOOD, PING, PING)


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Length: -5\r\n\r\n",
        b"Content-Length: twelve\r\n\r\n",
        b"Content-Length: \r\n\r\n",
        b"Content-Length: 1.5\r\n\r\n",
        b"Content-Type: text/plain\r\n\r\n",
        b"Content-Length: 1000000000000\r\n\r\n",
        b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",
    ],
)
def test_after_a_header_without_a_usable_length_the_next_message_is_read(header: bytes) -> None:
    check(header + BODY + GOOD, "broken", PING)


@pytest.mark.parametrize("length", range(0, len(BODY)))
def test_after_a_length_that_is_too_short_the_next_message_is_read(length: int) -> None:
    check(b"Content-Length: %d\r\n\r\n" % length + BODY + GOOD, "broken", PING)


@pytest.mark.parametrize("more", [1, 5, 30, len(GOOD), len(GOOD) + 1, 500, 900_000])
def test_a_length_that_is_too_long_costs_nothing_once_the_next_message_begins(more: int) -> None:
    check(b"Content-Length: %d\r\n\r\n" % (len(BODY) + more) + BODY + GOOD + GOOD, PING, PING, PING)


def test_a_message_cut_short_is_reported_and_the_next_is_read() -> None:
    check(b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY[:-9] + GOOD, "broken", PING)


def test_noise_is_reported_once_and_not_kept() -> None:
    check(b"\x00\xff noise " * 100_000 + GOOD, "broken", PING)
    frames = Frames()
    for _ in range(100):
        frames.feed(b"n" * 10_000)
    assert len(frames._buffer) <= MAX_HEADER


def test_a_message_over_the_limit_is_passed_over() -> None:
    large = json.dumps({"id": 1, "text": "x" * 2_000}).encode()
    check(b"Content-Length: %d\r\n\r\n" % len(large) + large + GOOD, "broken", PING, limit=1_000)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a":}',
        b'{"a":NaN}',
        b'{"a":1e999999}',
        b"\xff\xfe",
        b'{"a":"\xed\xa0\x80"}',
        b"[" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b"1" * 10_000,
        b'{"a":"\n"}',
    ],
    ids=range(11),
)
def test_a_body_that_is_no_json_is_reported_and_the_next_message_is_read(body: bytes) -> None:
    frame = b"Content-Length: %d\r\n\r\n" % len(body) + body
    if body == b'{"a":1e999999}':
        check(frame + GOOD, {"a": float("inf")}, PING)
    else:
        check(frame + GOOD, "broken", PING)


def test_the_words_of_a_header_inside_of_a_string_are_text() -> None:
    message = {"text": "Content-Length: 5\r\n\r\n{}"}
    body = json.dumps(message).encode()
    check(b"Content-Length: %d\r\n\r\n" % len(body) + body + GOOD, message, PING)


@given(st.lists(st.binary(max_size=40) | st.just(GOOD) | st.just(b"Content-Length: "), max_size=12))
def test_nothing_makes_it_raise_and_a_good_message_always_comes_through_in_the_end(pieces: list[bytes]) -> None:
    frames = Frames(1_000)
    for piece in pieces:
        frames.feed(piece)
    found = [message for _ in range(3) for message in frames.feed(GOOD)]
    assert PING in found
