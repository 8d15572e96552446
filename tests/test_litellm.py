"""LiteLLM's proxy, in front of Mistral's API and of a server of one's own. The replies are what version 1.106.2 sent to these
backends when they ran against it; only ids and times are cut."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from backends.address import root_of
from backends.api import Done, FimRequest, Finish, Infiller, Text, Usage
from backends.errors import BackendError, BadRequest, Unauthorised
from backends.keys import Secret
from backends.mistral import Mistral
from backends.openai import OpenAI
from context.clock import MonotonicClock
from context.privacy import Cleared, FimContext
from editors.headless.self_test.endpoint import Answer, Asked, reply, serving, stream

REQUEST = FimRequest(FimContext("a.py", "python", Cleared("def f():\n    return "), Cleared("\n")), max_tokens=2)
KEY = Secret("sk-1234")

ROUTED = [
    b'data: {"object":"text_completion","model":"tiny","choices":[{"index":0,"text":"5"}]}\n\n',
    b'data: {"object":"text_completion","model":"tiny","choices":[{"index":0,"text":"v"}]}\n\n',
    b'data: {"object":"text_completion","model":"tiny","choices":[{"finish_reason":"length","index":0}]}\n\n',
    b'data: {"object":"text_completion","model":"tiny","choices":[{"index":0}],"usage":{"completion_tokens":2,'
    b'"prompt_tokens":2,"total_tokens":4,"prompt_tokens_details":{"cached_tokens":1}}}\n\n',
    b"data: [DONE]\n\n",
]
TO_MISTRAL = [
    b'data: {"choices":[{"index":0,"text":""}],"usage":{"completion_tokens":0,"prompt_tokens":0,"total_tokens":0}}\n\n',
    b'data: {"choices":[{"index":0,"text":"a + "}],"usage":{"completion_tokens":0,"prompt_tokens":0,"total_tokens":0}}\n\n',
    b'data: {"choices":[{"index":0,"text":"b"}],"usage":{"completion_tokens":0,"prompt_tokens":0,"total_tokens":0}}\n\n',
    b'data: {"choices":[{"finish_reason":"stop","index":0}],"usage":{"completion_tokens":0,"prompt_tokens":0}}\n\n',
    b"data: [DONE]\n\n",
]
PASSED_THROUGH = [
    b'data: {"choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": null}], "usage": null}\n\n',
    b'data: {"choices": [{"index": 0, "delta": {"content": "a + "}, "finish_reason": null}], "usage": null}\n\n',
    b'data: {"choices": [{"index": 0, "delta": {"content": "b"}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 19, '
    b'"completion_tokens": 4, "total_tokens": 23}}\n\n',
    b"data: [DONE]\n\n",
]
MODELS = {"data": [{"id": "tiny", "object": "model", "owned_by": "openai"}], "object": "list"}
MASTER_KEY_ALONE = {"error": {"message": "No connected db.", "type": "no_db_connection", "param": None, "code": "400"}}
NO_SUCH_MODEL = {
    "error": {
        "message": "400: {'error': '/completions: Invalid model name passed in model=nope. Call `/v1/models` to view "
        "available models for your key.'}",
        "type": "None",
        "param": "None",
        "code": "400",
    }
}


def proxy(answers: dict[str, Answer]) -> Answer:
    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await answers.get(asked.path, reply(404, {"detail": "Not Found"}))(asked, writer)

    return answer


async def read(backend: Infiller) -> tuple[str, Done]:
    try:
        async with aclosing(backend.stream(REQUEST)) as events:
            found = [event async for event in events]
    finally:
        await backend.aclose()
    end = found.pop()
    assert isinstance(end, Done)
    return "".join(piece.text for piece in found if isinstance(piece, Text)), end


def mistral(url: str) -> Infiller:
    return Mistral(root_of(url), key=KEY, clock=MonotonicClock())


def openai(url: str, model: str) -> Infiller:
    return OpenAI(root_of(url), model=model, key=KEY, template="qwen", clock=MonotonicClock())


@pytest.mark.parametrize("ending", ["/mistral", "/mistral/", "/mistral/v1", "/mistral/v1/fim/completions"])
async def test_mistrals_contract_passes_through_below_a_path(ending: str) -> None:
    async with serving(proxy({"/mistral/v1/fim/completions": stream(PASSED_THROUGH)})) as server:
        found = await read(mistral(server.url + ending))
    assert found == ("a + b", Done(Finish.STOP, Usage(19, 4)))
    assert server.asked[-1].headers["authorization"] == "Bearer sk-1234"


async def test_mistrals_contract_asked_without_the_path_says_where_it_is() -> None:
    async with serving(proxy({})) as server:
        with pytest.raises(BadRequest, match="ends in /mistral"):
            await read(mistral(server.url))


async def test_a_model_of_ones_own_behind_the_proxy() -> None:
    async with serving(proxy({"/v1/models": reply(200, MODELS), "/v1/completions": stream(ROUTED)})) as server:
        found = await read(openai(server.url, "tiny"))
    assert found == ("5v", Done(Finish.LENGTH, Usage(2, 2, 1)))


async def test_its_own_route_to_mistral_takes_prompt_and_suffix_apart() -> None:
    name = "text-completion-codestral/codestral-latest"
    async with serving(proxy({"/v1/models": reply(200, MODELS), "/v1/completions": stream(TO_MISTRAL)})) as server:
        backend = OpenAI(server.url, model=name, key=KEY, clock=MonotonicClock())
        text, end = await read(backend)
    assert (text, end.finish, end.usage.estimated) == ("a + b", Finish.STOP, True)
    body = server.asked[-1].json
    assert (body["prompt"], body["suffix"]) == ("def f():\n    return ", "\n")


@pytest.mark.parametrize(
    ("body", "expected", "words"),
    [
        (MASTER_KEY_ALONE, Unauthorised, "does not accept the key"),
        (NO_SUCH_MODEL, BadRequest, "has no model nope. It offers tiny"),
    ],
    ids=["wrong key", "no such model"],
)
async def test_its_refusals_are_understood(body: object, expected: type[BackendError], words: str) -> None:
    async with serving(proxy({"/v1/models": reply(200, MODELS), "/v1/completions": reply(400, body)})) as server:
        with pytest.raises(expected, match=words):
            await read(openai(server.url, "nope"))
