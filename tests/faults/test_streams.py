"""Answers that are cut, malformed, endless or odd, each as a named row with a real socket. The fixtures are synthetic."""

from __future__ import annotations

import asyncio
import gzip

import pytest

from backends.api import Finish, Text
from backends.errors import (
    BadReply,
    RateLimited,
)
from backends.mistral import Mistral
from context.clock import MonotonicClock
from editors.headless.self_test.endpoint import (
    Asked,
    chunk,
    endless,
    event,
    head_of,
    raw,
    reply,
    reset,
    serving,
    stream,
)
from tests.mistral_asking import EVENT_STREAM, PATIENT, answered, failed, piece
from tests.requests import fim_request


class TestCut:
    async def test_after_some_text_what_came_counts(self) -> None:
        text, done = await answered(stream([piece("some "), piece("text")], end=False))
        assert (text, done.finish, done.usage.estimated) == ("some text", Finish.CUT, True)

    async def test_in_the_middle_of_an_event(self) -> None:
        text, done = await answered(stream([piece("some"), b'data: {"choices": [{"del'], end=False))
        assert (text, done.finish) == ("some", Finish.CUT)

    async def test_in_the_middle_of_a_character(self) -> None:
        half = piece("a naïve").replace(b"\\u00ef", "ï".encode())
        text, done = await answered(stream([piece("some"), half[: half.index(b"\xc3") + 1]], end=False))
        assert (text, done.finish) == ("some", Finish.CUT)

    async def test_short_of_its_length(self) -> None:
        head = head_of(200, {**EVENT_STREAM, "Content-Length": "5000"})
        text, done = await answered(raw(head + piece("some")))
        assert (text, done.finish) == ("some", Finish.CUT)

    async def test_ended_politely_without_a_word_of_it(self) -> None:
        text, done = await answered(stream([piece("some")]))
        assert (text, done.finish) == ("some", Finish.CUT)

    async def test_before_any_text(self) -> None:
        await failed(stream([piece("")], end=False), BadReply, "broke off")

    async def test_before_any_text_and_politely(self) -> None:
        await failed(stream([piece("")]), BadReply, "before it began")

    async def test_before_any_byte(self) -> None:
        await failed(raw(b""), BadReply, "without an answer")

    async def test_by_a_reset(self) -> None:
        await failed(reset, BadReply, "without an answer")

    async def test_a_kept_connection_that_the_server_closed_is_made_anew(self) -> None:
        async def only_once(asked: Asked, writer: asyncio.StreamWriter) -> None:
            if writer in seen:
                writer.close()
                return
            seen.add(writer)
            await stream([piece("x", "stop"), event("[DONE]")])(asked, writer)

        seen: set[asyncio.StreamWriter] = set()
        async with serving(only_once) as server:
            mistral = Mistral(server.url, key=None, clock=MonotonicClock(), wiring=PATIENT)
            for _ in range(3):
                assert Text("x") in [each async for each in mistral.stream(fim_request())]
            await mistral.aclose()
            assert (server.connections, len(server.asked)) == (3, 5)


