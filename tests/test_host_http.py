"""The host's HTTP is Mistral's: bodies as strict, answers and errors in the same shapes, and a client that goes is let go."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from backends.host.access import Rules
from backends.host.jobs import HostBroke, HostBusy, HostClosing, HostError, HostOutOfMemory, TooLong
from backends.keys import Secret
from tests.asgi import Reply, ask
from tests.hosting import CHAT, FIM, model, serving
from tests.knowing_scheduler import Scheduler, random_scores, writes
from tests.wire_schemas import public_schema

PREFIX = {"model": "tiny", "prompt": "def add(a, b):\n    ret", "suffix": "\n"}
LINE = "    return a + b"


async def test_a_completion() -> None:
    app, scheduler = serving(LINE)
    reply = await ask(
        app, "POST", FIM, {**PREFIX, "prompt_cache_key": "d", "random_seed": 3, "temperature": 0.2, "top_p": 0.9}
    )
    assert reply.status == 200
    said = reply.json
    assert (said["object"], said["model"], said["created"]) == ("chat.completion", "tiny", 1_700_000_000)
    assert said["choices"][0]["message"]["content"] == "urn a + b"
    assert said["choices"][0]["finish_reason"] == "stop"
    assert said["usage"]["total_tokens"] == said["usage"]["prompt_tokens"] + said["usage"]["completion_tokens"]
    job = scheduler.jobs[0]
    assert (job.document, job.client, job.seed, job.temperature, job.top_p, job.typing) == ("d", "d", 3, 0.2, 0.9, True)
    assert job.deadline == 60.0


async def test_a_stream_ends_as_mistrals_does() -> None:
    app, _ = serving(LINE)
    reply = await ask(app, "POST", FIM, {**PREFIX, "stream": True})
    assert reply.headers["content-type"].startswith("text/event-stream")
    first, *_, last, end = reply.events
    assert first["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert last["choices"][0]["finish_reason"] == "stop"
    assert last["usage"]["completion_tokens"] > 0
    assert end == "[DONE]"
    assert reply.text == "urn a + b"


@pytest.mark.parametrize(
    ("most", "text", "finish"), [(0, "", "length"), (1, "ur", "length"), (50, "urn a + b", "stop")]
)
async def test_limits_are_kept_and_told(most: int, text: str, finish: str) -> None:
    reply = await ask(serving(LINE)[0], "POST", FIM, {**PREFIX, "max_tokens": most})
    choice = reply.json["choices"][0]
    assert choice["finish_reason"] == finish
    assert choice["message"]["content"] == text
    assert reply.json["usage"]["completion_tokens"] <= most


@pytest.mark.parametrize("stop", ["+", ["nothing", "+"]])
async def test_stop_strings(stop: object) -> None:
    reply = await ask(serving(LINE)[0], "POST", FIM, {**PREFIX, "stop": stop})
    assert reply.json["choices"][0]["message"]["content"] == "urn a "
    assert reply.json["choices"][0]["finish_reason"] == "stop"


async def test_an_answer_that_must_not_be_empty() -> None:
    served = model()
    assert served.vocabulary.eos_id is not None
    reply = await ask(serving("")[0], "POST", FIM, {**PREFIX, "prompt": "", "min_tokens": 3, "max_tokens": 5})
    assert reply.json["usage"]["completion_tokens"] >= 3


@pytest.mark.parametrize(
    ("body", "kind", "where"),
    [
        ({**PREFIX, "n": 1}, "extra_forbidden", ["body", "n"]),
        ({"prompt": "x"}, "missing", ["body", "model"]),
        ({"model": "tiny"}, "missing", ["body", "prompt"]),
        ({**PREFIX, "temperature": 2}, "less_than_equal", ["body", "temperature"]),
        ({**PREFIX, "top_p": 0}, "greater_than", ["body", "top_p"]),
        ({**PREFIX, "max_tokens": -1}, "greater_than_equal", ["body", "max_tokens"]),
        ({**PREFIX, "max_tokens": "5"}, "int_type", ["body", "max_tokens"]),
        ({**PREFIX, "stream": "yes"}, "bool_type", ["body", "stream"]),
        ({**PREFIX, "metadata": []}, "dict_type", ["body", "metadata"]),
        (b"{", "json_invalid", ["body"]),
        (b"[]", "model_type", ["body"]),
        (b'{"model": "tiny", "prompt": "\xff"}', "json_invalid", ["body"]),
        (b"[" * 100_000, "json_invalid", ["body"]),
    ],
)
async def test_a_body_that_does_not_fit(body: object, kind: str, where: list[str]) -> None:
    reply = await ask(serving()[0], "POST", FIM, body)
    assert reply.status == 422
    entry = reply.json["detail"][0]
    assert (entry["type"], entry["loc"]) == (kind, where)
    assert set(entry) == {"type", "loc", "msg"}, "what was sent is not repeated"


@pytest.mark.parametrize(
    "message",
    [
        {"role": "user", "content": "x", "metadata": {}},
        {"role": "assistant", "content": "x", "reasoning_content": ""},
        {"role": "nobody", "content": "x"},
        {"role": "user", "content": [{"type": "image_url", "image_url": "data:"}]},
    ],
)
async def test_a_message_that_does_not_fit(message: object) -> None:
    assert (await ask(serving()[0], "POST", CHAT, {"model": "tiny", "messages": [message]})).status == 422


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (TooLong(9, 9, 9), 400, "context"),
        (HostBusy(7, 2.0), 503, "waiting"),
        (HostOutOfMemory(), 503, "memory"),
        (HostClosing(), 503, "shutting down"),
        (HostBroke("X"), 500, "ask again"),
    ],
)
async def test_what_goes_wrong_below_is_said_as_mistral_would(error: HostError, status: int, word: str) -> None:
    reply = await ask(
        serving(scheduler=Scheduler(random_scores(8), error=error))[0], "POST", FIM, {**PREFIX, "stream": True}
    )
    assert reply.status == status
    assert reply.json["object"] == "error"
    assert word in reply.json["message"]
    assert ("retry-after" in reply.headers) is (status == 503)


async def test_a_bug_is_one_sentence_without_the_text() -> None:
    def breaks(*_: object) -> Any:
        raise ValueError("secret text")

    reply = await ask(serving(scheduler=Scheduler(breaks))[0], "POST", FIM, PREFIX)
    assert reply.status == 500
    assert b"secret" not in reply.body


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("POST", "/v1/completions", 404), ("GET", FIM, 405), ("DELETE", "/v1/models/tiny", 405),
     ("GET", "/v1/models/other", 404), ("GET", "/health", 200), ("GET", "/v1/models/codestral-latest", 200)],
)  # fmt: skip
async def test_paths_and_methods(method: str, path: str, status: int) -> None:
    reply = await ask(serving()[0], method, path)
    assert reply.status == status
    assert status == 200 or reply.json["object"] == "error"


async def test_only_json_is_read() -> None:
    assert (await ask(serving()[0], "POST", FIM, PREFIX, headers={"content-type": "text/plain"})).status == 415


async def test_a_model_of_another_name() -> None:
    reply = await ask(serving()[0], "POST", FIM, {**PREFIX, "model": "gpt"})
    assert (reply.status, reply.json["type"], reply.json["code"]) == (400, "invalid_model", "1500")
    assert (await ask(serving(LINE)[0], "POST", FIM, {**PREFIX, "model": "codestral-latest"})).status == 200


async def test_the_list_of_models() -> None:
    card = (await ask(serving()[0], "GET", "/v1/models")).json["data"][0]
    assert (card["id"], card["aliases"], card["max_context_length"]) == ("tiny", ["codestral-latest"], 2048)
    assert card["capabilities"] == {"completion_chat": True, "completion_fim": True, "function_calling": False}
    plain = (await ask(serving(family="starcoder2")[0], "GET", "/v1/models")).json["data"][0]
    assert plain["capabilities"]["completion_chat"] is False
    talker = model("smollm")
    assert not talker.fills, "a chat model without tokens for a hole"
    assert replace(talker, chosen=True).fills, "the user said that it is to go on from a text"


async def until(condition: Any) -> None:
    for _ in range(200):
        if condition():
            return
        await asyncio.sleep(0)
        await asyncio.to_thread(lambda: None)
    raise AssertionError("it never came to that")


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("after", [0, 2])
async def test_a_client_that_goes_is_let_go(streaming: bool, after: int) -> None:
    """Before the first token and in the middle of the answer."""
    gate, leaves, reply = asyncio.Semaphore(0), asyncio.Event(), Reply()
    served = model()
    assert served.vocabulary.eos_id is not None
    scheduler = Scheduler(writes(served.vocabulary, LINE * 10, served.vocabulary.eos_id), gate=gate)
    app, _ = serving(scheduler=scheduler)
    asking = asyncio.create_task(ask(app, "POST", FIM, {**PREFIX, "stream": streaming}, leaves=leaves, reply=reply))
    await until(lambda: scheduler.jobs)
    for number in range(after):
        gate.release()
        await until(lambda number=number: scheduler.computed > number)
    leaves.set()
    await asyncio.wait_for(asking, 5)
    assert scheduler.cancelled == 1
    assert scheduler.computed == after
    metrics = (await ask(app, "GET", "/metrics")).body.decode()
    assert 'outcome="cancelled"' in metrics
    assert "infill_requests_active 0.0" in metrics
    assert f'infill_tokens_total{{kind="prompt"}} {len(scheduler.jobs[0].ids)}.0' in metrics
    assert f'infill_tokens_total{{kind="completion"}} {after}.0' in metrics


async def test_what_is_counted() -> None:
    app, _ = serving(LINE)
    await ask(app, "POST", FIM, PREFIX)
    await ask(app, "POST", FIM, {**PREFIX, "n": 2})
    said = (await ask(app, "GET", "/metrics")).body.decode()
    assert f'infill_requests_total{{outcome="stop",path="{FIM}"}} 1.0' in said
    assert f'infill_requests_total{{outcome="422",path="{FIM}"}} 1.0' in said
    assert f'infill_first_text_seconds_count{{path="{FIM}"}} 1.0' in said
    assert 'infill_tokens_total{kind="completion"}' in said


class TestAccess:
    GOOD = (
        ("GET", "/health"),
        ("GET", "/v1/models"),
        ("POST", FIM),
        ("POST", CHAT),
        ("OPTIONS", FIM),
        ("PUT", "/nothing"),
    )

    @pytest.mark.parametrize(("method", "path"), GOOD)
    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost", ""])
    async def test_pages_are_refused(self, method: str, path: str, origin: str) -> None:
        reply = await ask(serving()[0], method, path, headers={"origin": origin})
        assert reply.status == 403
        assert "access-control-allow-origin" not in reply.headers

    @pytest.mark.parametrize(("method", "path"), GOOD)
    @pytest.mark.parametrize(
        "host", ["evil.example", "localhost.evil.example", "", "127.0.0.1.nip.io", "localhost:1:2"]
    )
    async def test_another_name_is_refused(self, method: str, path: str, host: str) -> None:
        assert (await ask(serving()[0], method, path, headers={"host": host})).status == 403

    @pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8000", "127.0.0.1:9", "[::1]:80"])
    async def test_this_machine_by_any_of_its_names(self, host: str) -> None:
        assert (await ask(serving()[0], "GET", "/health", headers={"host": host})).status == 200

    async def test_two_names_are_refused(self) -> None:
        pairs = [("host", "localhost"), ("host", "evil.example")]
        assert (await ask(serving()[0], "GET", "/health", headers=pairs)).status == 403

    @pytest.mark.parametrize(("method", "path"), GOOD)
    @pytest.mark.parametrize("given", [None, "Bearer other", "bearer t0ken", "t0ken", "Bearer t0ken2", "Bearer "])
    async def test_without_the_token_nothing(self, method: str, path: str, given: str | None) -> None:
        app, _ = serving(rules=Rules(Secret("t0ken"), proves=True))
        headers = {} if given is None else {"authorization": given}
        assert (await ask(app, method, path, headers=headers)).status == 401

    async def test_with_the_token(self) -> None:
        app, _ = serving(rules=Rules(Secret("t0ken")))
        assert (await ask(app, "GET", "/health", headers={"authorization": "Bearer t0ken"})).status == 200

    async def test_the_proof_needs_no_token_and_gives_none(self) -> None:
        app, _ = serving(rules=Rules(Secret("t0ken"), proves=True))
        reply = await ask(app, "GET", "/infill/proof/" + "0f" * 16)
        assert reply.status == 200
        assert len(reply.json) == 64
        for path in ("/infill/proof/", "/infill/proof/xyz", "/infill/proof/" + "0" * 500):
            assert (await ask(app, "GET", path)).status == 401
        assert (await ask(app, "POST", "/infill/proof/" + "0f" * 16)).status == 401

    async def test_a_key_that_a_person_chose_is_not_proved(self) -> None:
        assert (
            await ask(serving(rules=Rules(Secret("hunter2")))[0], "GET", "/infill/proof/" + "0f" * 16)
        ).status == 401

    @pytest.mark.parametrize("told", [True, False])
    async def test_a_body_without_end(self, told: bool) -> None:
        app, _ = serving(rules=Rules(most_body=1000))
        body = json.dumps({**PREFIX, "prompt": "x" * 2000}).encode()
        headers = {"content-length": str(len(body))} if told else {}
        assert (await ask(app, "POST", FIM, body, headers=headers)).status == 413

    async def test_websockets_are_closed(self) -> None:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await serving()[0]({"type": "websocket", "headers": []}, None, send)  # type: ignore[arg-type]
        assert sent == [{"type": "websocket.close", "code": 1008}]


TALK = {"model": "tiny", "messages": [{"role": "user", "content": "x"}], "max_tokens": 4}


@pytest.mark.parametrize(
    ("path", "body", "name"), [(FIM, PREFIX, "FIMCompletionResponse"), (CHAT, TALK, "ChatCompletionResponse")]
)
async def test_answers_are_what_the_public_description_says(path: str, body: dict[str, Any], name: str) -> None:
    reply = await ask(serving(LINE)[0], "POST", path, body)
    for schema in public_schema(name):
        Draft202012Validator(schema).validate(reply.json)
