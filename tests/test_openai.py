"""The OpenAI-compatible backend against servers that behave, and the many ways in which they do not, over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing

import pytest

from backends.api import Done, FimRequest, Finish, Text, Usage
from backends.errors import (
    BackendError,
    BadRequest,
    Unauthorised,
)
from backends.keys import Secret
from backends.openai import OpenAI
from context.clock import MonotonicClock
from context.privacy import Cleared, Excerpt, FimContext
from editors.headless.self_test.endpoint import Answer, Asked, FaultServer, event, reply, serving, stream

QWEN = {"data": [{"id": "Qwen/Qwen2.5-Coder-7B", "max_model_len": 8192}]}
PROMPT = "<|fim_prefix|>a = <|fim_suffix|>\nprint(a)\n<|fim_middle|>"


def request(**changes: object) -> FimRequest:
    context = FimContext("main.py", "python", Cleared("a = "), Cleared("\nprint(a)\n"))
    return FimRequest(**{"context": context, **changes})  # type: ignore[arg-type]


def piece(text: str | None, finish: str | None = None, usage: object = None) -> bytes:
    return event({"choices": [{"index": 0, "text": text, "finish_reason": finish}], "usage": usage})


def answering(pieces: Sequence[bytes], *, models: object = QWEN, **how: bool) -> Answer:
    return routes(stream(pieces, **how), reply(200, models))  # type: ignore[arg-type]


def routes(completions: Answer, models: Answer) -> Answer:
    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await (models if asked.method == "GET" else completions)(asked, writer)

    return answer


def infiller(server: FaultServer, **settings: object) -> OpenAI:
    return OpenAI(server.url, clock=MonotonicClock(), **settings)  # type: ignore[arg-type]


async def read(backend: OpenAI, asked: FimRequest) -> list[Text | Done]:
    try:
        async with aclosing(backend.stream(asked)) as events:
            return [event async for event in events]
    finally:
        await backend.aclose()


async def text_and_end(answer: Answer, asked: FimRequest | None = None) -> tuple[str, Done]:
    async with serving(answer) as server:
        *pieces, end = await read(infiller(server), asked or request())
    assert isinstance(end, Done)
    return "".join(piece.text for piece in pieces if isinstance(piece, Text)), end


async def error_of(answer: Answer, **settings: object) -> BackendError:
    async with serving(answer) as server:
        with pytest.raises(BackendError) as caught:
            await read(infiller(server, **settings), request())
    return caught.value


# What is asked.


async def test_the_prompt_is_whole_and_the_suffix_field_is_not_used() -> None:
    async with serving(answering([piece("1", "stop"), event("[DONE]")])) as server:
        await read(infiller(server, key=Secret("k")), request(max_tokens=9, stop=("\n\n",), seed=3))
    models, completion = server.asked
    assert (models.method, models.path) == ("GET", "/v1/models")
    assert (completion.method, completion.path) == ("POST", "/v1/completions")
    assert completion.headers["authorization"] == "Bearer k"
    assert completion.json == {
        "model": "Qwen/Qwen2.5-Coder-7B",
        "prompt": PROMPT,
        "max_tokens": 9,
        "stream": True,
        "temperature": 0.0,
        "seed": 3,
        "stop": ["\n\n", "<|endoftext|>", "<|file_sep|>", "<|fim_pad|>"],
        "stream_options": {"include_usage": True},
    }


async def test_models_are_listed_once_and_not_at_every_keystroke() -> None:
    async with serving(answering([piece("1", "stop"), event("[DONE]")])) as server:
        backend = infiller(server)
        for _ in range(3):
            async with aclosing(backend.stream(request())) as events:
                assert [each async for each in events]
        await backend.aclose()
        assert [asked.method for asked in server.asked] == ["GET", "POST", "POST", "POST"]
        assert server.connections == 1


async def test_an_alias_is_asked_in_the_form_of_the_model_behind_it() -> None:
    models = {"data": [{"id": "team-coder", "root": "deepseek-ai/deepseek-coder-6.7b-base"}]}
    async with serving(answering([piece("1", "stop"), event("[DONE]")], models=models)) as server:
        await read(infiller(server, model="team-coder"), request())
    assert server.asked[-1].json["prompt"] == "<｜fim▁begin｜>a = <｜fim▁hole｜>\nprint(a)\n<｜fim▁end｜>"


async def test_ollama_marks_the_hole_itself_and_gets_both_fields() -> None:
    models = {"object": "list", "data": [{"id": "qwen2.5-coder:7b", "owned_by": "library"}]}
    shown = (Excerpt("b.py", Cleared("b = 1"), "open file"),)
    context = FimContext("a.py", "python", Cleared("a = "), Cleared(""), shown)
    async with serving(answering([piece("1", "stop"), event("[DONE]")], models=models)) as server:
        await read(infiller(server), request(context=context))
    body = server.asked[-1].json
    assert (body["prompt"], body["suffix"]) == ("# Path: b.py\n# b = 1\n#\n# Path: a.py\na = ", "\n")


async def test_ollamas_name_without_a_tag_is_its_latest() -> None:
    models = {"data": [{"id": "starcoder2:latest", "owned_by": "library"}]}
    async with serving(answering([piece("1", "stop"), event("[DONE]")], models=models)) as server:
        await read(infiller(server, model="starcoder2"), request())
    body = server.asked[-1].json
    assert (body["model"], body["prompt"], body["suffix"]) == ("starcoder2:latest", "a = ", "\nprint(a)\n")


async def test_the_setting_wins_over_the_models_name() -> None:
    async with serving(answering([piece("1", "stop"), event("[DONE]")])) as server:
        await read(infiller(server, model="Qwen/Qwen2.5-Coder-7B", template="codellama-spm"), request())
    assert server.asked[-1].json["prompt"] == "<PRE> <SUF>\nprint(a)\n <MID> a = "


async def test_the_card_knows_the_model_and_its_context_once_asked() -> None:
    async with serving(answering([piece("1", "stop"), event("[DONE]")])) as server:
        backend = infiller(server)
        assert (backend.card.model, backend.card.sends) == ("", False)
        await read(backend, request())
        assert (backend.card.model, backend.card.context_tokens) == ("Qwen/Qwen2.5-Coder-7B", 8192 - 512)


async def test_another_machine_is_said_to_be_sent_to() -> None:
    backend = OpenAI("https://vllm.example", model="starcoder2-3b", clock=MonotonicClock())
    assert backend.card.sends
    assert backend.card.origin == "https://vllm.example:443"
    assert backend.card.context_tokens == 16_384 - 512


# What comes back.


async def test_usage_in_a_chunk_without_choices() -> None:
    usage = {"prompt_tokens": 7, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 5}}
    last = event({"choices": [], "usage": usage})
    found = await text_and_end(answering([piece("x"), piece("y", "length"), last, event("[DONE]")]))
    assert found == ("xy", Done(Finish.LENGTH, Usage(7, 2, 5)))


async def test_usage_is_estimated_where_the_server_counts_nothing() -> None:
    zeros = {"prompt_tokens": 0, "completion_tokens": 0}
    _, end = await text_and_end(answering([piece("12345678", "stop", zeros), event("[DONE]")]))
    assert end.usage.estimated
    assert end.usage.prompt > 0
    assert end.usage.completion == 2


async def test_odd_deltas_are_read_for_what_they_hold() -> None:
    odd = [
        event({"choices": [{"text": None}]}),
        event({"choices": [{"delta": {"role": "assistant"}}]}),
        event({"choices": [{"delta": {"content": "a"}, "more": [1]}]}),
        event({"type": "ping"}),
        event({"choices": []}),
        b": comment\r\n\r\n",
        b"event: message\rdata: " + b'{"choices":[{"text":"b"}]}' + b"\r\r",
        piece(""),
        piece("c", "eos_token"),
        event("[DONE]"),
    ]
    text, end = await text_and_end(answering(odd))
    assert (text, end.finish) == ("abc", Finish.STOP)


async def test_one_json_reply_in_place_of_a_stream() -> None:
    whole = {
        "choices": [{"text": "x = 1", "finish_reason": "length"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4},
    }
    found = await text_and_end(routes(reply(200, whole), reply(200, QWEN)))
    assert found == ("x = 1", Done(Finish.LENGTH, Usage(3, 4)))


async def test_a_stream_without_done_ends_with_its_finish_reason() -> None:
    text, end = await text_and_end(answering([piece("x", "stop")]))
    assert (text, end.finish) == ("x", Finish.STOP)


async def test_a_control_token_that_the_server_let_pass_ends_the_answer() -> None:
    pieces = [piece("x = 1<|file"), piece("_sep|>other.py"), piece("y" * 100)]
    text, end = await text_and_end(answering(pieces))
    assert (text, end.finish) == ("x = 1", Finish.STOP)


async def test_what_only_looked_like_a_stop_string_is_not_lost() -> None:
    text, _ = await text_and_end(answering([piece("a <"), piece("| b"), piece(" <|fim", "stop"), event("[DONE]")]))
    assert text == "a <| b <|fim"


# What goes wrong, and the sentence it gets.


async def test_an_older_server_that_refuses_stream_options_is_asked_again_without() -> None:
    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if "stream_options" in asked.json:
            refusal = {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}
            return await reply(422, refusal)(asked, writer)
        return await stream([piece("1", "stop"), event("[DONE]")])(asked, writer)

    text, _ = await text_and_end(routes(answer, reply(200, QWEN)))
    assert text == "1"


async def test_no_server_at_the_address() -> None:
    error = await error_of(reply(404, {"detail": "Not Found"}), model="starcoder2-3b")
    assert isinstance(error, BadRequest)
    assert "No OpenAI-compatible server answers" in error.what
    assert "base_url" in error.mend


async def test_a_server_that_only_chats() -> None:
    error = await error_of(routes(reply(404, {"detail": "Not Found"}), reply(200, QWEN)))
    assert isinstance(error, BadRequest)
    assert "only chats" in error.what


async def test_a_model_that_only_chats() -> None:
    words = "This is a chat model and not supported in the v1/completions endpoint. Did you mean v1/chat/completions?"
    error = await error_of(routes(reply(404, {"error": {"message": words}}), reply(200, QWEN)))
    assert "Qwen/Qwen2.5-Coder-7B" in error.what
    assert "only chats" in error.what


@pytest.mark.parametrize(
    "refusal",
    [
        reply(
            404, {"object": "error", "message": "The model `starcoder2:3b` does not exist.", "type": "NotFoundError"}
        ),
        reply(
            404, {"error": {"message": 'model "starcoder2:3b" not found, try pulling it first', "type": "api_error"}}
        ),
        reply(400, {"error": {"message": "Invalid model name passed in model=starcoder2:3b. Call `/v1/models`"}}),
        reply(404, {"error": {"message": "No models loaded. Please load a model."}}),
        reply(404, {}),
    ],
    ids=["vLLM", "Ollama", "LiteLLM", "LM Studio", "no words"],
)
async def test_a_missing_model_is_named_with_what_there_is(refusal: Answer) -> None:
    error = await error_of(routes(refusal, reply(200, QWEN)), model="starcoder2:3b")
    assert isinstance(error, BadRequest)
    assert "has no model starcoder2:3b" in error.what
    assert "Qwen/Qwen2.5-Coder-7B" in error.mend


async def test_a_model_of_no_known_family_says_which_setting_helps() -> None:
    error = await error_of(answering([]), model="llama3.1:8b")
    assert isinstance(error, BadRequest)
    assert "llama3.1:8b" in error.what
    assert "fim_template" in error.mend


async def test_a_server_without_any_model_that_infills() -> None:
    error = await error_of(answering([], models={"data": [{"id": "llama3.1:8b"}, {"id": "phi4"}]}))
    assert "llama3.1:8b, phi4" in error.what


async def test_no_model_set_and_none_listed() -> None:
    error = await error_of(routes(stream([]), reply(404, {})))
    assert "set `model`" in error.mend.lower()


async def test_a_template_that_does_not_exist_is_refused_at_once() -> None:
    with pytest.raises(BadRequest, match="qwenn"):
        OpenAI("http://127.0.0.1:1", template="qwenn", clock=MonotonicClock())


async def test_a_suffix_that_ollama_cannot_place() -> None:
    models = {"data": [{"id": "qwen2.5-coder:7b", "owned_by": "library"}]}
    words = "registry.ollama.ai/library/qwen2.5-coder:7b does not support insert"
    error = await error_of(routes(reply(400, {"error": {"message": words}}), reply(200, models)))
    assert "fim_template" in error.mend


async def test_a_prompt_that_is_too_long() -> None:
    words = "This model's maximum context length is 2048 tokens. However, you requested 4096 tokens."
    error = await error_of(routes(reply(400, {"message": words}), reply(200, QWEN)))
    assert "context_tokens" in error.mend


async def test_a_server_started_again_with_another_model_is_found_out() -> None:
    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        name = "starcoder2-3b" if len(server.asked) > 2 else "codellama-7b"
        if asked.method == "GET":
            return await reply(200, {"data": [{"id": name}]})(asked, writer)
        if asked.json["model"] != "starcoder2-3b":
            return await reply(404, {"message": "The model does not exist."})(asked, writer)
        return await stream([piece("1", "stop"), event("[DONE]")])(asked, writer)

    async with serving(answer) as server:
        backend = infiller(server)
        with pytest.raises(BadRequest):
            async with aclosing(backend.stream(request())) as events:
                assert [each async for each in events]
        assert len(await read(backend, request())) == 2


# What `infill doctor` says.


async def test_the_check_asks_for_one_token_and_says_how() -> None:
    async with serving(answering([piece("a", "length"), event("[DONE]")])) as server:
        backend = infiller(server)
        sentence = await backend.check()
        await backend.aclose()
    assert server.asked[-1].json["max_tokens"] == 1
    assert "Qwen/Qwen2.5-Coder-7B, asked in the qwen form" in sentence


async def test_the_check_names_what_is_wrong() -> None:
    async with serving(routes(reply(404, {}), reply(200, QWEN))) as server:
        backend = infiller(server)
        with pytest.raises(BadRequest, match="only chats"):
            await backend.check()
        await backend.aclose()


@pytest.mark.parametrize("status", [401, 403])
async def test_a_key_that_is_wanted_and_was_not_sent_is_not_called_wrong(status: int) -> None:
    async with serving(routes(reply(status, {"error": "no"}), reply(200, QWEN))) as server:
        with pytest.raises(Unauthorised, match=rf"wants a key \({status}\), and none is set.*key set --base-url http"):
            await read(infiller(server), request())
        with pytest.raises(Unauthorised, match=r"(this|the) key"):
            await read(infiller(server, key=Secret("k3y")), request())
