"""A thousand planted secrets, and none of them anywhere: not in what is sent, logged, kept on disk, or told when it crashes."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import pytest

from context.privacy import MASK
from context.token_shapes import SHAPES
from editors.headless.self_test.endpoint import Asked, FaultServer, reply, stream
from tests.endpoint import endpoint
from tests.planted import PLACES, token
from tests.provider import fim
from tests.raw_client import RawClient, inline, replace
from tests.shell import new_user

KEY = "sk-canary-of-the-users-own-key"
FORMATS = tuple(islice(cycle(SHAPES), 100))
COMMAND = [sys.executable, "-P", "-m", "editors.headless", "lsp", "--log-level", "debug", "--set", "audit=true"]


def planted(place: str) -> list[tuple[str, str]]:
    """A line of code with a secret for each of the hundred formats, and the part of the secret that nobody may see."""
    return [
        (PLACES[place].format(secret := token(template, number)), (secret.partition("=")[2] or secret)[-16:])
        for number, (_, template) in enumerate(FORMATS)
    ]


SECRETS = {place: planted(place) for place in PLACES}


def code(place: str, name: str) -> str:
    """A module whose names say which file it is, so that one sees whether it was shown at all."""
    lines = [f"def {name}_{number}(value):\n    # {line}\n" for number, (line, _) in enumerate(SECRETS[place])]
    return "".join(lines)


@dataclass(frozen=True)
class Leftovers:
    """Everything a session left behind: bodies that were sent, standard error, files below the user's home."""

    bodies: bytes
    errors: bytes
    kept: bytes


@pytest.fixture(scope="module")
def leftovers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leftovers]:
    folder = tmp_path_factory.mktemp("canaries")
    with pytest.MonkeyPatch.context() as patch, endpoint() as server:
        home = new_user(folder, patch)
        patch.setenv("MISTRAL_API_KEY", KEY)
        patch.setenv("INFILL_BACKEND", "mistral")
        patch.setenv("INFILL_BASE_URL", server.url)
        bodies, errors = _session(folder / "project", server)
        kept = b"".join(path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file())
        yield Leftovers(bodies, errors, kept)


async def echo(asked: Asked, writer: asyncio.StreamWriter) -> None:
    """A refusal that repeats what was sent."""
    await reply(400, {"message": str(asked.json.get("prompt"))[-200:]})(asked, writer)


def _session(project: Path, server: FaultServer) -> tuple[bytes, bytes]:
    """Types and asks in a file full of secrets, beside open files full of them and files on disk full of them."""
    places = list(PLACES)
    on_disk, beside, here = places[:4], places[4:7], places[7:]
    for place in on_disk:
        name = place.replace(" ", "_")
        (project / f"{name}.py").write_text(code(place, name))
    server.answer = stream(fim(f"'{MASK}'", "\n"))
    with RawClient(COMMAND, workspaceFolders=[{"uri": project.as_uri(), "name": "project"}]) as client:
        client.request(
            "textDocument/inlineCompletion", inline(0, 0, "file:///nowhere", 2)
        )  # shows how it numbers triggers
        for place in beside:
            name = place.replace(" ", "_")
            client.open(code(place, name), (project / f"open_{name}.py").as_uri())
        for place in here:
            uri = (project / f"here_{place.replace(' ', '_')}.py").as_uri()
            lines = code(place, "here").split("\n")
            client.open("\n".join(lines), uri)
            for number, row in enumerate(range(1, len(lines), 4)):
                server.answer = stream(fim("x")) if number % 5 else echo
                text = f"result = {on_disk[number % 4].replace(' ', '_')}_{number}("
                client.change(replace((row, 0), (row, 0), text), uri=uri, version=2 + number)
                client.request("textDocument/inlineCompletion", inline(row, len(text), uri, 1))
                client.request("infill/status", None)
        client.notify("textDocument/didOpen", {"textDocument": {"uri": uri, "text": 7}})
        client.request("workspace/executeCommand", {"command": SECRETS[here[0]][0][0], "arguments": []})
        told = str(client.notified) + str(client.request("infill/status", None))
        assert client.end() == 0
        return b"".join(asked.body for asked in server.asked), client.stderr + told.encode()


@pytest.mark.parametrize("where", ["bodies", "errors", "kept"])
def test_none_of_a_thousand_secrets_is_there(leftovers: Leftovers, where: str) -> None:
    everything = getattr(leftovers, where)
    secrets = [end for place in SECRETS.values() for _, end in place]
    assert len(secrets) == 1000
    assert [end for end in secrets if end.encode() in everything] == []
    assert KEY.encode() not in everything


def test_the_text_around_them_was_there(leftovers: Leftovers) -> None:
    assert leftovers.bodies.count(MASK.encode()) > 500
    shown = [place for place in PLACES if f"{place.replace(' ', '_')}_1".encode() in leftovers.bodies]
    assert len(shown) >= 4
    assert b"_1(value)" in leftovers.kept, "the index of the workspace holds the files"
    assert b"DEBUG" in leftovers.errors and b"sha256" in leftovers.kept
