"""The llama.cpp backend over real sockets: what it asks, and what it makes of every answer. The real server's own turn is in
tests/test_llama_server.py."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from backends.api import Done, FimRequest, Finish, Text, Usage
from backends.errors import BackendError, BadRequest, RateLimited
from backends.keys import Secret
from backends.llama_cpp import LlamaCpp
from backends.wiring import Wiring
from context.clock import MonotonicClock
from context.privacy import Cleared, Excerpt, FimContext
from editors.headless.self_test.endpoint import Answer, Asked, FaultServer, event, reply, serving, stream

PROPS = {"model_path": "/models/qwen2.5-coder-1.5b-q8_0.gguf", "default_generation_settings": {"n_ctx": 4096}}
LAST = {
    "content": "",
    "stop": True,
    "stop_type": "eos",
    "tokens_evaluated": 9,
    "tokens_predicted": 2,
    "timings": {"cache_n": 5},
}
SHOWN = (Excerpt("lib/b.py", Cleared("b = 1\n"), "open file"),)
REQUEST = FimRequest(
    FimContext("a.py", "python", Cleared("a = "), Cleared("\nprint(a)\n"), SHOWN), max_tokens=9, stop=("\n\n",)
)


def said(text: str) -> bytes:
    return event({"content": text, "stop": False})


def answering(infill: Answer, props: Answer | None = None) -> Answer:
    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await ((props or reply(200, PROPS)) if asked.method == "GET" else infill)(asked, writer)

    return answer


def backend_at(server: FaultServer, **settings: object) -> LlamaCpp:
    return LlamaCpp(server.url, clock=MonotonicClock(), **settings)  # type: ignore[arg-type]


async def read(backend: LlamaCpp) -> tuple[str, Done]:
    async with aclosing(backend.stream(REQUEST)) as events:
        found = [each async for each in events]
    end = found.pop()
    assert isinstance(end, Done)
    return "".join(each.text for each in found if isinstance(each, Text)), end


async def answer_of(pieces: Sequence[bytes], *, end: bool = True) -> tuple[str, Done]:
    async with serving(answering(stream(pieces, end=end))) as server:
        backend = backend_at(server)
        found = await read(backend)
        await backend.aclose()
    return found


async def error_of(infill: Answer, props: Answer | None = None) -> BackendError:
    async with serving(answering(infill, props)) as server:
        backend = backend_at(server, wiring=Wiring(total=0.3))
        with pytest.raises(BackendError) as caught:
            await read(backend)
        await backend.aclose()
    return caught.value


async def test_the_request_keeps_the_users_text_out_of_the_field_that_is_parsed_for_tokens() -> None:
    async with serving(answering(stream([said("1"), event(LAST)]))) as server:
        backend = backend_at(server, key=Secret("k"), wiring=Wiring(total=10))
        await read(backend)
        await backend.aclose()
    props, infill = server.asked
    assert (props.path, infill.path) == ("/props", "/infill")
    assert infill.headers["authorization"] == "Bearer k"
    assert infill.json == {
        "input_prefix": "a = ",
        "input_suffix": "\nprint(a)\n",
        "input_extra": [{"filename": "lib/b.py", "text": "b = 1\n"}],
        "n_predict": 9,
        "stop": ["\n\n"],
        "temperature": 0.0,
        "prompt": "",
        "stream": True,
        "cache_prompt": True,
        "id_slot": -1,
        "t_max_predict_ms": 8000,
        "response_fields": ["content", "stop", "stop_type", "tokens_evaluated", "tokens_predicted", "timings"],
    }


async def test_the_last_event_says_why_it_ended_and_what_it_cost() -> None:
    assert await answer_of([said("x ="), said(" 1"), event(LAST)]) == ("x = 1", Done(Finish.STOP, Usage(9, 2, 5)))
    _, end = await answer_of([said("x"), event({**LAST, "stop_type": "limit"})])
    assert end.finish is Finish.LENGTH


async def test_text_in_the_last_event_is_not_lost() -> None:
    text, _ = await answer_of([event({**LAST, "content": "x"})])
    assert text == "x"


async def test_an_older_server_that_counts_nothing_gets_an_estimate() -> None:
    _, end = await answer_of([said("12345"), event({"content": "", "stop": True, "stopped_eos": True})])
    assert end.finish is Finish.STOP
    assert end.usage.estimated


async def test_the_connection_is_kept_although_there_is_no_done_event() -> None:
    async with serving(answering(stream([said("1"), event(LAST)]))) as server:
        backend = backend_at(server)
        for _ in range(3):
            await read(backend)
        await backend.aclose()
        assert server.connections == 1
        assert [asked.path for asked in server.asked] == ["/props", "/infill", "/infill", "/infill"]


async def test_the_card_knows_the_model_once_asked() -> None:
    async with serving(answering(stream([said("1"), event(LAST)]))) as server:
        backend = backend_at(server)
        await read(backend)
        await backend.aclose()
        assert (backend.card.model, backend.card.context_tokens) == ("qwen2.5-coder-1.5b-q8_0.gguf", 4096 - 512)


async def test_a_server_that_does_not_describe_itself_is_asked_all_the_same() -> None:
    async with serving(answering(stream([said("1"), event(LAST)]), reply(404, {}))) as server:
        backend = backend_at(server)
        assert (await read(backend))[0] == "1"
        await backend.aclose()


async def test_a_model_without_fill_in_the_middle_tokens() -> None:
    words = "Infill is not supported by this model: prefix token is missing. suffix token is missing. "
    body = {"error": {"code": 501, "message": words, "type": "not_supported_error"}}
    for status in (501, 400, 500):
        error = await error_of(reply(status, body))
        assert isinstance(error, BadRequest)
        assert "no fill-in-the-middle tokens" in error.what
        assert "fim_template" in error.mend


async def test_a_server_that_still_loads_its_model_is_asked_again_soon() -> None:
    loading = reply(503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}})
    error = await error_of(loading, props=loading)
    assert isinstance(error, RateLimited)
    assert error.after == 2.0
    assert "loading its model" in error.what


async def test_another_kind_of_server() -> None:
    error = await error_of(reply(404, {"detail": "Not Found"}), props=reply(404, {}))
    assert isinstance(error, BadRequest)
    assert "no llama.cpp server" in error.what
    assert "`openai`" in error.mend


async def test_a_prompt_that_is_too_long() -> None:
    words = "request (9001 tokens) exceeds the available context size (4096 tokens), try increasing it"
    error = await error_of(reply(400, {"error": {"code": 400, "message": words, "type": "exceed_context_size_error"}}))
    assert "context_tokens" in error.mend


async def test_the_check_says_what_is_loaded() -> None:
    async with serving(answering(stream([said("1"), event(LAST)]))) as server:
        backend = backend_at(server)
        sentence = await backend.check()
        await backend.aclose()
    assert "infills with qwen2.5-coder-1.5b-q8_0.gguf, 4096 tokens of context" in sentence
