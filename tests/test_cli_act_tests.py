"""`infill act tests`: the right framework and file, nothing written or run that was not agreed to, and an honest report."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from context.clock import MonotonicClock
from context.desk import Desk
from context.edits import EditLog
from context.privacy import Gate
from context.syntax import Trees
from editors.headless import act_tests
from editors.headless.exits import Exit
from editors.headless.hand import agreed
from lsp_server.actions.frameworks import find
from tests.acting import block
from tests.chat_server import chat_server, talks
from tests.shell import new_user, run

SOURCE = "def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return a - b\n"
GOOD = (
    "import unittest\n\nfrom sums import add\n\n\nclass TestAdd(unittest.TestCase):\n"
    "    def test_add_two(self):\n        self.assertEqual(add(1, 2), 3)\n"
)
WRONG = GOOD.replace(", 3)", ", 4)")
PROJECTS = [
    ({"pyproject.toml": "[tool.pytest.ini_options]"}, "src/a.py", "pytest", "src/test_a.py"),
    ({"tests/test_b.py": "def test_b(): ...\n"}, "a.py", "pytest", "tests/test_a.py"),
    ({"tests/test_a.py": "import pytest\n", "other/test_b.py": "def test_b(): ...\n"}, "a.py", "pytest", "tests/test_a.py"),
    ({}, "a.py", "unittest", "test_a.py"),
    ({"package.json": '{"devDependencies": {"vitest": "1"}}'}, "src/a.ts", "vitest", "src/a.test.ts"),
    ({"package.json": '{"devDependencies": {"jest": "1"}}', "src/b.spec.js": "it('x', f)"}, "src/a.js", "jest", "src/a.spec.js"),
    ({"package.json": "{}"}, "a.mjs", "node:test", "a.test.mjs"),
    ({"package.json": "{broken"}, "a.js", "node:test", "a.test.js"),
    ({"go.mod": "module m"}, "pkg/a.go", "go test", "pkg/a_test.go"),
    ({"crate/Cargo.toml": "[package]"}, "crate/src/a.rs", "cargo test", "crate/tests/a_test.rs"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = new_user(tmp_path, monkeypatch)
    Path("sums.py").write_text(SOURCE)
    return home


@pytest.mark.parametrize(("files", "source", "framework", "file"), PROJECTS)
def test_the_framework_and_the_file_are_those_of_the_project(
    tmp_path: Path, files: dict[str, str], source: str, framework: str, file: str
) -> None:
    root = tmp_path / "other"
    for name, text in {**files, source: "x"}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    languages = {"py": "python", "ts": "typescript", "js": "javascript", "mjs": "javascript", "go": "go", "rs": "rust"}
    desk = Desk((root,), (), EditLog(), Gate([root]), Trees(), None, MonotonicClock())
    found = find(languages[source.rpartition(".")[2]], root / source, desk)
    assert found is not None
    chosen, project = found
    assert (chosen.name, chosen.file(project).relative_to(root).as_posix()) == (framework, file)
    assert not any(part.startswith("-e") for part in chosen.command(project, chosen.file(project), ["test_x"]))


def act(
    capsys: pytest.CaptureFixture[str], scripts: tuple[str, ...], *argv: str
) -> tuple[int, str, str, list[dict[str, object]]]:
    with chat_server(*scripts) as server:
        told = run(capsys, "act", "tests", "sums.py:2", *argv, "--backend", "openai", "--base-url", server.url)
        return *told, talks(server)


def test_tests_are_shown_and_not_written(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err, [body] = act(capsys, (block(GOOD),))
    assert code == Exit.DONE and "+++ b/test_sums.py" in out and "+    def test_add_two(self):" in out
    assert err == "1 test with unittest: not run.\n"
    assert not Path("test_sums.py").exists()
    assert "def add" in str(body["messages"]) and "Write tests for add." in str(body["messages"])


def test_tests_go_to_the_end_of_the_file_that_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    Path("test_sums.py").write_bytes(b"import unittest\r\n")
    code, _, _, [body] = act(capsys, (block(GOOD),), "--write", "--yes")
    assert code == Exit.DONE
    assert Path("test_sums.py").read_bytes() == b"import unittest\r\n\r\n\r\n" + GOOD.replace("\n", "\r\n").encode()
    assert "how the project writes tests" in str(body["messages"])


def test_nothing_is_run_where_nobody_agreed(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err, _ = act(capsys, (block(GOOD),), "--run")
    assert code == Exit.USAGE and "It runs code of this project." in err and "unittest" in err
    assert not Path("test_sums.py").exists()


def test_tests_that_pass_are_said_to_pass(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _, bodies = act(capsys, (block(GOOD),), "--run", "--yes", "--json")
    report = json.loads(out)
    assert code == Exit.DONE and (report["state"], report["tests"], report["written"]) == (
        "passed",
        ["test_add_two"],
        True,
    )
    assert len(bodies) == 1 and Path("test_sums.py").read_text() == GOOD


def test_tests_that_fail_are_repaired_once(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err, bodies = act(capsys, (block(WRONG), block(GOOD)), "--run", "--yes")
    assert code == Exit.DONE and err.endswith("1 test with unittest: passed.\n")
    assert "3 != 4" in str(bodies[1]["messages"]) and Path("test_sums.py").read_text() == GOOD


class Typist(io.StringIO):
    """Somebody at a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_second_text_is_asked_about_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Typist("y\nn\n"))
    code, out, err, bodies = act(capsys, (block(WRONG), block(GOOD)), "--run")
    assert code == Exit.NOTHING and len(bodies) == 2 and err.count("[y/N]") == 2
    assert Path("test_sums.py").read_text() == WRONG and ", 3)" in out and err.endswith(": failed.\n")


