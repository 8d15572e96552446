"""Documents, edits, requests and cancellations in any order, against a model of them: what leaves is the model's text exactly.

The whole server runs as a process; the endpoint's own record of each request says what the server believes a document to be.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from context.documents import Edit
from editors.headless.self_test.endpoint import FaultServer, stream
from tests.endpoint import endpoint
from tests.provider import fim
from tests.raw_client import RawClient, inline, replace
from tests.shell import new_user
from tests.text_model import reference_edit, reference_offset

COMMAND = [sys.executable, "-P", "-m", "lsp_server"]
PIECES = ("x", "name", " = ", "(", ")", "\n", "\r\n", "\r", "é", "😀", "\u2028", "\x0c", "\t", "    ", "'")

texts = st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
numbers = st.integers(0, 8)
names = st.sampled_from(["a.py", "b%20c.py", "%C3%BC.txt"])


def machine(client: RawClient, server: FaultServer, folder: Path, checked: list[int]) -> type[RuleBasedStateMachine]:
    """A class of machines that share one server; every machine begins with no document open. `checked` counts what was seen
    to leave."""

    class EditorAndServer(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.open: dict[str, str] = {}
            self.version = 0
            self.cancelled: list[int] = []

        def teardown(self) -> None:
            for number in self.cancelled:
                client.reply(number)
                assert len(client.replies[number]) == 1
            for uri in self.open:
                client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

        @rule(name=names, text=texts)
        def opens(self, name: str, text: str) -> None:
            uri = f"{folder.as_uri()}/{name}"
            self.version += 1
            self.open[uri] = text
            client.open(text, uri, self.version)

        @precondition(lambda self: self.open)
        @rule(data=st.data())
        def closes(self, data: st.DataObject) -> None:
            uri = data.draw(st.sampled_from(sorted(self.open)))
            del self.open[uri]
            client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

        @precondition(lambda self: self.open)
        @rule(data=st.data(), start=st.tuples(numbers, numbers), end=st.tuples(numbers, numbers), text=texts)
        def edits(self, data: st.DataObject, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
            uri = data.draw(st.sampled_from(sorted(self.open)))
            self.version += 1
            client.change(replace(start, end, text), uri=uri, version=self.version)
            self.open[uri] = reference_edit(self.open[uri], Edit(*start, *end, text))

        @precondition(lambda self: self.open)
        @rule(data=st.data(), line=numbers, column=numbers)
        def asks_and_cancels(self, data: st.DataObject, line: int, column: int) -> None:
            uri = data.draw(st.sampled_from(sorted(self.open)))
            number = client.ask("textDocument/inlineCompletion", inline(line, column, uri, 2))
            client.notify("$/cancelRequest", {"id": number})
            self.cancelled.append(number)

        @precondition(lambda self: self.open)
        @rule(data=st.data(), line=numbers, column=numbers)
        def asks(self, data: st.DataObject, line: int, column: int) -> None:
            """By hand, after a mark was typed that no request has seen: no cache can answer, and the endpoint is asked."""
            uri = data.draw(st.sampled_from(sorted(self.open)))
            self.version += 1
            mark = f"mark_{self.version}_{id(self)} = "
            client.change(replace((line, column), (line, column), mark), uri=uri, version=self.version)
            offset = reference_offset(self.open[uri], line, column)
            before, after = self.open[uri][:offset] + mark, self.open[uri][offset:]
            self.open[uri] = before + after
            rows = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
            place = (len(rows) - 1, len(rows[-1].encode("utf-16-le")) // 2)
            client.request("textDocument/inlineCompletion", inline(*place, uri, 1))
            bodies = [asked.json for asked in server.asked if mark in str(asked.json.get("prompt"))]
            server.asked.clear()
            assert len({(body["prompt"], body.get("suffix", "")) for body in bodies}) <= 1
            for body in bodies:
                assert (str(body["prompt"]).endswith(before), body.get("suffix", "")) == (True, after)
            checked.append(len(bodies))

    return EditorAndServer


def test_what_leaves_is_the_text_that_the_editor_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_user(tmp_path, monkeypatch)
    monkeypatch.setenv("MISTRAL_API_KEY", "sk-of-the-machine")
    monkeypatch.setenv("INFILL_BACKEND", "mistral")
    monkeypatch.setenv("INFILL_PREFETCH", "false")  # what is asked ahead is the text as it would be, not as it is
    folder, checked = tmp_path / "project", list[int]()
    with endpoint() as server:
        server.answer = stream(fim("value"))
        monkeypatch.setenv("INFILL_BASE_URL", server.url)
        with RawClient(COMMAND, workspaceFolders=[{"uri": folder.as_uri(), "name": "project"}]) as client:
            run_state_machine_as_test(
                machine(client, server, folder, checked),
                settings=settings(
                    max_examples=40,
                    stateful_step_count=20,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                ),
            )
            assert sum(checked) > 30
            assert client.end() == 0
