"""What `infill doctor` says of Mistral, or of a server that speaks its contract."""

from __future__ import annotations

import asyncio

import pytest

from backends.errors import BackendError, BadRequest, Unauthorised
from backends.keys import Secret
from backends.mistral import Mistral, Persona
from backends.running_host import FILLS_NOT
from editors.headless.self_test.endpoint import Answer, Asked, event, reply, serving, stream
from tests.fake_clock import FakeClock

COMPLETES = stream([event({"choices": [{"delta": {"content": "a"}, "finish_reason": "length"}]}), event("[DONE]")])
CODESTRAL = {
    "id": "codestral-2508",
    "aliases": ["codestral-latest"],
    "capabilities": {"completion_fim": True},
    "max_context_length": 256_000,
}
SMALL = {"id": "mistral-small-2603", "capabilities": {"completion_fim": False}}


async def said(
    completions: Answer, models: Answer, *, model: str = "", key: str = "k", persona: Persona | None = None
) -> str:
    """The sentence of a check, or its error's, with the server's address taken out."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        await (models if asked.method == "GET" else completions)(asked, writer)

    async with serving(answer) as server:
        mistral = Mistral(
            server.url, key=Secret(key) if key else None, clock=FakeClock(), model=model, persona=persona or Persona()
        )
        try:
            return (await mistral.check()).replace(server.url, "URL")
        finally:
            await mistral.aclose()


async def test_a_model_is_named_with_what_it_reads() -> None:
    assert await said(COMPLETES, reply(200, {"data": [SMALL, CODESTRAL]})) == (
        "URL completes code, in 0 ms for one token; the model is codestral-latest (codestral-2508), "
        "which reads up to 256,000 tokens."
    )


async def test_a_model_that_will_be_retired() -> None:
    old = CODESTRAL | {"deprecation": "2027-01-31T12:00:00Z", "deprecation_replacement_model": "codestral-2612"}
    sentence = await said(COMPLETES, reply(200, {"data": [old]}), model="codestral-2508")
    assert sentence.endswith("It is retired on 2027-01-31; set `model` to codestral-2612.")


@pytest.mark.parametrize("models", [reply(404), reply(200, "<html>", kind="text/html"), reply(200, []), reply(200, 7)])
async def test_a_server_without_a_list_of_models(models: Answer) -> None:
    assert (await said(COMPLETES, models)).endswith("the model is codestral-latest.")


async def test_rows_of_the_list_that_make_no_sense() -> None:
    odd = {"id": "codestral-latest", "aliases": 7, "capabilities": [], "max_context_length": "x", "deprecation": None}
    assert (await said(COMPLETES, reply(200, [None, {}, odd]))).endswith("the model is codestral-latest.")


async def test_a_model_that_does_not_fill_in_names_one_that_does() -> None:
    with pytest.raises(BadRequest, match=r"does not fill in the middle.*one that does: codestral-2508"):
        await said(COMPLETES, reply(200, {"data": [SMALL, CODESTRAL]}), model="mistral-small-2603")


async def test_a_host_whose_model_only_goes_on_says_what_that_is_and_how_to_want_it() -> None:
    with pytest.raises(BadRequest, match=r"goes on from the text before the cursor.*--fim prefix"):
        await said(COMPLETES, reply(200, {"data": [SMALL]}), model=SMALL["id"], persona=Persona(fills_not=FILLS_NOT))


async def test_a_model_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(BadRequest, match=r"It has codestral-2508\."):
        await said(reply(404, {"message": "gone"}), reply(200, {"data": [SMALL, CODESTRAL]}), model="codestral-2405")


async def test_a_key_that_is_asked_for_and_not_set() -> None:
    with pytest.raises(Unauthorised, match=r"wants a key \(401\), and none is set.*infill key set"):
        await said(reply(401), reply(401), key="")


async def test_a_limit_is_said_although_the_list_answers() -> None:
    with pytest.raises(BackendError, match="plan"):
        await said(reply(429, headers={"x-ratelimit-limit-req-minute": "0"}), reply(200, {"data": [CODESTRAL]}))
