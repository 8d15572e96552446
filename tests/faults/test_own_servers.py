"""The wire's faults, each as a named row with a real socket, for the two backends that speak to servers of one's own.

A row is written once and runs against both: a `Dialect` says how the backend's server puts a piece of text and an end.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from backends.api import Done, Finish, Infiller, Text
from backends.diagnosis import Refused
from backends.errors import (
    BackendError,
    BadReply,
    BadRequest,
    QuotaSpent,
    RateLimited,
    TimedOut,
    Unauthorised,
    Unreachable,
)
from backends.keys import Secret
from backends.llama_cpp import LlamaCpp
from backends.openai import OpenAI
from backends.wiring import Wiring
from context.clock import MonotonicClock
from editors.headless.self_test.endpoint import (
    Answer,
    Asked,
    endless,
    event,
    head_of,
    raw,
    reply,
    reset,
    serving,
    silence,
    stream,
)
from tests.requests import fim_request

KEY = "secret-key-1234567890"
USERS_TEXT = "def price_of_the_secret_sauce(order):"
SOON = Wiring(connect=0.4, read=0.4, total=0.5)
EVENT_STREAM = {"Content-Type": "text/event-stream"}


@dataclass(frozen=True)
class Dialect:
    name: str
    make: Callable[[str, Wiring], Infiller]
    piece: Callable[[str], bytes]
    end: bytes
    greeting: Answer
    """What the backend asks before its first completion."""

    def serving_after(self, completion: Answer) -> Answer:
        async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
            await (self.greeting if asked.method == "GET" else completion)(asked, writer)

        return answer


OPENAI = Dialect(
    "openai",
    lambda url, wiring: OpenAI(url, key=Secret(KEY), clock=MonotonicClock(), wiring=wiring),
    lambda text: event({"choices": [{"index": 0, "text": text, "finish_reason": None}]}),
    event({"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}) + event("[DONE]"),
    reply(200, {"data": [{"id": "starcoder2-3b"}]}),
)
LLAMA_CPP = Dialect(
    "llama_cpp",
    lambda url, wiring: LlamaCpp(url, key=Secret(KEY), clock=MonotonicClock(), wiring=wiring),
    lambda text: event({"content": text, "stop": False}),
    event({"content": "", "stop": True, "stop_type": "eos", "tokens_evaluated": 3, "tokens_predicted": 2}),
    reply(200, {"model_path": "m.gguf"}),
)


@pytest.fixture(params=[OPENAI, LLAMA_CPP], ids=lambda dialect: dialect.name)
def dialect(request: pytest.FixtureRequest) -> Dialect:
    assert isinstance(request.param, Dialect)
    return request.param


async def ask(dialect: Dialect, url: str, wiring: Wiring) -> tuple[str, Done]:
    backend = dialect.make(url, wiring)
    try:
        async with aclosing(backend.stream(fim_request(prefix=USERS_TEXT))) as stream_of_events:
            events = [each async for each in stream_of_events]
    finally:
        await backend.aclose()
    end = events.pop()
    assert isinstance(end, Done)
    return "".join(each.text for each in events if isinstance(each, Text)), end


async def answered(dialect: Dialect, completion: Answer) -> tuple[str, Done]:
    async with serving(dialect.serving_after(completion)) as server:
        return await ask(dialect, server.url, Wiring())


async def failed(
    dialect: Dialect, completion: Answer, kind: type[BackendError], *words: str, wiring: Wiring | None = None
) -> None:
    """The error has these words, a mend, and neither the key nor the user's text."""
    async with serving(dialect.serving_after(completion)) as server:
        with pytest.raises(BackendError) as caught:
            await ask(dialect, server.url, wiring or Wiring())
    assert isinstance(caught.value, kind), repr(caught.value)
    assert not isinstance(caught.value, Refused), "a refusal whose reason was never looked for"
    said = str(caught.value)
    assert all(each in said for each in words), said
    assert caught.value.mend
    assert KEY not in said
    assert "secret_sauce" not in said


