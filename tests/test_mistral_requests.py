"""What is sent to Mistral: exactly the fields that its strict API takes, and nothing that betrays the user."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from backends.api import FimRequest
from backends.keys import Secret
from backends.mistral import Mistral, body_of, prompt_of
from context.clock import MonotonicClock
from editors.headless.self_test.endpoint import event, serving, stream
from tests.requests import fim_request
from tests.wire_schemas import fim_request_validators

SALT = b"salt of one process"
VALIDATORS = fim_request_validators()
END = [event({"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}), event("[DONE]")]


async def sent(*requests: FimRequest) -> list[dict[str, object]]:
    """The bodies that arrive at a server for these requests."""
    async with serving(stream(END)) as server:
        mistral = Mistral(server.url, key=Secret("k"), clock=MonotonicClock())
        for request in requests:
            async for _ in mistral.stream(request):
                pass
        await mistral.aclose()
        return [asked.json for asked in server.asked]


@pytest.mark.parametrize("validator", VALIDATORS.values(), ids=VALIDATORS.keys())
@given(
    st.builds(
        fim_request,
        prefix=st.text(max_size=50),
        suffix=st.text(max_size=50),
        path=st.text(min_size=1, max_size=20),
        excerpts=st.lists(st.tuples(st.text(max_size=9), st.text(max_size=20)), max_size=3).map(tuple),
        model=st.sampled_from(["", "codestral-2508"]),
        max_tokens=st.integers(0, 4096),
        stop=st.lists(st.text(min_size=1, max_size=5), max_size=3).map(tuple),
        temperature=st.none() | st.floats(-1, 3),
        seed=st.none() | st.integers(-(2**31), 2**31),
    )
)
def test_every_body_fits_the_schema(validator: Draft202012Validator, request: FimRequest) -> None:
    validator.validate(body_of(request, "codestral-latest", SALT))


@pytest.mark.parametrize("validator", VALIDATORS.values(), ids=VALIDATORS.keys())
@pytest.mark.parametrize("field", ["n", "seed", "logprobs", "stream_options", "max_completion_tokens", "user"])
def test_the_schema_refuses_what_the_service_refuses(validator: Draft202012Validator, field: str) -> None:
    assert not validator.is_valid({"model": "m", "prompt": "p", field: 1})


async def test_bodies_as_they_arrive() -> None:
    plain, full = await sent(
        fim_request(temperature=None),
        fim_request("a = ", "\n", excerpts=(("b.py", "b = 1"),), model="m", stop=("\n\n",), temperature=0.2, seed=7),
    )
    for validator in VALIDATORS.values():
        validator.validate(plain)
        validator.validate(full)
    assert set(plain) == {"model", "prompt", "suffix", "max_tokens", "stream", "prompt_cache_key"}
    assert (plain["model"], plain["stream"]) == ("codestral-latest", True)
    assert (full["model"], full["random_seed"], full["temperature"]) == ("m", 7, 0.2)
    assert full["stop"] == ["\n\n", "\n+++++ "]


def test_a_prompt_of_several_files() -> None:
    request = fim_request("a = ", path="src/a.py", excerpts=(("src/b.py", "b = 1\n"), ("src/c.py", "c = 2\n")))
    assert prompt_of(request.context) == "+++++ src/b.py\nb = 1\n\n\n+++++ src/c.py\nc = 2\n\n\n+++++ src/a.py\na = "


def test_a_prompt_of_one_file_has_no_header() -> None:
    assert prompt_of(fim_request("a = ").context) == "a = "


def test_the_cache_key_is_the_documents_and_tells_nothing_of_it() -> None:
    keys = [
        body_of(fim_request(path=path), "m", salt)["prompt_cache_key"]
        for path, salt in (("src/a.py", SALT), ("src/a.py", SALT), ("src/b.py", SALT), ("src/a.py", b"another"))
    ]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3
    assert "a.py" not in keys[0]


async def test_a_lone_surrogate_from_an_editor_does_not_break_the_request() -> None:
    (body,) = await sent(fim_request("x = '\ud83c'"))
    assert body["prompt"] == "x = '?'"


async def test_the_key_and_no_more_than_needed_goes_in_the_headers() -> None:
    async with serving(stream(END)) as server:
        mistral = Mistral(server.url, key=Secret("k"), clock=MonotonicClock())
        async for _ in mistral.stream(fim_request()):
            pass
        await mistral.aclose()
        (asked,) = server.asked
    assert asked.path == "/v1/fim/completions"
    assert asked.headers["authorization"] == "Bearer k"
    assert asked.headers["accept-encoding"] == "identity"
    assert asked.headers["accept"] == "text/event-stream"
    assert set(asked.headers) <= {
        *("host", "connection", "content-type", "content-length", "user-agent"),
        *("authorization", "accept-encoding", "accept"),
    }
    json.loads(asked.body)