class TestNotOurStream:
    async def test_a_web_page(self) -> None:
        await failed(reply(200, "<html>Log in</html>", kind="text/html"), BadReply, "portal")

    async def test_an_empty_body(self) -> None:
        await failed(reply(200, b"", kind="text/event-stream"), BadReply, "before it began")

    async def test_no_content_type(self) -> None:
        await failed(raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"), BadReply, "no type")

    async def test_another_content_type(self) -> None:
        await failed(reply(200, b"hi", kind="text/plain"), BadReply, "text/plain")

    async def test_something_that_is_not_http(self) -> None:
        await failed(raw(b"SSH-2.0-OpenSSH_9.2\r\n"), BadReply)

    async def test_no_content(self) -> None:
        await failed(raw(b"HTTP/1.1 204 No Content\r\n\r\n"), BadReply, "204")

    async def test_compressed_data_is_not_unpacked(self) -> None:
        bomb = gzip.compress(b"data: " + b"a" * 50_000_000)
        await failed(
            reply(200, bomb, headers={"Content-Encoding": "gzip"}, kind="text/event-stream"), BadReply, "compressed"
        )

    async def test_a_stream_without_end(self) -> None:
        await failed(endless(head_of(200, EVENT_STREAM), b":\n" * 10_000), BadReply, "1024 KB")

    async def test_an_event_without_end(self) -> None:
        await failed(endless(head_of(200, EVENT_STREAM), b"data: " + b"a" * 20_000), BadReply, "256 KB")

    async def test_headers_without_end(self) -> None:
        await failed(endless(b"HTTP/1.1 200 OK\r\n", b"X: " + b"a" * 4000 + b"\r\n"), BadReply)

    async def test_headers_of_40_kilobytes(self) -> None:
        await failed(reply(200, b"", headers={"X": "a" * 40_000}, kind="text/event-stream"), BadReply, "headers")

    async def test_a_length_beyond_all_measure(self) -> None:
        head = head_of(200, {**EVENT_STREAM, "Content-Length": str(2**63)})
        text, done = await answered(raw(head + piece("some")))
        assert (text, done.finish) == ("some", Finish.CUT)


class TestMalformedEvents:
    async def test_no_json(self) -> None:
        await failed(stream([b"data: {nonsense\n\n"]), BadReply, "no JSON")

    async def test_json_that_is_nested_without_end(self) -> None:
        await failed(stream([b"data: " + b"[" * 200_000 + b"\n\n"]), BadReply, "no JSON")

    async def test_no_utf_8(self) -> None:
        await failed(stream([b'data: {"choices": [{"delta": {"content": "\xff\xfe"}}]}\n\n']), BadReply, "UTF-8")

    async def test_a_choice_that_is_a_number(self) -> None:
        await failed(stream([event({"choices": [7]})]), BadReply)

    async def test_a_delta_that_is_a_list(self) -> None:
        await failed(stream([event({"choices": [{"delta": ["x"]}]})]), BadReply)

    async def test_an_error_inside_the_stream(self) -> None:
        body = {"object": "error", "message": "Service unavailable", "type": "internal_server_error", "code": 500}
        await failed(stream([piece("x"), event(body)]), BadReply, "Service unavailable")

    async def test_an_error_inside_the_stream_that_asks_to_wait(self) -> None:
        body = {"error": {"message": "Rate limit exceeded", "raw_status_code": 429}}
        await failed(stream([event(body)]), RateLimited)

    async def test_a_finish_that_is_an_error(self) -> None:
        await failed(stream([piece("x"), piece("", "error")]), BadReply, "gave up")


class TestOddButRight:
    """What real servers send and a strict reader would refuse."""

    @pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
    async def test_line_ends(self, end: bytes) -> None:
        pieces = [each.replace(b"\n", end) for each in (piece("a"), piece("b", "stop"), event("[DONE]"))]
        assert (await answered(stream(pieces)))[0] == "ab"

    async def test_a_byte_order_mark_comments_and_other_fields(self) -> None:
        pieces = [b"\xef\xbb\xbf: hello\n", b"id: 7\nevent: message\nretry: 10\n" + piece("a", "stop"), event("[DONE]")]
        assert (await answered(stream(pieces)))[0] == "a"

    async def test_data_on_several_lines(self) -> None:
        body = b'data: {"choices": [{"delta":\ndata: {"content": "a"},\ndata: "finish_reason": "stop"}]}\n\n'
        assert (await answered(stream([body])))[0] == "a"

    async def test_a_character_split_across_chunks(self) -> None:
        body = piece("naïve 🎉", "stop").replace(b"\\u00ef", "ï".encode()).replace(b"\\ud83c\\udf89", "🎉".encode())
        single_bytes = [bytes([each]) for each in body]
        assert (await answered(stream(single_bytes)))[0] == "naïve 🎉"

    async def test_ten_thousand_empty_events(self) -> None:
        assert (await answered(stream([b"data:\n\n" * 0 + b"\n\n" * 10_000, piece("a", "stop")])))[0] == "a"

    async def test_text_finish_and_usage_in_one_last_chunk(self) -> None:
        last = piece("b", "stop", prompt_tokens=19, completion_tokens=7, total_tokens=26)
        text, done = await answered(stream([piece(""), piece("a"), last, event("[DONE]")]))
        assert (text, done.finish) == ("ab", Finish.STOP)
        assert (done.usage.prompt, done.usage.completion, done.usage.estimated) == (19, 7, False)

    async def test_usage_in_a_chunk_without_choices_and_a_null_one_before(self) -> None:
        usage = {"prompt_tokens": 90, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 64}}
        early = event({"choices": [{"delta": {"content": "a"}}], "usage": None})
        _, done = await answered(
            stream([early, piece("", "length"), event({"choices": [], "usage": usage}), event("[DONE]")])
        )
        assert (done.finish, done.usage.cached) == (Finish.LENGTH, 64)

    async def test_no_end_mark_after_the_finish(self) -> None:
        assert (await answered(stream([piece("a", "stop")])))[1].finish is Finish.STOP

    async def test_an_end_mark_without_the_blank_line(self) -> None:
        assert (await answered(stream([piece("a", "stop"), b"data: [DONE]\n"])))[0] == "a"

    async def test_content_null_absent_or_a_list(self) -> None:
        thinking = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "a"}]
        odd = [event({"choices": [{"delta": each}]}) for each in ({}, {"content": None}, {"content": thinking})]
        assert (await answered(stream([*odd, piece("b", "stop")])))[0] == "ab"

    async def test_one_json_reply_in_place_of_a_stream(self) -> None:
        body = {"choices": [{"message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}]}
        text, done = await answered(reply(200, body))
        assert (text, done.finish) == ("a", Finish.STOP)

    async def test_a_finish_of_an_unknown_kind(self) -> None:
        assert (await answered(stream([piece("a", "eos")])))[1].finish is Finish.STOP


async def test_chunks_and_events_need_not_meet() -> None:
    body = piece("a") + piece("b") + piece("c", "stop") + event("[DONE]")

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head_of(200, {**EVENT_STREAM, "Transfer-Encoding": "chunked"}))
        for start in range(0, len(body), 7):
            writer.write(chunk(body[start : start + 7]))
        writer.write(b"0\r\n\r\n")

    assert (await answered(answer))[0] == "abc"