class TestCut:
    async def test_after_some_text_what_came_counts(self, dialect: Dialect) -> None:
        text, end = await answered(dialect, stream([dialect.piece("some "), dialect.piece("text")], end=False))
        assert (text, end.finish, end.usage.estimated) == ("some text", Finish.CUT, True)

    async def test_politely_after_some_text(self, dialect: Dialect) -> None:
        text, end = await answered(dialect, stream([dialect.piece("some")]))
        assert (text, end.finish) == ("some", Finish.CUT)

    async def test_in_the_middle_of_an_event(self, dialect: Dialect) -> None:
        text, end = await answered(dialect, stream([dialect.piece("some"), dialect.piece("more")[:20]], end=False))
        assert (text, end.finish) == ("some", Finish.CUT)

    async def test_in_the_middle_of_a_character(self, dialect: Dialect) -> None:
        half = dialect.piece("na\u00efve").replace(b"\\u00ef", "\u00ef".encode())
        cut = half[: half.index(b"\xc3") + 1]
        text, end = await answered(dialect, stream([dialect.piece("some"), cut], end=False))
        assert (text, end.finish) == ("some", Finish.CUT)

    async def test_short_of_its_length(self, dialect: Dialect) -> None:
        head = head_of(200, {**EVENT_STREAM, "Content-Length": "5000"})
        text, end = await answered(dialect, raw(head + dialect.piece("some")))
        assert (text, end.finish) == ("some", Finish.CUT)

    async def test_before_any_text(self, dialect: Dialect) -> None:
        await failed(dialect, stream([dialect.piece("")], end=False), BadReply, "broke off")

    async def test_before_any_text_and_politely(self, dialect: Dialect) -> None:
        await failed(dialect, stream([dialect.piece("")]), BadReply, "before it began")

    async def test_before_any_byte(self, dialect: Dialect) -> None:
        await failed(dialect, raw(b""), BadReply)

    async def test_by_a_reset(self, dialect: Dialect) -> None:
        await failed(dialect, reset, BadReply)

    async def test_a_kept_connection_that_the_server_closed_is_made_anew(self, dialect: Dialect) -> None:
        seen: set[asyncio.StreamWriter] = set()

        async def only_once(asked: Asked, writer: asyncio.StreamWriter) -> None:
            if writer in seen:
                writer.close()
                return
            seen.add(writer)
            await stream([dialect.piece("x"), dialect.end])(asked, writer)

        async with serving(dialect.serving_after(only_once)) as server:
            backend = dialect.make(server.url, Wiring())
            for _ in range(3):
                async with aclosing(backend.stream(fim_request())) as events:
                    assert Text("x") in [each async for each in events]
            await backend.aclose()


class TestSlow:
    async def test_silence(self, dialect: Dialect) -> None:
        await failed(dialect, silence, TimedOut, "0.5 s", wiring=SOON)

    async def test_a_drip_that_never_ends_meets_the_deadline(self, dialect: Dialect) -> None:
        drip = endless(head_of(200, EVENT_STREAM), dialect.piece(""), pause=0.02)
        await failed(dialect, drip, TimedOut, "0.5 s", wiring=SOON)

    async def test_headers_that_drip(self, dialect: Dialect) -> None:
        await failed(dialect, endless(b"HTTP/1.1 200 OK\r\nX: ", b"a", pause=0.02), TimedOut, wiring=SOON)


class TestNotOurStream:
    async def test_a_web_page(self, dialect: Dialect) -> None:
        await failed(dialect, reply(200, "<html>Log in</html>", kind="text/html"), BadReply, "portal")

    async def test_an_empty_body(self, dialect: Dialect) -> None:
        await failed(dialect, reply(200, b"", kind="text/event-stream"), BadReply, "before it began")

    async def test_another_content_type(self, dialect: Dialect) -> None:
        await failed(dialect, reply(200, b"hi", kind="text/plain"), BadReply, "text/plain")

    async def test_something_that_is_not_http(self, dialect: Dialect) -> None:
        await failed(dialect, raw(b"SSH-2.0-OpenSSH_9.2\r\n"), BadReply)

    async def test_compressed_data_is_not_unpacked(self, dialect: Dialect) -> None:
        bomb = gzip.compress(b"data: " + b"a" * 5_000_000)
        headers = {"Content-Encoding": "gzip"}
        await failed(dialect, reply(200, bomb, headers=headers, kind="text/event-stream"), BadReply, "compressed")

    async def test_a_stream_without_end(self, dialect: Dialect) -> None:
        await failed(dialect, endless(head_of(200, EVENT_STREAM), b":\n" * 10_000), BadReply, "1024 KB")

    async def test_an_event_without_end(self, dialect: Dialect) -> None:
        await failed(dialect, endless(head_of(200, EVENT_STREAM), b"data: " + b"a" * 20_000), BadReply, "256 KB")


class TestMalformedEvents:
    async def test_no_json(self, dialect: Dialect) -> None:
        await failed(dialect, stream([b"data: {nonsense\n\n"]), BadReply, "no JSON")

    async def test_no_object(self, dialect: Dialect) -> None:
        await failed(dialect, stream([b"data: [1]\n\n"]), BadReply, "no object")

    async def test_no_utf_8(self, dialect: Dialect) -> None:
        await failed(dialect, stream([b'data: {"content": "\xff\xfe"}\n\n']), BadReply, "UTF-8")

    async def test_nested_without_end(self, dialect: Dialect) -> None:
        await failed(dialect, stream([b"data: " + b"[" * 200_000 + b"\n\n"]), BadReply, "no JSON")

    async def test_an_error_inside_the_stream(self, dialect: Dialect) -> None:
        broken = event({"error": {"message": "CUDA out of memory", "code": 500}})
        await failed(dialect, stream([dialect.piece("x"), broken]), BadReply, "CUDA out of memory")

    async def test_an_error_inside_the_stream_that_asks_to_wait(self, dialect: Dialect) -> None:
        await failed(dialect, stream([event({"object": "error", "message": "slow down", "code": 429})]), RateLimited)


