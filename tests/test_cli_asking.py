"""`infill complete` and `infill why` on files: what is offered, what is shown of it, and how each command ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from editors.headless.considered import PASSED_OVER, rows
from editors.headless.exits import Exit
from tests.marks import CURSOR
from tests.shell import Terminal, new_user, run

ADD = "def add(a, b):\n    return ‸\n\n\ndef sub(a, b):\n    return a - b\n"
SECRET = "ghp_" + "a1B2c3D4e5" * 4


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return new_user(tmp_path, monkeypatch)


def place(marked: str, name: str = "sample.py") -> str:
    """Writes the file and says where its cursor is, as FILE:LINE:COL."""
    before, _, after = marked.partition(CURSOR)
    Path(name).write_text(before + after)
    return f"{name}:{before.count(chr(10)) + 1}:{len(before.rpartition(chr(10))[2]) + 1}"


def scripted(answer: str) -> tuple[str, ...]:
    return ("--backend", "scripted", "--model", answer)


def test_into_a_pipe_goes_the_text_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "complete", place(ADD), *scripted("a + b")) == (Exit.DONE, "a + b\n", "")


def test_json_says_what_an_editor_would_insert(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "complete", place("print(add(1, ‸))\n"), *scripted("2))"), "--json")
    report = json.loads(out)
    assert code == Exit.DONE
    assert (report["offered"], report["backend"]) == (True, "scripted")
    assert "print(add(1, " + report["text"] + "))"[report["replaces"] :] == "print(add(1, 2))"


def test_what_the_rules_cut_is_not_offered(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "complete", place(ADD), *scripted("a + b\n\n\ndef sub(a, b):\n    return a - b\n"))
    assert (code, out) == (Exit.DONE, "a + b\n")


def test_control_characters_of_a_model_do_not_reach_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, err = run(capsys, "complete", place(ADD), *scripted("a \x1b]0;owned\x07+ b\u202e"))
    assert not {"\x1b", "\x07", "\u202e"} & set(out + err)


def test_on_a_terminal_the_answer_is_drawn_in_its_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def last_line(answer: str) -> str:
        screen = Terminal()
        monkeypatch.setattr("sys.stdout", screen)
        run(capsys, "complete", place(ADD), *scripted(answer))
        return screen.getvalue().rpartition("\x1b[J")[2]

    monkeypatch.setenv("TERM", "xterm")
    assert "    return \x1b[32ma + b\x1b[0m\n" in last_line("a + b")
    assert last_line("Sure! Here is the code:").endswith("    return\n")  # dropped: no half of it stays


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--set", "enabled=false"), "disabled"),
        (("--set", "languages_off=python"), "disabled"),
        (("--set", "exclude=sample.py"), "excluded by a privacy rule"),
        (("--backend", "scripted"), "the model had nothing to add"),
    ],
)
def test_nothing_to_offer_has_a_reason(capsys: pytest.CaptureFixture[str], flags: tuple[str, ...], words: str) -> None:
    code, out, err = run(capsys, "complete", place(ADD), *flags)
    assert (code, out) == (Exit.NOTHING, "")
    assert words in err
    code, out, _ = run(capsys, "complete", place(ADD), *flags, "--json")
    assert (code, json.loads(out)["reason"]) == (Exit.NOTHING, words)


def test_answer_that_a_rule_dropped_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    where, answer = place(ADD), "a + (\x1b[2J"
    code, out, err = run(capsys, "complete", where, *scripted(answer))
    assert (code, out) == (Exit.NOTHING, "")
    assert "a rule dropped the answer (" in err
    assert "The answer was: a + (\\x1b[2J\n" in err
    _, out, _ = run(capsys, "complete", where, *scripted(answer), "--json")
    assert json.loads(out)["dropped"] == answer


@pytest.mark.parametrize(
    "flags",
    [
        ("--backend", "mistral", "--base-url", "http://127.0.0.1:9"),
        ("--backend", "mistral", "--local-only"),
        ("--backend", "mistral", "--base-url", "ftp://nowhere"),
    ],
)
def test_backend_that_fails_is_exit_code_3(capsys: pytest.CaptureFixture[str], flags: tuple[str, ...]) -> None:
    code, out, err = run(capsys, "complete", place(ADD), *flags)
    assert (code, out) == (Exit.BACKEND, "")
    assert err.startswith("infill: mistral: ")
    code, out, _ = run(capsys, "complete", place(ADD), *flags, "--json")
    assert (code, json.loads(out)["error"]["backend"]) == (Exit.BACKEND, "mistral")


def test_who_steps_in_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "k")
    where = place("def price(order):\n    return order.total\n\n\ndef cost(order):\n    return order.t‸\n")
    code, out, err = run(capsys, "complete", where, "--base-url", "http://127.0.0.1:9", "--json")
    said = json.loads(out)
    assert (code, said["backend"], said["text"]) == (Exit.DONE, "workspace", "otal")
    assert "127.0.0.1:9" in err and "Meanwhile the workspace model answers." in err


def test_projects_file_narrows_and_is_told_what_it_may_not(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".infill.toml").write_text('exclude = ["*.py"]\nbase_url = "http://evil.example"\n')
    code, _, err = run(capsys, "complete", place(ADD), *scripted("a + b"))
    assert code == Exit.NOTHING
    assert "base_url: a project's file may not set this" in err


def test_workspace_model_completes_from_the_project_alone(capsys: pytest.CaptureFixture[str]) -> None:
    line = "    connection = open_connection(settings.address, timeout=settings.timeout)\n"
    Path("other.py").write_text("".join(f"def call_{n}(settings):\n{line}" for n in range(6)))
    code, out, err = run(
        capsys, "complete", place("def main(settings):\n    connection = open_c‸\n"), "--backend", "workspace"
    )
    assert (code, out.startswith("onnection(settings.")) == (Exit.DONE, True), err


def test_why_shows_what_would_leave_with_secrets_masked(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "k3y-0f-a-t3st")
    where = place(f'TOKEN = "{SECRET}"\n{ADD}')
    code, out, _ = run(capsys, "why", where, "--backend", "mistral", "--json")
    report = json.loads(out)
    assert (code, report["asked"], report["masked_secrets"]) == (Exit.DONE, True, 1)
    assert report["backend"]["sends"] is True
    assert report["request"]["suffix"] == "\n\n\ndef sub(a, b):\n    return a - b\n"
    _, text, _ = run(capsys, "why", where, "--backend", "mistral")
    assert SECRET not in out + text
    assert "k3y-0f-a-t3st" not in out + text
    assert "text leaves this machine" in text


def test_why_says_when_nothing_would_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "why", place("KEY=‸\n", ".env"), "--backend", "mistral")
    assert code == Exit.DONE
    assert "Nothing would be asked: excluded by a privacy rule: a file that holds secrets by convention" in out
    _, out, _ = run(capsys, "why", place(ADD), "--backend", "mistral", "--local-only")
    assert "`local_only` is set" in out


def test_why_says_what_decides_a_request_that_it_cannot_show(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ("why", place(ADD), "--backend", "openai", "--base-url", "http://127.0.0.1:9")
    _, out, _ = run(capsys, *asked)
    assert "Actions: the first model that the server lists, since `chat_model` is empty." in out
    _, out, _ = run(capsys, *asked, "--json")
    report = json.loads(out)
    assert (report["request"], report["actions"]["offered"]) == (None, True)
    assert "--model NAME" in report["no_request"]
    _, out, _ = run(capsys, *asked, "--json", "--model", "Qwen/Qwen2.5-Coder-1.5B")
    report = json.loads(out)
    assert (report["request"]["model"], report["no_request"]) == ("Qwen/Qwen2.5-Coder-1.5B", "")


def test_why_gives_each_file_one_row() -> None:
    pieces = [(1, 2, 0.004), (3, 4, 0.012), (9, 9, 0.001)]
    found = [
        {"source": "own file", "path": "a.py", "first_line": a, "last_line": b, "score": s, "tokens": 5, "reason": ""}
        for a, b, s in pieces
    ]
    assert [row.split() for row in rows(found)] == [["0.012", "15", "tokens", "a.py:1-4,9", "own", "file"]]
    many = [{**found[0], "path": f"{number}.py", "reason": "hardly related"} for number in range(PASSED_OVER + 2)]
    assert rows(many)[-1] == "  and 2 more that are left out; --json lists them"


def test_why_explains_each_rule(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "why", place(ADD), "--answer", "```python\na + b\n```", "--json")
    steps = {step["rule"]: step for step in json.loads(out)["rules"]}
    assert steps["fences"] == {"rule": "fences", "changed": True, "after": "a + b"}
    _, out, _ = run(capsys, "why", place(ADD), "--answer", "```python\na + b\n```")
    assert "fences:\n  | a + b" in out
    assert "scope: leaves it" in out


def test_why_ends_with_what_would_be_shown(capsys: pytest.CaptureFixture[str]) -> None:
    where = place("print(add(‸))\n")
    _, out, _ = run(capsys, "why", where, "--answer", "1, 2))")
    assert out.endswith("What would be shown, in place of 2 characters after the cursor\n  | 1, 2))\n")
    _, out, _ = run(capsys, "why", where, "--answer", "\u202e1")
    assert "Nothing would be shown" in out
    _, out, _ = run(capsys, "why", where, "--answer", "1, 2))", "--json")
    assert json.loads(out)["outcome"] == {"shown": True, "text": "1, 2))", "replaces": 2}


def test_an_address_that_nobody_asks_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.py").write_text("value = 1\n")
    _, _, err = run(capsys, "complete", "a.py:2:1", "--base-url", "http://127.0.0.1:9")
    assert "`base_url` is set (command line)" in err and "Set `backend`" in err
