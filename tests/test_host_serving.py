"""Real hosts as real processes on a tiny model: over the Unix socket and over loopback, started by hand and by the server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from backends import discovery
from backends.discovery import NoHost
from backends.host.loading import Wanted
from backends.host.metrics import Metrics
from backends.host.serving import Options, _end_when_idle, _rules
from backends.keys import Secret
from editors.headless.cli import main
from tests import tiny_model_folder
from tests.asgi import ask
from tests.fake_clock import FakeClock
from tests.hosting import serving
from tests.raw_client import RawClient

ROOT = Path(__file__).resolve().parent.parent
INFILL = [sys.executable, "-P", "-m", "editors.headless"]
PATIENCE = 110
pytestmark = pytest.mark.timeout(400)  # torch takes long to load on a machine with other work
CODE = "def send(request):\n    return re\n"
PLACE = "send.py:2:14"
SAYS, OFFERED = " request.context\n", "quest.context"


@dataclass
class Place:
    """A user's machine: a home, a runtime folder, a model and a project of their own."""

    home: Path
    model: Path

    @property
    def runtime(self) -> Path:
        return self.home / "run" / "infill"

    @property
    def environment(self) -> Mapping[str, str]:
        foreign = ("INFILL_", "MISTRAL_", "XDG_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
        folders = {f"XDG_{name}_HOME": str(self.home / name.lower()) for name in ("CONFIG", "STATE", "CACHE")}
        own = {"HOME": str(self.home), "PYTHONPATH": str(ROOT), "HF_HUB_OFFLINE": "1"}
        return {**kept, **own, **folders, "XDG_RUNTIME_DIR": str(self.home / "run")}

    def project(self) -> Path:
        made = self.home / "project"
        made.mkdir(exist_ok=True)
        (made / "send.py").write_text(CODE)
        return made

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        project = self.project()
        return subprocess.run(
            [*INFILL, *words],
            cwd=project,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def host(self, *, seconds: float = PATIENCE) -> discovery.Host:
        until = time.monotonic() + seconds
        while True:
            try:
                return discovery.find(self.runtime)
            except NoHost:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)

    @contextmanager
    def serving(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        command = [*INFILL, "serve", "--model", str(self.model), "--precision", "fp32", *words]
        process = subprocess.Popen(command, env=self.environment, stderr=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model_folder.write(tmp_path_factory.mktemp("models") / "tiny", says=SAYS)


@pytest.fixture
def place(tmp_path: Path, model: Path) -> Place:
    (tmp_path / "run").mkdir(mode=0o700)
    return Place(tmp_path, model)


@pytest.mark.parametrize("words", [(), ("--port", "0")])
def test_a_completion_through_a_real_host(place: Place, words: tuple[str, ...]) -> None:
    with place.serving(*words) as process:
        host = place.host()
        assert (host.socket is None) is bool(words)
        assert host.pid == process.pid
        if host.socket:
            assert host.socket.stat().st_mode & 0o777 == 0o600
        done = place.run("complete", PLACE, "--backend", "host")
        assert (done.returncode, done.stdout.strip()) == (0, OFFERED), done.stderr
        if not words:
            asked = place.run("doctor", "--backend", "host", "--json")
            finding = next(each for each in json.loads(asked.stdout) if each["about"] == "backend")
            assert finding["state"] == "good", finding
            assert "completes code" in finding["what"]
        else:
            process.kill()
            process.wait()
            with pytest.raises(NoHost, match="ended without"):
                discovery.find(place.runtime)
    left = {each.name for each in place.runtime.iterdir() if each.is_file() or each.is_socket()}
    assert left == ({"lock", "host.json", "host.token"} if words else {"lock"})


def test_the_server_starts_the_host_that_the_user_set(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an editor: the status says what it does, ghost text comes from it, it outlives the server, and the next finds it. The
    server itself never loads torch."""
    for name, value in place.environment.items():
        monkeypatch.setenv(name, value)
    project, uri = place.project(), f"{place.project().as_uri()}/send.py"
    command = [*INFILL, "lsp", "--backend", "host", "--model", str(place.model), "--set", "eagerness=high"]
    folders = [{"uri": project.as_uri(), "name": "project"}]
    able = {"textDocument": {"inlineCompletion": {}}, "experimental": {"infill": {"status": True}}}
    try:
        with RawClient(command, capabilities=able, workspaceFolders=folders, rootUri=project.as_uri()) as editor:
            editor.open(CODE, uri)
            host = place.host()
            for _ in range(50):
                offered = editor.ghost(1, 13, uri, kind=1)
                if offered:
                    break
                time.sleep(0.2)
            assert offered == OFFERED
            said = json.dumps([each["params"] for each in editor.notified if each["method"] == "infill/status"])
            assert "Loading" in said
            if (maps := Path(f"/proc/{editor.process.pid}/maps")).exists():
                assert "libtorch" not in maps.read_text()
            assert editor.end() == 0
        again = place.run("complete", PLACE, "--backend", "host", "--model", str(place.model))
        assert again.stdout.strip() == OFFERED, again.stderr
        assert place.host().pid == host.pid
        second = place.run("serve", "--model", str(place.model))
        assert "served already" in second.stderr
    finally:
        os.kill(place.host().pid, signal.SIGTERM)


async def test_a_host_that_nobody_asks_ends() -> None:
    clock = FakeClock()
    metrics, server = Metrics("tiny", clock), SimpleNamespace(should_exit=False)
    watching = asyncio.create_task(_end_when_idle(server, metrics, 600.0, clock))  # type: ignore[arg-type]
    await clock.advance(500)
    metrics.begun()
    await clock.advance(900)
    assert not server.should_exit, "an answer is under way"
    metrics.ended("/", "stop")
    await clock.advance(590)
    assert not server.should_exit
    await clock.advance(20)
    assert server.should_exit
    await watching
    never = asyncio.create_task(_end_when_idle(server, metrics, 0.0, clock))  # type: ignore[arg-type]
    await never


def test_what_cannot_be_served_is_said_in_a_sentence(place: Place) -> None:
    assert "There is no folder" in place.run("serve", "--model", str(place.home / "nothing")).stderr
    assert "only be answered with a key" in place.run("serve", "--model", "x", "--host", "0.0.0.0").stderr
    assert place.run("serve").returncode == 2
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = place.run("serve", "--model", str(place.model), "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "in use" in done.stderr


def test_models_that_fit_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--list", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["models"]) > 10
    assert main(["serve", "--list"]) == 0
    assert "Apache-2.0" in capsys.readouterr().out


async def test_other_machines_need_the_key_and_a_name_of_this_one() -> None:
    options = Options(Wanted("tiny"), port=1, address="192.0.2.7", key="the-teams-key", names=("coder.example",))
    rules = _rules(options, discovery.Host(1, "tiny", 8, port=1, token=Secret("the-teams-key")))
    app, _ = serving(rules=rules)
    good = {"authorization": "Bearer the-teams-key", "host": "coder.example:8787"}
    assert (await ask(app, "GET", "/health", headers=good)).status == 200
    assert (await ask(app, "GET", "/health", headers={**good, "host": "192.0.2.7:8787"})).status == 200
    assert (await ask(app, "GET", "/health", headers={**good, "host": "evil.example"})).status == 403
    assert (await ask(app, "GET", "/health", headers={"host": "coder.example"})).status == 401
    assert (await ask(app, "GET", "/infill/proof/" + "0f" * 16, headers={"host": "coder.example"})).status == 401