class TestOddButRight:
    @pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
    async def test_line_ends(self, dialect: Dialect, end: bytes) -> None:
        pieces = [each.replace(b"\n", end) for each in (dialect.piece("a"), dialect.piece("b"), dialect.end)]
        assert (await answered(dialect, stream(pieces)))[0] == "ab"

    async def test_a_byte_order_mark_comments_and_other_fields(self, dialect: Dialect) -> None:
        pieces = [b"\xef\xbb\xbf: hello\n", b"id: 7\nevent: message\nretry: 10\n" + dialect.piece("a"), dialect.end]
        assert (await answered(dialect, stream(pieces)))[0] == "a"

    async def test_a_character_split_across_chunks(self, dialect: Dialect) -> None:
        body = dialect.piece("na\u00efve").replace(b"\\u00ef", "\u00ef".encode()) + dialect.end
        assert (await answered(dialect, stream([bytes([each]) for each in body])))[0] == "na\u00efve"

    async def test_ten_thousand_empty_events_and_unknown_ones(self, dialect: Dialect) -> None:
        pieces = [b"\n\n" * 10_000, event({}), event({"type": "ping"}), dialect.piece("a"), dialect.end]
        assert (await answered(dialect, stream(pieces)))[0] == "a"


REFUSALS: tuple[tuple[int, object, type[BackendError]], ...] = (
    (301, {}, BadRequest),
    (400, {"error": {"message": "Budget has been exceeded! Current cost: 1.2, Max budget: 1.0"}}, QuotaSpent),
    (400, {"detail": [{"loc": ["body", "top_k"], "msg": "Extra inputs are not permitted"}]}, BadRequest),
    (400, f"cannot parse {USERS_TEXT}", BadRequest),
    (401, {"error": {"message": "Invalid API Key", "type": "authentication_error", "code": 401}}, Unauthorised),
    (402, {}, QuotaSpent),
    (403, "", Unauthorised),
    (404, {"detail": "Not Found"}, BadRequest),
    (408, "", TimedOut),
    (409, "", BadRequest),
    (413, "", BadRequest),
    (422, {"detail": [{"loc": ["body"], "msg": "bad", "input": USERS_TEXT}]}, BadRequest),
    (425, "", BadReply),
    (429, {"error": "slow down"}, RateLimited),
    (500, "Internal Server Error", BadReply),
    (500, {"error": {"code": 500, "message": ["odd", {"shape": None}], "type": 7}}, BadReply),
    (502, "<html>Bad Gateway</html>", BadReply),
    (503, {"error": {"message": "at capacity"}}, RateLimited),
    (504, "", BadReply),
    (529, "", RateLimited),
)


@pytest.mark.parametrize(("status", "body", "kind"), REFUSALS)
async def test_a_refusal(dialect: Dialect, status: int, body: object, kind: type[BackendError]) -> None:
    await failed(dialect, reply(status, body, headers={"Location": "http://other.invalid/"}), kind)


async def test_nobody_listens(dialect: Dialect) -> None:
    async with serving(silence) as server:
        url = server.url
    with pytest.raises(Unreachable, match="No connection"):
        await ask(dialect, url, SOON)


async def test_closing_the_stream_closes_the_connection(dialect: Dialect) -> None:
    long = stream([dialect.piece("x")] * 10_000, pause=0.001)
    async with serving(dialect.serving_after(long)) as server:
        backend = dialect.make(server.url, Wiring())
        async with aclosing(backend.stream(fim_request())) as events:
            assert await anext(events) == Text("x")
        async with asyncio.timeout(60):
            while not server.dropped:
                await asyncio.sleep(0.005)
        await backend.aclose()


async def test_a_storm_of_cancelled_requests_leaves_a_backend_that_works(dialect: Dialect) -> None:
    long = stream([dialect.piece("x")] * 50 + [dialect.end], pause=0.001)
    async with serving(dialect.serving_after(long)) as server:
        backend = dialect.make(server.url, Wiring())

        async def complete() -> int:
            async with aclosing(backend.stream(fim_request())) as events:
                return len([each async for each in events])

        for turn in range(300):
            task = asyncio.create_task(complete())
            for _ in range(turn % 23):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert await complete() == 51
        await backend.aclose()
