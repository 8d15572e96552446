"""Talking to servers: what is sent fits Mistral's strict form, and what comes is read however it is cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from backends import chat_body
from backends.api import Calls, ChatRequest, Chatter, Done, Finish, Role, Text, ToolCall, Usage
from backends.errors import BackendError, BadReply, BadRequest, QuotaSpent, RateLimited, Unauthorised
from backends.keys import Secret
from backends.mistral_chat import MistralChat
from backends.openai_chat import OpenAIChat
from backends.registry import NAMES, BackendConfig, chatter
from backends.scripted_chat import ScriptedChatter
from context.clock import MonotonicClock
from context.privacy import Cleared
from editors.headless.self_test.endpoint import Answer, Asked, event, reply, serving, stream
from tests.chat_requests import FINDINGS, READ, answer_of, call_of, chat_request, chunk, message
from tests.wire_schemas import chat_request_validators

VALIDATORS = chat_request_validators()
FULL = chat_request(
    message(Role.SYSTEM, "s"),
    message(Role.USER, "u"),
    message(Role.ASSISTANT, "", ToolCall("c1", "read_lines", '{"path": "a.py"}')),
    message(Role.TOOL, "found", call_id="c1"),
    schema=FINDINGS,
    prediction=Cleared("def f(): ..."),
    tools=(READ,),
    model="codestral-2508",
)


def mistral(url: str) -> MistralChat:
    return MistralChat(url, key=Secret("k"), clock=MonotonicClock())


def openai(url: str) -> OpenAIChat:
    return OpenAIChat(url, model="m", clock=MonotonicClock())


async def talk(backend: Chatter, request: ChatRequest) -> list[Text | Calls | Done]:
    try:
        return [each async for each in backend.chat(request)]
    finally:
        await backend.aclose()


async def answered(answer: Answer, request: ChatRequest | None = None) -> list[Text | Calls | Done]:
    async with serving(answer) as server:
        return await talk(mistral(server.url), request or chat_request())


@pytest.mark.parametrize("name", VALIDATORS)
@settings(deadline=None, max_examples=40)
@given(
    texts=st.lists(st.text(max_size=30), min_size=1, max_size=4),
    tokens=st.integers(0, 9000),
    temperature=st.none() | st.floats(-1, 3),
    streamed=st.booleans(),
    schema=st.sampled_from([None, FINDINGS]),
    tools=st.sampled_from([(), (READ,)]),
    prediction=st.none() | st.text(max_size=20),
)
def test_every_body_fits_the_strict_schema(
    name: str, texts: list[str], tokens: int, prediction: str | None, **fields: Any
) -> None:
    messages = [
        message(role, text)
        for role, text in zip((Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.USER), texts, strict=False)
    ]
    request = chat_request(
        *messages, max_tokens=tokens, prediction=None if prediction is None else Cleared(prediction), **fields
    )
    VALIDATORS[name].validate(chat_body.mistral(request, "codestral-latest", predicts=True))


@pytest.mark.parametrize("validator", VALIDATORS.values(), ids=VALIDATORS.keys())
def test_a_conversation_with_tools_fits_the_strict_schema(validator: Draft202012Validator) -> None:
    body = chat_body.mistral(FULL, "m", predicts=True)
    validator.validate(body)
    assert {"prediction", "response_format", "tools"} <= set(body)


@pytest.mark.parametrize("validator", VALIDATORS.values(), ids=VALIDATORS.keys())
@pytest.mark.parametrize("field", ["stream_options", "seed", "user", "store", "max_completion_tokens", "logprobs"])
def test_the_schema_refuses_what_the_service_refuses(validator: Draft202012Validator, field: str) -> None:
    assert not validator.is_valid({"model": "m", "messages": [{"role": "user", "content": "x"}], field: 1})


@pytest.mark.parametrize("validator", VALIDATORS.values(), ids=VALIDATORS.keys())
async def test_the_body_as_it_arrives_fits_too(validator: Draft202012Validator) -> None:
    async with serving(stream(answer_of("x"))) as server:
        await talk(mistral(server.url), FULL)
        validator.validate(server.asked[0].json)
        assert server.asked[0].path == "/v1/chat/completions"


async def test_a_streamed_answer_keeps_the_text_of_its_last_chunk() -> None:
    *texts, done = await answered(stream(answer_of("Be", "cause", ".")))
    assert "".join(each.text for each in texts if isinstance(each, Text)) == "Because."
    assert done == Done(Finish.STOP, Usage(prompt=30, completion=3))


async def test_an_answer_that_comes_whole() -> None:
    whole = {"choices": [{"message": {"role": "assistant", "content": "All."}, "finish_reason": "length"}]}
    text, done = await answered(reply(200, whole), chat_request(streamed=False))
    assert text == Text("All.")
    assert isinstance(done, Done) and done.finish is Finish.LENGTH and done.usage.estimated


@pytest.mark.parametrize(
    "pieces",
    [
        call_of("read_lines", '{"path": "a.py"}'),
        [
            chunk(
                {"tool_calls": [{"id": "call1", "function": {"name": "read_lines", "arguments": {"path": "a.py"}}}]},
                "tool_calls",
            )
        ],
        [
            chunk({"tool_calls": [{"index": 0, "id": "call1", "function": {"name": "read_lines", "arguments": ""}}]}),
            *(
                chunk({"tool_calls": [{"index": 0, "id": "", "function": {"arguments": part}}]})
                for part in '{"path": "a.py"}'
            ),
            event("[DONE]"),
        ],
    ],
    ids=["in two pieces", "whole, as an object", "character by character"],
)
async def test_a_tool_call_is_put_together(pieces: list[bytes]) -> None:
    calls, done = await answered(stream([*pieces, *([] if b"DONE" in pieces[-1] else [event("[DONE]")])]))
    assert isinstance(done, Done) and isinstance(calls, Calls)
    [call] = calls.calls
    assert (call.id, call.name, json.loads(call.arguments)) == ("call1", "read_lines", {"path": "a.py"})


async def test_two_calls_side_by_side() -> None:
    pieces = [
        {"index": number, "id": f"c{number}", "function": {"name": name, "arguments": "{}"}}
        for number, name in enumerate(["read_lines", "search_text"])
    ]
    calls, _ = await answered(stream([chunk({"tool_calls": pieces}, "tool_calls"), event("[DONE]")]))
    assert isinstance(calls, Calls)
    assert [(call.id, call.name) for call in calls.calls] == [("c0", "read_lines"), ("c1", "search_text")]


@pytest.mark.parametrize("calls", [["x"], [{"function": None}], [3], [{"id": "a"}]])
async def test_a_call_that_is_none_is_a_bad_reply(calls: Any) -> None:
    with pytest.raises(BadReply):
        await answered(stream([chunk({"tool_calls": calls}), event("[DONE]")]))


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(401, {"message": "Unauthorized"}), Unauthorised),
        (reply(429, {"message": "slow down"}), RateLimited),
        (reply(429, {}, headers={"x-ratelimit-limit-req-minute": "0"}), QuotaSpent),
        (reply(400, {"type": "invalid_model", "message": "Invalid model: m"}), BadRequest),
        (reply(500, {}), BadReply),
        (reply(200, "<html>", kind="text/html"), BadReply),
        (stream([event("{")]), BadReply),
    ],
)
async def test_a_refusal_says_what_to_do(answer: Answer, kind: type[BackendError]) -> None:
    with pytest.raises(kind) as caught:
        await answered(answer)
    assert caught.value.mend


async def test_a_key_that_is_wanted_and_was_not_sent_is_not_called_wrong() -> None:
    async with serving(reply(401, {"message": "Unauthorized"})) as server:
        with pytest.raises(Unauthorised, match=r"wants a key \(401\), and none is set"):
            await talk(MistralChat(server.url, key=None, clock=MonotonicClock()), chat_request())


async def test_nothing_is_sent_without_a_key() -> None:
    with pytest.raises(Unauthorised):
        await talk(MistralChat(key=None, clock=MonotonicClock()), chat_request())


def test_the_smallest_default_model_that_the_prompt_fits_is_taken() -> None:
    backend = MistralChat(key=None, clock=MonotonicClock())
    long = chat_request(message(Role.USER, "x" * 500_000))
    assert backend.card(chat_request()).model == "codestral-latest"
    assert backend.card(long).model == "mistral-small-latest"
    assert MistralChat(key=None, clock=MonotonicClock(), model="mine").card(long).model == "mine"


async def test_a_prediction_goes_only_to_a_model_that_takes_one() -> None:
    async with serving(stream(answer_of("x"))) as server:
        for model in ("codestral-latest", "mistral-large-latest"):
            await talk(mistral(server.url), chat_request(prediction=Cleared("old"), model=model))
        assert ["prediction" in asked.json for asked in server.asked] == [True, False]


async def test_a_server_that_takes_no_schema_is_asked_without_one() -> None:
    async def answer(asked: Asked, writer: Any) -> None:
        refuses = "response_format" in asked.json or "stream_options" in asked.json
        field = "response_format" if "response_format" in asked.json else "stream_options"
        wrong = reply(400, {"error": {"message": f"unsupported field {field}"}})
        await (wrong if refuses else stream(answer_of('{"n": 1}')))(asked, writer)

    async with serving(answer) as server:
        text, _ = await talk(openai(server.url), chat_request(schema=FINDINGS))
        assert text == Text('{"n": 1}')
        asked = [sorted(one.json) for one in server.asked if one.path.endswith("completions")]
        assert len(asked) == 3 and "response_format" not in asked[-1]


async def test_a_server_that_only_completes_is_named_as_such() -> None:
    async with serving(reply(404, {"detail": "Not Found"})) as server:
        with pytest.raises(BadRequest, match="cannot talk"):
            await talk(openai(server.url), chat_request())


async def test_the_first_listed_model_is_asked_where_none_is_set() -> None:
    async def answer(asked: Asked, writer: Any) -> None:
        listed = reply(200, {"data": [{"id": "qwen3", "max_model_len": 32768}]})
        await (listed if asked.path.endswith("models") else stream(answer_of("x")))(asked, writer)

    async with serving(answer) as server:
        backend = OpenAIChat(server.url, clock=MonotonicClock())
        await talk(backend, chat_request())
        assert (server.asked[-1].json["model"], backend.card().context_tokens) == ("qwen3", 32768)


@pytest.mark.parametrize("name", NAMES)
def test_the_registry_says_who_can_talk(name: str) -> None:
    talks = {"mistral", "openai", "llama_cpp", "scripted"}
    try:
        chatter(BackendConfig(name=name), clock=MonotonicClock(), environment={})
        assert name in talks
    except BackendError as error:
        assert name not in talks and "infill key set" in error.mend


def test_with_a_key_auto_talks_to_mistral() -> None:
    talking = chatter(BackendConfig(name="auto"), clock=MonotonicClock(), environment={"MISTRAL_API_KEY": "k"})
    assert talking.card().name == "mistral" and talking.card().sends


def test_local_only_talks_to_nobody_else() -> None:
    config = BackendConfig(name="mistral", local_only=True)
    with pytest.raises(BadRequest, match="local_only"):
        chatter(config, clock=MonotonicClock(), environment={"MISTRAL_API_KEY": "k"})


async def test_closing_a_scripted_answer_ends_it() -> None:
    backend = ScriptedChatter([["a", "b"]], MonotonicClock())
    answer = backend.chat(chat_request())
    assert await anext(answer) == Text("a")
    await answer.aclose()
    assert backend.open == 0
