"""An editor that speaks the wire's JSON with a real server, which asks a scripted chat endpoint: for tests of actions."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from editors.headless.self_test.endpoint import FaultServer
from tests.chat_server import chat_server
from tests.raw_client import RawClient

SERVER = [sys.executable, "-P", "-m", "lsp_server"]
TEXT = "import os\n\n\ndef mean(values):\n    smile = '😀'; return sum(values) / len(values)\n\n\nprint(mean([]))\n"
LINE = "    smile = '😀'; return sum(values) / len(values)"
BETTER = TEXT.split("\n\n\n")[1].replace("len(values)", "max(len(values), 1)") + "\n"
FINDING = {
    "quote": "sum(values) / len(values)",
    "severity": "warning",
    "category": "bug",
    "message": "Divides by zero.",
    "replacement": "sum(values) / max(len(values), 1)",
}
FINDINGS = json.dumps({"findings": [FINDING, {**FINDING, "quote": "made up"}]})
MODERN: dict[str, Any] = {
    "textDocument": {"codeAction": {"resolveSupport": {"properties": ["edit"]}}},
    "workspace": {"workspaceEdit": {"documentChanges": True, "changeAnnotationSupport": {}}, "applyEdit": True},
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
}
PLAIN: dict[str, Any] = {"textDocument": {"codeAction": {}}, "workspace": {"applyEdit": True}}


def project_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace of one file, and an environment in which a server finds nothing of the user's."""
    for variable in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(folder / "home"))
    for variable in ("HTTP_PROXY", "http_proxy", "all_proxy", "ALL_PROXY", "MISTRAL_API_KEY", "CODESTRAL_API_KEY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("INFILL_BACKEND", "openai")
    project = folder / "project"
    project.mkdir()
    (project / "mean.py").write_text(TEXT)
    return project


class Actor(RawClient):
    """An editor that answers what it is asked: `answers` by method, null for everything else."""

    answers: dict[str, Any] = {}  # noqa: RUF012  replaced for each client
    uri = ""

    def answer_to(self, message: dict[str, Any]) -> Any:
        return self.answers.get(message["method"])

    def actions(
        self, line: int = 4, character: int = 4, *, to: tuple[int, int] | None = None, **context: Any
    ) -> list[dict[str, Any]]:
        end = to or (line, character)
        span = {"start": {"line": line, "character": character}, "end": {"line": end[0], "character": end[1]}}
        params = {
            "textDocument": {"uri": self.uri},
            "range": span,
            "context": {"diagnostics": [], "triggerKind": 1, **context},
        }
        found: list[dict[str, Any]] = self.request("textDocument/codeAction", params)["result"]
        return found

    def action(self, title: str, **context: Any) -> dict[str, Any]:
        return next(each for each in self.actions(**context) if title in each["title"])

    def run(self, command: dict[str, Any], **more: Any) -> dict[str, Any]:
        params = {"command": command["command"], "arguments": command["arguments"], **more}
        return self.request("workspace/executeCommand", params)

    def asked_for(self, method: str) -> list[dict[str, Any]]:
        return [message["params"] for message in self.asked if message["method"] == method]

    def told(self, method: str) -> list[dict[str, Any]]:
        return [message["params"] for message in self.notified if message["method"] == method]


@contextmanager
def editor(
    project: Path, monkeypatch: pytest.MonkeyPatch, *scripts: Any, capabilities: dict[str, Any] = MODERN, **answers: Any
) -> Iterator[tuple[Actor, FaultServer]]:
    with chat_server(*scripts) as server:
        monkeypatch.setenv("INFILL_BASE_URL", server.url)
        folders = [{"uri": project.as_uri(), "name": "project"}]
        with Actor(SERVER, capabilities=capabilities, workspaceFolders=folders) as client:
            client.answers = {name.replace("_", "/"): value for name, value in answers.items()}
            client.uri = (project / "mean.py").as_uri()
            client.open(TEXT, client.uri)
            yield client, server
        assert (project / "mean.py").read_text() == TEXT, "the server writes into no project"
        assert sorted(path.name for path in project.iterdir()) == ["mean.py"]


def applied(text: str, edits: list[dict[str, Any]]) -> str:
    """With columns in UTF-16 units, as an editor does it."""
    lines = text.encode("utf-16-le").split("\n".encode("utf-16-le"))

    def at(place: dict[str, int]) -> int:
        return sum(len(line) + 2 for line in lines[: place["line"]]) + 2 * place["character"]

    data = text.encode("utf-16-le")
    for edit in sorted(edits, key=lambda edit: -edit["range"]["start"]["line"]):
        data = (
            data[: at(edit["range"]["start"])] + edit["newText"].encode("utf-16-le") + data[at(edit["range"]["end"]) :]
        )
    return data.decode("utf-16-le")
