"""Reviews over the wire: findings as diagnostics, what moves them, what fixes them, and what makes them go."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.chat_server import talks
from tests.line_actor import FINDINGS, LINE, TEXT, Actor, applied, editor, project_in
from tests.raw_client import replace


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return project_in(tmp_path, monkeypatch)


def test_findings_are_diagnostics_with_a_fix_and_go_with_their_line(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with editor(project, monkeypatch, FINDINGS) as (client, _):
        result = client.run(client.action("Review the file")["command"])["result"]
        assert result == {"findings": 1, "dropped": 1, "malformed": 0, "unread": 0, "refused": 0}
        [shown] = client.told("textDocument/publishDiagnostics")
        [row] = shown["diagnostics"]
        assert (row["source"], row["severity"], row["message"]) == ("infill review", 2, "Divides by zero.")
        width = len(LINE.encode("utf-16-le")) // 2
        assert row["range"] == {"start": {"line": 4, "character": 4}, "end": {"line": 4, "character": width}}
        fix = client.action("Fix: Divides by zero.", triggerKind=2)
        whole = client.request("codeAction/resolve", fix)["result"]
        assert applied(TEXT, whole["edit"]["documentChanges"][0]["edits"]) == TEXT.replace(
            "len(values)", "max(len(values), 1)"
        )
        client.change(replace((0, 0), (0, 0), "# above\n"), uri=client.uri)
        client.change(replace((5, 9), (5, 9), "x"), uri=client.uri, version=3)
        assert client.actions(5, 4, triggerKind=2) == []
        _, moved, gone = client.told("textDocument/publishDiagnostics")
        assert moved["diagnostics"][0]["range"]["start"]["line"] == 5 and gone["diagnostics"] == []


def close(client: Actor) -> None:
    client.notify("textDocument/didClose", {"textDocument": {"uri": client.uri}})


def shown_after(client: Actor) -> list[dict[str, Any]]:
    """What the list of problems has once the server has read everything."""
    client.request("infill/status", None)
    shown: list[dict[str, Any]] = client.told("textDocument/publishDiagnostics")[-1]["diagnostics"]
    return shown


def test_a_long_finding_is_a_title_of_whole_words(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    message = "A rate of -1 divides by zero, and one below -1 turns the sign of the price."
    with editor(project, monkeypatch, FINDINGS.replace("Divides by zero.", message)) as (client, _):
        client.run(client.action("Review the file")["command"])
        assert (
            client.action("Fix: ")["title"] == "Infill: Fix: A rate of -1 divides by zero, and one below -1 turns the…"
        )


def test_a_review_is_cleared_by_command(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with editor(project, monkeypatch, FINDINGS) as (client, _):
        client.run(client.action("Review the file")["command"])
        client.run(client.action("Clear the review")["command"])
        assert shown_after(client) == []


def test_findings_outlive_a_closed_tab_until_the_file_is_another(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with editor(project, monkeypatch, FINDINGS) as (client, _):
        client.run(client.action("Review the file")["command"])
        close(client)
        assert shown_after(client)
        client.open(TEXT, client.uri)
        assert shown_after(client) and client.action("Fix: Divides by zero.")
        close(client)
        client.open(TEXT + "# more\n", client.uri)
        assert shown_after(client) == []


def test_findings_in_a_closed_file_go_when_a_program_changes_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changes = [{"uri": (project / "mean.py").as_uri(), "type": 2}]
    with editor(project, monkeypatch, FINDINGS) as (client, _):
        client.run(client.action("Review the file")["command"])
        client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        assert shown_after(client), "an open document is what the editor shows"
        close(client)
        client.notify("workspace/didChangeWatchedFiles", {"changes": changes})
        assert shown_after(client) == []


def test_changes_of_several_files_are_one_review(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with editor(project, monkeypatch, FINDINGS) as (client, server):
        other = (project / "other.py").as_uri()
        client.open("def first(values):\n    return sum(values) / len(values)\n", other)
        rows = [{"uri": client.uri, "line": 4}, {"uri": other, "line": 1}, {"uri": other + "x", "line": 0}]
        changes = [
            {
                "uri": row["uri"],
                "ranges": [
                    {"start": {"line": row["line"], "character": 0}, "end": {"line": row["line"], "character": 99}}
                ],
            }
            for row in rows
        ]
        result = client.run({"command": "infill.review", "arguments": [{"changes": changes}]})["result"]
        assert result == {"findings": 2, "dropped": 2, "malformed": 0, "unread": 0, "refused": 0}
        assert {shown["uri"] for shown in client.told("textDocument/publishDiagnostics")} == {client.uri, other}
        first, second = (talk["messages"][1]["content"] for talk in talks(server))
        assert "import os" not in first and "the changed lines" in first and "def first" not in second
        [summary] = client.told("window/showMessage")
        assert summary["message"] == "Infill: 2 findings. 2 were dropped: what they quote is not there."
