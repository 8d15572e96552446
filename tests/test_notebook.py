"""What a model sees of a notebook: all cells in order, as the editor arranges them, through the real server."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from context.notebook import first_line, joined
from context.snapshot import Cursor, Snapshot
from tests.provider import Provider, provider
from tests.raw_client import RawClient

SERVER = [sys.executable, "-P", "-m", "editors.headless", "lsp"]
NOTEBOOK = "file:///project/n.ipynb"


def cell(number: int, text: str, language: str = "python") -> dict[str, Any]:
    return {"uri": uri(number), "languageId": language, "version": 1, "text": text}


def uri(number: int) -> str:
    return f"vscode-notebook-cell:/project/n.ipynb#{number}"


def snap(number: int, text: str, language: str = "python") -> Snapshot:
    return Snapshot(uri(number), Path("/project/n.ipynb"), language, 1, text)


class Editor:
    """A notebook open in an editor, behind which is the real server with a provider."""

    def __init__(self, client: RawClient, asked: Provider) -> None:
        self._client, self._provider = client, asked

    def open(self, *cells: dict[str, Any], order: Sequence[int] = ()) -> None:
        listed = [{"kind": 2, "document": uri(number)} for number in order]
        notebook = {"uri": NOTEBOOK, "notebookType": "jupyter-notebook", "version": 1, "cells": listed}
        self._client.notify(
            "notebookDocument/didOpen", {"notebookDocument": notebook, "cellTextDocuments": list(cells)}
        )

    def change(self, **cells: Any) -> None:
        notebook = {"uri": NOTEBOOK, "version": 2}
        self._client.notify("notebookDocument/didChange", {"notebookDocument": notebook, "change": {"cells": cells}})

    def prompt(self, number: int, line: int, character: int) -> tuple[str, str]:
        """Prompt and suffix as the backend gets them."""
        place = {"textDocument": {"uri": uri(number)}, "position": {"line": line, "character": character}}
        asked = self._provider.asked
        self._client.request("textDocument/inlineCompletion", {**place, "context": {"triggerKind": 1}})
        assert self._provider.asked > asked, self._client.request("infill/status", None)
        body = json.loads(self._provider.last_body)
        return body["prompt"], body["suffix"]


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Editor]:
    monkeypatch.setenv("HOME", str(tmp_path))
    with provider() as asked:
        settings = {"backend": "mistral", "base_url": asked.url, "prefetch": False}
        options = {"settings": settings, "api_key": "test", "ledger": False}
        capabilities = {"textDocument": {"inlineCompletion": {}}, "notebookDocument": {"synchronization": {}}}
        named = {"clientInfo": {"name": "Neovim"}}  # whose number for an explicit request is known
        with RawClient(SERVER, capabilities=capabilities, initializationOptions=options, **named) as client:
            yield Editor(client, asked)


def test_the_other_cells_are_in_the_prompt_in_order_the_last_too(editor: Editor) -> None:
    editor.open(cell(1, "import numpy\n"), cell(2, "# Title", "markdown"), cell(3, "x = \ny"), cell(4, "last(x)\n"))
    prompt, suffix = editor.prompt(3, 0, 4)
    assert (prompt, suffix) == ("import numpy\n\n\n# %%\nx = ", "\ny\n\n# %%\nlast(x)\n")


def test_the_order_is_that_of_the_notebook_and_not_that_of_the_documents(editor: Editor) -> None:
    editor.open(cell(3, "c = 3\n"), cell(1, "a = 1\n"), cell(2, "b = "), order=[1, 2, 3])
    prompt, suffix = editor.prompt(2, 0, 4)
    assert prompt.startswith("a = 1\n") and suffix.endswith("c = 3\n")


def test_a_cell_that_is_put_in_between_and_one_that_is_removed_are_followed(editor: Editor) -> None:
    editor.open(cell(1, "a = 1"), cell(2, "b = 2"), cell(3, "c = "), order=[1, 2, 3])
    array = {"start": 1, "deleteCount": 1, "cells": [{"kind": 2, "document": uri(9)}]}
    editor.change(structure={"array": array, "didOpen": [cell(9, "fresh = 9")], "didClose": [{"uri": uri(2)}]})
    prompt, _ = editor.prompt(3, 0, 4)
    assert prompt == "a = 1\n\n# %%\nfresh = 9\n\n# %%\nc = "


def test_what_is_typed_in_another_cell_is_seen(editor: Editor) -> None:
    editor.open(cell(1, "a = 1"), cell(2, "b = "))
    edit = {"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}, "text": "changed"}
    editor.change(textContent=[{"document": {"uri": uri(1), "version": 2}, "changes": [edit]}])
    assert editor.prompt(2, 0, 4)[0].startswith("changed = 1\n")


def test_a_cell_of_another_language_is_not_mixed_in() -> None:
    cells = [snap(1, "SELECT 1", "sql"), snap(2, "x = "), snap(3, "y = 1")]
    whole = joined(Cursor(cells[1], 4), cells)
    assert (whole.prefix, whole.suffix) == ("x = ", "\n\n# %%\ny = 1")
    assert joined(Cursor(cells[0], 6), cells) == Cursor(cells[0], 6)


def test_a_document_outside_of_the_notebook_stays_as_it_is() -> None:
    other = Cursor(Snapshot("file:///a.py", None, "python", 1, "x"), 1)
    assert joined(other, [snap(1, "a"), snap(2, "b")]) == other == joined(other, [])


def test_lines_are_counted_through_the_cells_above() -> None:
    cells = [snap(1, "a\nb\n"), snap(2, "# t", "markdown"), snap(3, "c")]
    whole = joined(Cursor(cells[2], 1), cells)
    assert whole.prefix.split("\n")[first_line(cells[2], cells)] == "c"
    assert first_line(cells[0], cells) == first_line(snap(7, ""), cells) == 0
