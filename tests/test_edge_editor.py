"""What editors say of themselves, their settings, folders and files, and what they are told in turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.convert import UTF8, UTF16, UTF32, Numbering, encoding_for, path_from
from lsp_server.outcome import Trigger
from tests.raw_client import RawClient, inline, replace

INVOKED, AUTOMATIC = Trigger.INVOKED, Trigger.AUTOMATIC


@pytest.mark.parametrize(
    ("client", "kinds", "triggers"),
    [
        ("", [1], [AUTOMATIC]),
        ("", [2, 1, 2], [AUTOMATIC, INVOKED, AUTOMATIC]),
        ("", [0, 1, 0], [INVOKED, AUTOMATIC, INVOKED]),
        ("", [1, 0, 1, 2, 1], [AUTOMATIC, INVOKED, AUTOMATIC, AUTOMATIC, INVOKED]),
        ("Neovim", [1, 2], [INVOKED, AUTOMATIC]),
        ("", [None, "1", 7, -1, 1.5, [], {}], [AUTOMATIC] * 7),
    ],
)
def test_trigger_kinds_are_read_by_the_numbering_that_the_editor_has_shown(
    client: str, kinds: list[object], triggers: list[Trigger]
) -> None:
    numbering = Numbering(client)
    assert [numbering.trigger(kind) for kind in kinds] == triggers


@pytest.mark.parametrize(
    ("offered", "encoding"),
    [
        (None, UTF16),
        ([], UTF16),
        (["utf-8", "utf-16"], UTF8),
        (["utf-7", "utf-32", "utf-8"], UTF32),
        ([5, None], UTF16),
        ("utf-8", UTF16),
    ],
)
def test_the_first_encoding_that_both_know_is_used(offered: object, encoding: object) -> None:
    assert encoding_for(offered) is encoding


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///project/a%20b.py", "/project/a b.py"),
        ("file:///project/%C3%A9.py", "/project/é.py"),
        ("file://localhost/project/a.py", "/project/a.py"),
        ("vscode-notebook-cell:/project/n.ipynb#W0sZmlsZQ%3D%3D", "/project/n.ipynb"),
        ("vscode-remote://ssh-remote%2Bhost/project/.env", "/project/.env"),
        ("untitled:/project/new.py", "/project/new.py"),
        ("untitled:Untitled-1", None),
        ("untitled:.env", "/.env"),
        ("jar:file:///project/app.jar!/.netrc", "/.netrc"),
        ("file:///%00", None),
        ("http://[", None),
        ("", None),
    ],
)
def test_a_uri_names_the_path_that_privacy_is_to_judge(uri: str, path: str | None) -> None:
    assert path_from(uri) == (Path(path) if path else None)


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 8), ("utf-16", 5), ("utf-32", 4)])
def test_columns_are_in_the_encoding_that_was_agreed(encoding: str, column: int) -> None:
    with RawClient(capabilities={"general": {"positionEncodings": [encoding]}}) as client:
        assert client.initialized["result"]["capabilities"]["positionEncoding"] == encoding
        client.open("a\nx é😀 right")
        client.change(replace((1, column), (1, column + 1), ""))
        [item] = client.request("textDocument/inlineCompletion", inline(1, column))["result"]["items"]
        assert item["insertText"] == "automatic|x é😀|right|11"
        assert item["range"]["start"] == {"line": 1, "character": column}
        assert item["range"]["end"] == {"line": 1, "character": column + 5}


def test_without_ghost_text_the_completion_list_carries_the_suggestions() -> None:
    with RawClient(capabilities={}) as client:
        assert "completionProvider" in client.initialized["result"]["capabilities"]
        client.open("value = val")
        reply = client.request("textDocument/completion", {**inline(0, 11), "context": {"triggerKind": 1}})["result"]
        assert reply["isIncomplete"] is True
        [item] = reply["items"]
        assert item["textEdit"]["range"]["start"] == {"line": 0, "character": 8}
        assert item["textEdit"]["newText"] == "valautomatic|value = val||11"
        assert item["filterText"].startswith("val")
        assert item["insertTextMode"] == 1
        assert item["command"]["arguments"] == ["id-1"]
        assert client.request("textDocument/completion", {**inline(0, 11), "context": None})["result"]["items"]


def test_with_ghost_text_there_is_no_completion_list() -> None:
    with RawClient() as client:
        assert "completionProvider" not in client.initialized["result"]["capabilities"]
        client.open("value")
        assert client.request("textDocument/completion", inline(0, 5))["result"] is None


def test_ghost_text_and_completion_list_do_not_supersede_each_other() -> None:
    with RawClient(capabilities={}) as client:
        client.open("wait")
        ghost = client.ask("textDocument/inlineCompletion", inline(0, 4))
        client.ask("textDocument/completion", inline(0, 4))
        client.request("infill/status", None)
        assert not client.replies[ghost]


def test_helix_gets_null_for_a_superseded_request() -> None:
    with RawClient(capabilities={}, clientInfo={"name": "helix", "version": "25.07"}) as client:
        client.open("wait")
        older = client.ask("textDocument/completion", inline(0, 4))
        client.open("typed")
        client.ask("textDocument/completion", inline(0, 5))
        assert client.reply(older)["result"] is None


def test_settings_are_pulled_after_the_start_and_when_null_is_pushed_and_taken_as_pushed() -> None:
    workspace = {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}
    with RawClient(start=False) as client:
        client.settings = {"backend": "first"}
        client.request("initialize", {"capabilities": {"workspace": workspace}})
        client.notify("initialized", {})
        client.wait_until(lambda: any(asked["method"] == "client/registerCapability" for asked in client.asked))
        client.settings = {"backend": "second"}
        client.notify("workspace/didChangeConfiguration", {"settings": None})
        client.wait_until(lambda: len(client.asked) == 3)
        client.request("infill/status", None)
        client.notify("workspace/didChangeConfiguration", {"settings": {"infill": {"backend": "third"}}})
        settings = [entry[1]["backend"] for entry in client.heard()["heard"] if entry[0] == "configure"]
        assert settings[0] == "first"
        assert settings[-1] == "third"


def test_folders_files_and_verdicts_reach_the_session() -> None:
    folders = [{"uri": "file:///one", "name": "one"}, {"uri": "file:///two", "name": "two"}]
    with RawClient(workspaceFolders=folders) as client:
        event = {"added": [{"uri": "file:///three", "name": ""}], "removed": [folders[0]]}
        client.notify("workspace/didChangeWorkspaceFolders", {"event": event})
        client.notify("workspace/didChangeWatchedFiles", {"changes": [{"uri": "file:///two/a", "type": 2}]})
        client.notify("workspace/didRenameFiles", {"files": [{"oldUri": "file:///two/a", "newUri": "file:///two/b"}]})
        client.notify("workspace/didDeleteFiles", {"files": [{"uri": "file:///two/b"}]})
        client.open("a")
        client.notify("textDocument/didSave", {"textDocument": {"uri": "file:///project/a.py"}})
        client.notify("infill/didShow", {"id": "s1"})
        client.notify("infill/didPartiallyAccept", {"id": "s1", "length": 3})
        client.notify("infill/didReject", {"id": "s1"})
        assert (
            client.request("workspace/executeCommand", {"command": "infill.accepted", "arguments": ["s1"]})["result"]
            is None
        )
        assert client.heard()["heard"][:-1] == [
            ["roots", ["/two", "/three"]],
            ["files", [["/two/a", "changed"]]],
            ["files", [["/two/a", "deleted"], ["/two/b", "created"]]],
            ["files", [["/two/b", "deleted"]]],
            ["opened", "file:///project/a.py", "/project/a.py", "python", 1],
            ["saved", "file:///project/a.py"],
            ["shown", "s1"],
            ["partly", "s1", 3],
            ["rejected", "s1"],
            ["accepted", "s1"],
        ]


def test_the_cells_of_a_notebook_are_documents() -> None:
    def cell(number: int, text: str) -> dict[str, object]:
        return {"uri": f"vscode-notebook-cell:/n.ipynb#{number}", "languageId": "python", "version": 1, "text": text}

    def ghost(number: int) -> object:
        return client.ghost(0, 3, f"vscode-notebook-cell:/n.ipynb#{number}")

    with RawClient(capabilities={"notebookDocument": {"synchronization": {}}}) as client:
        assert client.initialized["result"]["capabilities"]["notebookDocumentSync"]
        notebook = {"uri": "file:///n.ipynb", "notebookType": "jupyter", "version": 1, "cells": []}
        cells = [cell(1, "one"), cell(2, "two")]
        client.notify("notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": cells})
        assert ghost(2) == "automatic|two||3"
        structure = {"array": {"start": 0, "deleteCount": 1}, "didOpen": [cell(3, "six")], "didClose": [cells[0]]}
        content = [{"document": cells[1], "changes": [replace((0, 0), (0, 3), "ten")]}]
        change = {"cells": {"structure": structure, "textContent": content}}
        client.notify("notebookDocument/didChange", {"notebookDocument": notebook, "change": change})
        assert [ghost(1), ghost(2), ghost(3)] == [None, "automatic|ten||3", "automatic|six||3"]
        client.notify("notebookDocument/didClose", {"notebookDocument": notebook, "cellTextDocuments": []})
        assert [ghost(2), ghost(3)] == [None, None]


def test_long_work_is_shown_and_can_be_cancelled() -> None:
    with RawClient(capabilities={"window": {"workDoneProgress": True}}) as client:
        client.open("progress")
        id = client.ask("textDocument/inlineCompletion", inline(0, 8))

        def said(kind: str) -> bool:
            return any(
                said["params"]["value"]["kind"] == kind for said in client.notified if said["method"] == "$/progress"
            )

        client.wait_until(lambda: said("report"))
        client.notify("window/workDoneProgress/cancel", {"token": "infill-1"})
        client.wait_until(lambda: said("end"))
        assert client.reply(id)["result"]["items"]


@pytest.mark.parametrize(
    ("announced", "healths"), [({"infill": {"status": True}}, ["ready", "busy", "ready"]), ({}, [])]
)
def test_the_status_is_sent_once_a_change_to_an_editor_that_reads_it(announced: object, healths: list[str]) -> None:
    with RawClient(capabilities={"experimental": announced}) as client:
        client.open("status")
        client.ghost(0, 6)
        assert [said["params"]["health"] for said in client.notified if said["method"] == "infill/status"] == healths
        assert client.request("infill/status", None)["result"]["message"] == "works"
