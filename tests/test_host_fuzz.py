"""schemathesis against a host on a real socket: what the API's description allows is answered, what it does not is refused, and
nothing makes it fail. The description is the public one where it lies beside us, and always our own."""

from __future__ import annotations

import asyncio
import json
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from backends.host.access import Rules
from backends.keys import Secret
from tests.hosting import CHAT, FIM, listening, serving
from tests.wire_schemas import ROOT, public_description

KEY = "0f" * 32
ERRORS = {
    status: {"description": "refused", "content": {"application/json": {"schema": {"type": "object"}}}}
    for status in ("400", "401", "404", "405", "408", "413", "415", "503")
}


ALWAYS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
)

OF_JSON = (response_schema_conformance, content_type_conformance)
"""The description gives the events of a stream as one object, which no stream is."""


def own_description() -> dict[str, Any]:
    """The two requests as our own wire schemas have them, and answers that are objects."""
    paths = {}
    for path, name in ((FIM, "fim_request"), (CHAT, "chat_request")):
        schema = json.loads((Path(ROOT) / f"tests/wire/{name}.schema.json").read_text(encoding="utf-8"))
        schema.pop("$schema")
        content = {
            "application/json": {"schema": {"type": "object"}},
            "text/event-stream": {"schema": {"type": "string"}},
        }
        answer = {"description": "answer", "content": content}
        body = {"required": True, "content": {"application/json": {"schema": _inlined(schema)}}}
        paths[path] = {"post": {"requestBody": body, "responses": {"200": answer, "422": answer}}}
    return {"openapi": "3.1.0", "info": {"title": "own", "version": "1"}, "paths": paths}


def _inlined(schema: dict[str, Any]) -> dict[str, Any]:
    """Without `$defs`, which stand at the root of a file and not of the description."""
    known = schema.pop("$defs", {})

    def filled(part: Any) -> Any:
        if isinstance(part, dict):
            if "$ref" in part:
                return filled(known[part["$ref"].rpartition("/")[2]])
            return {key: filled(value) for key, value in part.items()}
        return [filled(each) for each in part] if isinstance(part, list) else part

    return dict(filled(schema))


def descriptions() -> dict[str, dict[str, Any]]:
    found = {"ours": own_description(), **dict(zip(("public",), public_description(), strict=False))}
    for description in found.values():
        description["paths"] = {path: description["paths"][path] for path in (FIM, CHAT)}
        for path in description["paths"].values():
            path["post"]["responses"] |= ERRORS
    return found


DESCRIPTIONS = descriptions()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A host in a thread of its own, since schemathesis waits for its replies."""
    ready, done, ports = threading.Event(), threading.Event(), list[int]()

    async def serve() -> None:
        app, _ = serving("    return a + b", rules=Rules(Secret(KEY)))
        async with listening(app) as port:
            ports.append(port)
            ready.set()
            await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(30)
    yield f"http://127.0.0.1:{ports[0]}"
    done.set()
    thread.join(30)


@pytest.mark.parametrize("path", [FIM, CHAT])
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("whose", DESCRIPTIONS)
def test_the_host_keeps_to_the_description(address: str, whose: str, mode: GenerationMode, path: str) -> None:
    operation = schemathesis.openapi.from_dict(DESCRIPTIONS[whose])[path]["POST"]
    checks = list(ALWAYS)
    if mode is GenerationMode.NEGATIVE and (whose == "public" or path == FIM):
        checks.append(
            negative_data_rejection
        )  # our own schema of a chat is narrower than the API: it is for what we send
    if mode is GenerationMode.POSITIVE and path == FIM:
        checks.append(positive_data_acceptance)  # pictures, penalties and the like are part of a chat, and not served

    @settings(
        max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate]
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if isinstance(case.body, dict) and isinstance(case.body.get("model"), str):
            case.body = {**case.body, "model": "tiny"}
        case.headers = {"Authorization": f"Bearer {KEY}"}
        response = case.call(base_url=address, timeout=30)
        streamed = response.headers["content-type"][0].startswith("text/event-stream")
        case.validate_response(response, checks=[each for each in checks if not streamed or each not in OF_JSON])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ask()
