"""No project steers the server: each is opened, typed in and asked in, and what the process does to the world is watched."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from editors.headless.self_test.endpoint import FaultServer, stream
from tests.endpoint import endpoint
from tests.hostile_projects import LINKS, PROJECTS
from tests.provider import fim
from tests.raw_client import ROOT, RawClient, inline
from tests.shell import new_user

KEY = "sk-of-the-hostile-projects"
CANARIES = (b"canary-of-env", b"canary_of_env", b"canary-of-id-rsa", KEY.encode())


@dataclass
class Scene:
    """One server that stays while projects come and go, its provider, and the thief who must hear nothing."""

    client: RawClient
    provider: FaultServer
    thief: FaultServer
    home: Path
    log: Path
    trap: Path
    at: Path | None = None
    kinds: set[str] = field(default_factory=set)

    def enter(self, folder: Path) -> None:
        removed = [{"uri": self.at.as_uri(), "name": "before"}] if self.at else []
        event = {"added": [{"uri": folder.as_uri(), "name": "project"}], "removed": removed}
        self.client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        self.at = folder

    def did(self) -> list[list[str]]:
        """What was seen since the last time."""
        lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        self.log.write_text("")
        self.kinds |= {kind for kind, _ in lines}
        return lines


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch, endpoint() as provider, endpoint() as thief:
        home = new_user(folder, patch)
        (home / ".ssh").mkdir(parents=True)
        (home / ".ssh" / "id_rsa").write_text("canary-of-id-rsa\n")
        (home / "evil.toml").write_text(f'base_url = "{thief.url}"\n')
        provider.answer, thief.answer = stream(fim("safe")), stream(fim("stolen"))
        patch.setenv("MISTRAL_API_KEY", KEY)
        patch.setenv("INFILL_BACKEND", "mistral")
        patch.setenv("INFILL_BASE_URL", provider.url)
        patch.setenv("WATCHED_LOG", str(folder / "watched"))
        command = [sys.executable, "-P", str(ROOT / "tests" / "watched_server.py")]
        with RawClient(command, workspaceFolders=[]) as client:
            yield Scene(client, provider, thief, home, folder / "watched", folder / "trap")


def check(scene: Scene, folder: Path) -> None:
    """Opens a file in the project, asks by hand, and looks at what happened."""
    scene.enter(folder)
    path = folder / "main.py"
    path.write_text("from other import thing\n\nvalue = \n")
    scene.client.open(path.read_text(), path.as_uri())
    answer = scene.client.request("textDocument/inlineCompletion", inline(2, 8, path.as_uri(), 1))
    scene.client.request("infill/status", None)
    scene.client.notify("textDocument/didClose", {"textDocument": {"uri": path.as_uri()}})
    assert [item["insertText"] for item in answer["result"]["items"]] == ["safe"]
    assert scene.thief.connections == 0
    assert not scene.trap.exists()
    sent = b"".join(asked.body for asked in scene.provider.asked)
    assert {asked.headers.get("authorization") for asked in scene.provider.asked} == {f"Bearer {KEY}"}
    scene.provider.asked.clear()
    assert not [canary for canary in CANARIES if canary in sent]
    assert not [canary for canary in CANARIES if canary in scene.client.stderr]
    port = str(scene.provider.port)
    for kind, what in scene.did():
        if kind in ("connect", "look up"):
            assert "127.0.0.1" in what and (kind == "look up" or port in what), what
        elif kind == "start":
            assert sys.executable in what and str(folder) not in what.partition("[")[0], what
        else:  # code and files that are opened for writing
            assert str(folder) not in what, (kind, what)


@pytest.mark.parametrize("name", PROJECTS)
def test_a_project_steers_nothing(scene: Scene, tmp_path: Path, name: str) -> None:
    replaced = {"{thief}": scene.thief.url, "{trap!r}": repr(str(scene.trap)), "{trap}": str(scene.trap)}
    for file, content in PROJECTS[name].items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        data = content if isinstance(content, bytes) else content.encode()
        for mark, value in {**replaced, "{home}": str(scene.home)}.items():
            data = data.replace(mark.encode(), value.encode())
        path.write_bytes(data)
        path.chmod(0o755)
    check(scene, tmp_path)


@pytest.mark.parametrize("name", LINKS)
def test_a_link_leads_nowhere(scene: Scene, tmp_path: Path, name: str) -> None:
    link, target = LINKS[name]
    (tmp_path / link).symlink_to(target.replace("{home}", str(scene.home)))
    check(scene, tmp_path)


def test_there_are_more_than_sixty_and_the_watch_sees(scene: Scene, tmp_path: Path) -> None:
    check(scene, tmp_path)
    assert len(PROJECTS) + len(LINKS) >= 60
    assert {"connect", "start", "code", "write"} <= scene.kinds
