"""The whole line in one process each: an editor's bytes in, a provider's stream behind, ghost text out."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from context.privacy import MASK
from editors.headless.self_test.endpoint import LAST_CHUNK, Asked, FaultServer, chunk, head_of, reply, serving, stream
from tests.provider import fim
from tests.raw_client import RawClient, inline, replace

SERVER = [sys.executable, "-P", "-m", "lsp_server"]
KEY = "sk-test-of-the-whole-line"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path / "home"))
    for variable in (
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "ALL_PROXY",
        "CODESTRAL_API_KEY",
    ):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    monkeypatch.setenv("INFILL_BACKEND", "mistral")
    return tmp_path / "home"


@asynccontextmanager
async def line(
    answer: Any, monkeypatch: pytest.MonkeyPatch, **params: Any
) -> AsyncIterator[tuple[RawClient, FaultServer]]:
    """A provider on loopback and a server that was told of it."""
    async with serving(answer) as provider:
        monkeypatch.setenv("INFILL_BASE_URL", provider.url)
        client = await asyncio.to_thread(RawClient, SERVER, **params)
        with client:
            yield client, provider


async def ask(client: RawClient, uri: str, at: tuple[int, int], kind: int = 1) -> list[dict[str, Any]]:
    """By hand, from a client whose numbering was shown before by an automatic request somewhere else."""
    await asyncio.to_thread(client.request, "textDocument/inlineCompletion", inline(0, 0, "file:///nowhere", 2))
    reply = await asyncio.to_thread(client.request, "textDocument/inlineCompletion", inline(*at, uri, kind))
    items: list[dict[str, Any]] = reply["result"]["items"]
    return items


async def test_what_leaves_is_the_text_around_the_cursor_to_the_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = (tmp_path / "emoji.py").as_uri()
    before, after = "smile = '😀'\r\ntotal = '😀é' + ", "\r\nprint(total)\r\n"
    async with line(stream(fim("smi", "le")), monkeypatch) as (client, provider):
        client.open(before + after, uri)
        [item] = await ask(client, uri, (1, 16))
        assert item["insertText"] == "smile"
        assert item["range"] == {"start": {"line": 1, "character": 16}, "end": {"line": 1, "character": 16}}
        [asked] = provider.asked
        assert (asked.path, asked.headers["authorization"]) == ("/v1/fim/completions", f"Bearer {KEY}")
        assert (asked.json["prompt"], asked.json["suffix"]) == (before, after)


async def test_what_is_inserted_has_the_line_ends_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = (tmp_path / "ends.py").as_uri()
    async with line(stream(fim("\n", "    return a\n")), monkeypatch) as (client, _):
        client.open("def f(a):\r\n\r\nx = 1\r\n", uri)
        [item] = await ask(client, uri, (0, 9))
        assert item["insertText"] == "\r\n    return a"


async def test_typing_through_asks_the_provider_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = (tmp_path / "through.py").as_uri()
    async with line(stream(fim("items[0]")), monkeypatch) as (client, provider):
        client.open("first = \n", uri)
        await ask(client, uri, (0, 8))
        for number, character in enumerate("item"):
            client.change(replace((0, 8 + number), (0, 8 + number), character), uri=uri, version=2 + number)
            [item] = await ask(client, uri, (0, 9 + number), kind=2)
            assert item["insertText"] == "items[0]"[number + 1 :]
        assert len(provider.asked) == 1


async def test_a_secret_is_masked_in_what_leaves_and_the_mask_is_never_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = (tmp_path / "secret.py").as_uri()
    secret = "ghp_" + "a1B2c3D4e5" * 4
    async with line(stream(fim(f"'{MASK}'")), monkeypatch) as (client, provider):
        client.open(f"token = '{secret[:40]}'\nagain = \n", uri)
        assert await ask(client, uri, (1, 8)) == []
        body = provider.asked[0].body.decode()
        assert secret[4:40] not in body and MASK in body


@pytest.mark.parametrize("name", [".env", "id_rsa", "server.pem"])
async def test_nothing_of_a_file_with_secrets_leaves(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = (tmp_path / name).as_uri()
    async with line(stream(fim("x")), monkeypatch) as (client, provider):
        client.open("API_KEY=\n", uri)
        assert await ask(client, uri, (0, 8)) == []
        assert not provider.asked


async def test_a_redirect_to_another_origin_gets_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = (tmp_path / "redirected.py").as_uri()
    async with serving(reply()) as thief:
        moved = reply(307, headers={"Location": f"{thief.url}/v1/fim/completions"})
        async with line(moved, monkeypatch) as (client, provider):
            client.open("x = \n", uri)
            assert await ask(client, uri, (0, 4)) == []
            assert provider.asked and not thief.connections


async def test_a_projects_file_cannot_choose_where_requests_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving(stream(fim("stolen"))) as thief:
        (tmp_path / ".infill.toml").write_text(f'base_url = "{thief.url}"\nlocal_only = false\n')
        uri = (tmp_path / "a.py").as_uri()
        folders = [{"uri": tmp_path.as_uri(), "name": "project"}]
        async with line(stream(fim("1")), monkeypatch, workspaceFolders=folders) as (client, provider):
            client.open("x = \n", uri)
            assert [item["insertText"] for item in await ask(client, uri, (0, 4))] == ["1"]
            assert provider.asked and not thief.connections


async def test_an_address_that_auto_does_not_ask_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MISTRAL_API_KEY")
    monkeypatch.setenv("INFILL_BACKEND", "auto")
    async with line(stream(fim("x")), monkeypatch) as (client, provider):
        status = (await asyncio.to_thread(client.request, "infill/status", None))["result"]
        assert status["health"] == "warning"
        assert status["message"].startswith("`base_url` is set (environment)")
        assert not provider.asked


async def test_a_failing_provider_is_one_status_and_no_pop_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = (tmp_path / "failing.py").as_uri()
    answer = reply(401, {"message": "Unauthorized", "request_id": "1"})
    capabilities = {"textDocument": {"inlineCompletion": {}}, "experimental": {"infill": {"status": True}}}
    async with line(answer, monkeypatch, capabilities=capabilities) as (client, _):
        client.open("x = \n", uri)
        for _ in range(3):
            assert await ask(client, uri, (0, 4)) == []
        told = await asyncio.to_thread(client.request, "infill/status", None)
        assert told["result"]["health"] == "error" and "key" in told["result"]["message"]
        assert not [message for message in client.notified if message["method"].startswith("window/showMessage")]
        assert KEY not in client.stderr.decode()


async def test_broken_settings_are_said_once_to_whoever_looks_at_no_status(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "infill").mkdir(parents=True)
    (home / "infill" / "settings.toml").write_text("model = [\n")
    async with line(stream(fim("x")), monkeypatch) as (client, _):
        for wish in ({"eagerness": "high"}, {"eagerness": "low"}, {"eagernes": "low"}, {"eagernes": "low"}):
            client.notify("workspace/didChangeConfiguration", {"settings": {"infill": wish}})
        await asyncio.to_thread(client.request, "infill/status", None)
        told = [each["params"]["message"] for each in client.notified if each["method"] == "window/showMessage"]
    assert told == [
        "Infill: settings.toml: is not valid TOML (at end of document).",
        "Infill: editor settings: eagernes: there is no such setting.",
    ]


async def test_what_was_accepted_is_in_the_ledger_and_no_text_is(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = (tmp_path / "ledger.py").as_uri()
    async with line(stream(fim("unmistakable_name")), monkeypatch) as (client, _):
        client.open("x = \n", uri)
        [item] = await ask(client, uri, (0, 4))
        command = item["command"]
        await asyncio.to_thread(
            client.request,
            "workspace/executeCommand",
            {"command": command["command"], "arguments": command["arguments"]},
        )
        assert await asyncio.to_thread(client.end) == 0
    [ledger] = home.rglob("usage.sqlite")
    with sqlite3.connect(ledger) as connection:
        assert connection.execute("SELECT verdict, accepted FROM settled").fetchall() == [("accepted", 17)]
        assert connection.execute("SELECT backend, prompt_tokens, outcome FROM asked").fetchall() == [
            ("mistral", 20, "done")
        ]
    assert not any(b"unmistakable" in path.read_bytes() for path in home.rglob("*") if path.is_file())


async def test_cancelled_requests_close_the_providers_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = (tmp_path / "cancelled.py").as_uri()
    slow = stream(fim(*["word "] * 500), pause=0.02)
    async with line(slow, monkeypatch) as (client, provider):
        client.open("x = \n", uri)
        await ask(client, "file:///nowhere", (0, 0))
        number = client.ask("textDocument/inlineCompletion", inline(0, 4, uri, 1))
        while not provider.asked:
            await asyncio.sleep(0)
        client.notify("$/cancelRequest", {"id": number})
        answered = await asyncio.to_thread(client.reply, number)
        assert answered["error"]["code"] == -32800
        while not provider.dropped:
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("typed", "said", "accepted"),
    [
        ("z", [], None),
        ("z", ["first("], None),
        ("f", ["first"], "x = first()\nprint(x)\n"),
        ("fi", [], "x = first()\nprint(x)\n"),
    ],
)
async def test_an_answer_for_a_text_that_has_gone_is_fitted_to_the_new_one_or_not_given(
    typed: str, said: list[str], accepted: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = (tmp_path / "gone.py").as_uri()
    edited = asyncio.Event()
    rest = ["first()".removeprefix("".join(said))]

    async def held(asked: Asked, writer: asyncio.StreamWriter) -> None:
        pieces = [chunk(piece) for piece in fim(*said, *rest)]
        writer.write(head_of(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}))
        writer.write(b"".join(pieces[: len(said)]))
        await edited.wait()
        writer.write(b"".join(pieces[len(said) :]) + LAST_CHUNK)

    async with line(held, monkeypatch) as (client, provider):
        client.open("x = \nprint(x)\n", uri)
        await ask(client, "file:///nowhere", (0, 0))
        number = client.ask("textDocument/inlineCompletion", inline(0, 4, uri, 1))
        while not provider.asked:
            await asyncio.sleep(0)
        client.change(replace((0, 4), (0, 4), typed), uri=uri)
        await asyncio.to_thread(client.request, "infill/status", None)
        edited.set()
        answered = await asyncio.to_thread(client.reply, number)
        if accepted is None:
            assert answered["error"]["code"] == -32800
        else:
            [item] = answered["result"]["items"]
            begin, end = item["range"]["start"]["character"], item["range"]["end"]["character"]
            now = f"x = {typed}\nprint(x)\n"
            assert now[:begin] + item["insertText"] + now[end:] == accepted
