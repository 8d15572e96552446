"""Which backend the settings come to, what is never made, and which key goes where."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from backends.api import Infiller, Text
from backends.closed import Closed
from backends.errors import BackendError, BadRequest, Unauthorised
from backends.http import Client
from backends.keys import Secret
from backends.registry import NAMES, SERVERS, BackendConfig, build
from context.clock import MonotonicClock
from context.privacy import Gate
from editors.headless.self_test.endpoint import event, serving, stream
from tests.requests import fim_request

SAYS_X = stream([event({"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}), event("[DONE]")])


@pytest.fixture(autouse=True)
def nothing_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))


def made(config: BackendConfig, **environment: str) -> Infiller:
    return build(config, roots=(), gate=Gate(), clock=MonotonicClock(), environment=environment)


async def refused(config: BackendConfig, kind: type[BackendError], *words: str, **environment: str) -> None:
    """The backend is there, is closed, and says why to `stream` and to `check`."""
    backend = made(config, **environment)
    assert isinstance(backend, Closed)
    with pytest.raises(kind) as caught:
        await anext(backend.stream(fim_request()))
    for each in words:
        assert each in str(caught.value)
    with pytest.raises(kind):
        await backend.check()
    await backend.aclose()


async def test_a_name_that_is_none() -> None:
    await refused(BackendConfig("gpt"), BadRequest, *NAMES)


@pytest.mark.parametrize("name", SERVERS)
@pytest.mark.parametrize("url", ["https://user:pw@host", "ftp://host", "https://host?x=1"])
async def test_an_address_that_is_none(name: str, url: str) -> None:
    await refused(BackendConfig(name, url), BadRequest, "base URL", "base_url")


@pytest.mark.parametrize("name", SERVERS)
async def test_local_only_makes_no_client_for_another_machine(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    clients: list[str] = []
    monkeypatch.setattr(Client, "__init__", lambda self, backend, root, **rest: clients.append(root))
    config = BackendConfig(name, "https://models.example.com", local_only=True, api_key=Secret("k"))
    await refused(config, BadRequest, "local_only", "models.example.com")
    assert clients == []


async def test_local_only_leaves_mistral_out_of_auto() -> None:
    backend = made(BackendConfig("auto", local_only=True), MISTRAL_API_KEY="m")
    assert backend.card.name == "workspace"
    await backend.aclose()


async def test_local_only_allows_a_server_on_this_machine() -> None:
    async with serving(SAYS_X) as server:
        backend = made(BackendConfig("mistral", server.url, local_only=True))
        assert Text("x") in [each async for each in backend.stream(fim_request())]
        assert not backend.card.sends
        await backend.aclose()


async def test_auto_takes_mistral_where_a_key_is_set_and_the_workspace_model_where_none_is() -> None:
    for environment, name in (({"MISTRAL_API_KEY": "m"}, "mistral"), ({}, "workspace")):
        backend = made(BackendConfig("auto"), **environment)
        assert backend.card.name == name
        assert backend.card.sends is (name == "mistral")
        await backend.aclose()


async def test_mistral_without_a_key_is_said_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(Client, "events")
    backend = made(BackendConfig("mistral"))
    for _ in range(2):
        with pytest.raises(Unauthorised, match=r"No key is set for https://api\.mistral\.ai.*infill key set"):
            await anext(backend.stream(fim_request()))
    assert backend.card.context_tokens > 0


@pytest.mark.parametrize("tail", ["", "/", "/v1", "/v1/fim/completions"])
async def test_the_environments_key_goes_to_the_address_of_the_command_line(tail: str) -> None:
    async with serving(SAYS_X) as server:
        backend = made(BackendConfig("mistral", server.url + tail), MISTRAL_API_KEY="from-environment")
        assert Text("x") in [each async for each in backend.stream(fim_request())]
        assert server.asked[0].path == "/v1/fim/completions"
        assert server.asked[0].headers["authorization"] == "Bearer from-environment"
        await backend.aclose()


async def test_a_path_in_front_is_kept() -> None:
    async with serving(SAYS_X) as server:
        backend = made(BackendConfig("mistral", f"{server.url}/mistral/v1"))
        assert Text("x") in [each async for each in backend.stream(fim_request())]
        assert server.asked[0].path == "/mistral/v1/fim/completions"
        await backend.aclose()


async def test_the_editors_key_comes_first() -> None:
    async with serving(SAYS_X) as server:
        config = BackendConfig("mistral", server.url, api_key=Secret("from-editor"))
        backend = made(config, MISTRAL_API_KEY="from-environment")
        assert Text("x") in [each async for each in backend.stream(fim_request())]
        assert server.asked[0].headers["authorization"] == "Bearer from-editor"
        await backend.aclose()


async def test_mistrals_key_does_not_go_to_another_kind_of_server() -> None:
    async with serving(SAYS_X) as server:
        for name in ("openai", "llama_cpp"):
            backend = made(BackendConfig(name, server.url, model="qwen2.5-coder"), MISTRAL_API_KEY="m")
            with suppress(BackendError):
                await backend.check()
            await backend.aclose()
        assert server.asked
        assert all("authorization" not in asked.headers for asked in server.asked)
