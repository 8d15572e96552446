"""A running model host is found where only this user can have put it, and used as its file says."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from backends import discovery, private_file
from backends.api import Text
from backends.discovery import Host, NoHost
from backends.errors import BackendError, Unreachable
from backends.keys import Secret
from backends.running_host import RunningHost
from backends.to_host import ToHost
from backends.wiring import Wiring
from context.clock import MonotonicClock
from editors.headless.self_test.endpoint import Answer, Asked, event, reply, serving, stream
from tests.requests import fim_request

SAYS = stream([event({"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}), event("[DONE]")])


async def a_host(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """Proves that it knows the token, and completes with x."""
    nonce = asked.path.removeprefix("/infill/proof/")
    await (SAYS if nonce == asked.path else reply(200, discovery.proof(Secret("t0ken"), nonce).join('""')))(
        asked, writer
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "infill"
    made.mkdir(mode=0o700)
    return made


def on_port(port: int = 4000) -> Host:
    return Host(pid=os.getpid(), model="tiny", context_tokens=4096, port=port, token=Secret("t0ken"))


def refused(folder: Path, *words: str) -> None:
    with pytest.raises(NoHost) as caught:
        discovery.find(folder)
    for each in words:
        assert each in str(caught.value)


def test_what_is_announced_is_found(folder: Path) -> None:
    discovery.announce(on_port(), folder)
    assert discovery.find(folder) == on_port()
    on_socket = Host(os.getpid(), "tiny", 4096, socket=folder / "host.sock")
    discovery.announce(on_socket, folder)
    assert discovery.find(folder) == on_socket
    slow = replace(on_socket, quick_tokens=768)
    discovery.announce(slow, folder)
    assert discovery.find(folder) == slow


def test_a_token_is_made_where_none_is_given(folder: Path) -> None:
    discovery.announce(Host(os.getpid(), "tiny", 4096, port=4000), folder)
    token = discovery.find(folder).token
    assert token is not None
    assert len(token.reveal()) == 64


def test_everything_is_this_users_alone(folder: Path) -> None:
    discovery.announce(on_port(), folder)
    assert {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()} == {
        "host.json": 0o600,
        "host.token": 0o600,
    }


def test_the_token_is_not_in_the_announcement(folder: Path) -> None:
    discovery.announce(on_port(), folder)
    assert "t0ken" not in (folder / "host.json").read_text()


def test_after_withdrawal_there_is_none(folder: Path) -> None:
    discovery.announce(on_port(), folder)
    discovery.withdraw(folder)
    refused(folder, "No model host is running")
    discovery.withdraw(folder)


def test_a_folder_that_others_may_enter(folder: Path) -> None:
    discovery.announce(on_port(), folder)
    folder.chmod(0o755)
    refused(folder, "not trusted", f"chmod 700 {folder}")
    with pytest.raises(private_file.NotPrivate):
        discovery.announce(on_port(), folder)


@pytest.mark.parametrize("name", ["host.json", "host.token"])
def test_a_file_that_others_may_read(folder: Path, name: str) -> None:
    discovery.announce(on_port(), folder)
    (folder / name).chmod(0o640)
    refused(folder, "not trusted", name)


@pytest.mark.parametrize("name", ["host.json", "host.token"])
def test_a_link_in_place_of_a_file(folder: Path, tmp_path: Path, name: str) -> None:
    discovery.announce(on_port(), folder)
    (folder / name).rename(tmp_path / name)
    (folder / name).symlink_to(tmp_path / name)
    refused(folder, "not trusted", "link")


def test_a_folder_that_is_a_link(folder: Path, tmp_path: Path) -> None:
    discovery.announce(on_port(), folder)
    (tmp_path / "link").symlink_to(folder)
    refused(tmp_path / "link", "not a folder")


def test_a_host_that_has_died(folder: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    discovery.announce(Host(gone.pid, "tiny", 4096, port=4000, token=Secret("t")), folder)
    refused(folder, "has ended")


@pytest.mark.parametrize(
    "change",
    [
        {"protocol": 2},
        {"port": 0},
        {"port": 70_000},
        {"port": "x"},
        {"token_file": "../host.token"},
        {"token_file": "/etc/passwd"},
        {"token_file": "missing"},
        {"socket": "/tmp/host.sock"},
        {"pid": None},
        {"context_tokens": []},
    ],
)
def test_an_announcement_that_makes_no_sense(folder: Path, change: dict[str, object]) -> None:
    discovery.announce(on_port(), folder)
    file = folder / "host.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    refused(folder)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", "7", '"text"', "[" * 50_000])
def test_an_announcement_that_is_none(folder: Path, content: str) -> None:
    discovery.announce(on_port(), folder)
    (folder / "host.json").write_text(content)
    refused(folder)


async def said_by(host: RunningHost) -> list[str]:
    return [event.text async for event in host.stream(fim_request()) if isinstance(event, Text)]


async def test_a_host_is_asked_on_its_port_with_its_token(folder: Path) -> None:
    async with serving(a_host) as server:
        discovery.announce(on_port(server.port), folder)
        host = RunningHost(ToHost(clock=MonotonicClock(), wiring=Wiring(), folder=folder))
        assert await said_by(host) == ["x"]
        assert (host.card.sends, host.card.model, host.card.context_tokens) == (False, "tiny", 4096)
        proof, completion = server.asked
        assert "authorization" not in proof.headers
        assert completion.headers["authorization"] == "Bearer t0ken"
        assert completion.json["model"] == "tiny"
        await host.aclose()


@pytest.mark.parametrize(
    "answer", [reply(200, '"0000"'), reply(200, "7"), reply(404), reply(200, "<p>", kind="text/html")]
)
async def test_another_program_at_the_hosts_port_gets_neither_token_nor_text(folder: Path, answer: Answer) -> None:
    async with serving(answer) as stranger:
        discovery.announce(on_port(stranger.port), folder)
        host = RunningHost(ToHost(clock=MonotonicClock(), wiring=Wiring(), folder=folder))
        for _ in range(2):
            with pytest.raises(BackendError):
                await said_by(host)
        assert all(asked.method == "GET" and "authorization" not in asked.headers for asked in stranger.asked)
        await host.aclose()


async def test_a_proof_is_asked_for_once(folder: Path) -> None:
    async with serving(a_host) as server:
        discovery.announce(on_port(server.port), folder)
        host = RunningHost(ToHost(clock=MonotonicClock(), wiring=Wiring(), folder=folder))
        for _ in range(3):
            assert await said_by(host) == ["x"]
        assert [asked.method for asked in server.asked] == ["GET", "POST", "POST", "POST"]
        await host.aclose()


async def test_a_host_is_asked_on_its_socket(folder: Path) -> None:
    socket = folder / "host.sock"
    async with serving(a_host, path=str(socket)) as server:
        discovery.announce(Host(os.getpid(), "tiny", 4096, socket=socket), folder)
        host = RunningHost(ToHost(clock=MonotonicClock(), wiring=Wiring(), folder=folder))
        assert await said_by(host) == ["x"]
        assert "authorization" not in server.asked[0].headers
        await host.aclose()


async def test_a_host_may_come_move_and_go_while_the_editor_runs(folder: Path) -> None:
    host = RunningHost(ToHost(clock=MonotonicClock(), wiring=Wiring(), folder=folder))
    assert not host.is_there
    with pytest.raises(Unreachable, match="choose another backend"):
        await said_by(host)
    for _ in range(2):
        async with serving(a_host) as server:
            discovery.announce(on_port(server.port), folder)
            assert host.is_there
            assert await said_by(host) == ["x"]
    discovery.withdraw(folder)
    assert not host.is_there
    await host.aclose()