def test_a_question_obeys_no_name(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", Typist("n\n"))
    assert not agreed("Write \x1b]0;owned\x07\n.py?", yes=False)
    assert capsys.readouterr().err == "Write \\x1b]0;owned\\x07\\n.py? [y/N] "


@pytest.mark.parametrize("there", [False, True], ids=["dangling", "to a file"])
def test_nothing_is_written_through_a_link(capsys: pytest.CaptureFixture[str], there: bool) -> None:
    if there:
        Path("conftest.py").write_text("")
    Path("test_sums.py").symlink_to("conftest.py")
    code, _, err, _ = act(capsys, (block(GOOD),), "--write", "--yes")
    assert code == Exit.NOTHING and "is a link" in err
    assert Path("conftest.py").exists() is there and not (there and Path("conftest.py").read_text())


def test_tests_that_go_on_failing_are_said_to_fail(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err, bodies = act(capsys, (block(WRONG),), "--run", "--yes")
    assert code == Exit.NOTHING and err.endswith(": failed.\n") and "3 != 4" in err
    assert len(bodies) == 2


@pytest.mark.parametrize("as_json", [False, True], ids=["words", "json"])
def test_an_interpreter_without_pytest_is_no_failed_test(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    Path("pytest.ini").write_text("[pytest]\n")
    own = Path(".venv/bin/python")
    own.parent.mkdir(parents=True)
    own.write_text('#!/bin/sh\necho "$0: No module named pytest" >&2\nexit 1\n')
    own.chmod(0o755)
    code, out, err, bodies = act(capsys, (block(GOOD),), "--run", "--yes", *(["--json"] if as_json else []))
    assert code == Exit.NOTHING and len(bodies) == 1 and "failed" not in err
    told = json.loads(out)["output"] if as_json else err
    assert "-m pip install pytest" in told and Path("test_sums.py").read_text() == GOOD
    if as_json:
        assert json.loads(out)["state"] == "could not be run"
    else:
        assert "1 test with pytest could not run: " in err and "test_sums.py is written" in err
        assert out.count("+++ b/test_sums.py") == 1


def test_a_run_has_a_time_limit(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(act_tests, "TIME_LIMIT", 1.0)
    endless = GOOD.replace("self.assert", "while True: pass\n        self.assert")
    code, _, err, _ = act(capsys, (block(endless),), "--run", "--yes")
    assert code == Exit.NOTHING and "stopped after 1 seconds" in err


def test_a_run_sees_no_key_and_its_output_has_an_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CODESTRAL_API_KEY", "sk-of-the-user")
    told = "import os\n        print('x' * 50_000, sorted(os.environ))\n        self.fail('now')\n        self.assert"
    _, _, err, bodies = act(capsys, (block(GOOD.replace("self.assert", told)),), "--run", "--yes")
    assert "PATH" in err and "API_KEY" not in err and "INFILL" not in err
    assert len(err) < 12_000 and "sk-of-the-user" not in json.dumps(bodies)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (block("def helper():\n    return 1\n"), "holds no test"),
        (block(GOOD.replace("(add(1", "((add(1")), "do not parse"),
        (f"```python\n{GOOD[:80]}", "breaks off"),
        ("Trust me, it works.", "no code block"),
        (block(GOOD.replace("two", "tw\u200bo")), "invisible"),
        (block(GOOD * 400), "longer"),
    ],
)
def test_what_is_no_test_is_declined(capsys: pytest.CaptureFixture[str], answer: str, words: str) -> None:
    code, _, err, bodies = act(capsys, (answer,), "--run", "--yes")
    assert code == Exit.NOTHING and words in err and len(bodies) == 2
    assert sorted(path.name for path in Path().iterdir()) == [".git", "sums.py"]
