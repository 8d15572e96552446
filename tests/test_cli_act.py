"""`infill act` against a chat endpoint on loopback: what is printed, what is written, and how each command ends."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest

from editors.headless.exits import Exit
from editors.headless.self_test.endpoint import reply
from tests.acting import block
from tests.chat_server import chat_server, talks
from tests.shell import new_user, run

TEXT = "import os\r\n\r\n\r\ndef mean(values):\r\n    return sum(values) / len(values)\r\n\r\n\r\nprint(mean([]))\r\n"
BETTER = "def mean(values):\n    return sum(values) / len(values) if values else 0.0\n"
AFTER = TEXT.replace("len(values)\r\n", "len(values) if values else 0.0\r\n")
FINDING = {
    "quote": "    return sum(values) / len(values)",
    "severity": "error",
    "category": "bug",
    "message": "Divides by zero\x1b]0;owned\x07 for an empty list.",
    "replacement": "    return sum(values) / max(len(values), 1)",
}


def findings(*rows: object) -> str:
    return json.dumps({"findings": list(rows)})


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = new_user(tmp_path, monkeypatch)
    Path("mean.py").write_bytes(TEXT.encode())
    return home


def act(
    capsys: pytest.CaptureFixture[str], script: object, *argv: str
) -> tuple[int, str, str, list[dict[str, object]]]:
    """Exit code, output, errors, and the bodies that arrived."""
    scripts = script if isinstance(script, tuple) else (script,)
    with chat_server(*scripts) as server:
        told = run(capsys, "act", *argv, "--backend", "openai", "--base-url", server.url)
        return *told, talks(server)


def test_explain_streams_markdown_and_nothing_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err, [body] = act(capsys, "It *divides*.\x1b[2J ![x](https://evil.example)\n", "explain", "mean.py:5")
    assert (code, err) == (Exit.DONE, "")
    assert out == "It *divides*.U+001B[2J [x] (`https://evil.example`)\n\n"
    assert "def mean" in str(body["messages"]) and body["stream"] is True


def test_refactor_shows_the_difference_and_writes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _, _ = act(capsys, block(BETTER), "refactor", "mean.py:5", "--say", "Guard against nothing.")
    assert code == Exit.DONE
    assert [line for line in out.splitlines() if line[:1] in "+-"][2:] == [
        "-    return sum(values) / len(values)",
        "+    return sum(values) / len(values) if values else 0.0",
    ]
    assert Path("mean.py").read_bytes() == TEXT.encode()


def test_refactor_writes_once_the_user_agreed(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mean.py").chmod(0o640)
    code, _, _, _ = act(capsys, block(BETTER), "refactor", "mean.py:5", "--as", "simplify", "--write", "--yes")
    assert code == Exit.DONE
    assert Path("mean.py").read_bytes() == AFTER.encode()
    assert Path("mean.py").stat().st_mode & 0o777 == 0o640


def test_nothing_is_written_where_nobody_can_agree(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err, _ = act(capsys, block(BETTER), "refactor", "mean.py:5", "--as", "simplify", "--write")
    assert code == Exit.USAGE and "--yes" in err
    assert Path("mean.py").read_bytes() == TEXT.encode()


def test_the_refactorings_that_fit_are_listed_without_asking(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _, bodies = act(capsys, "?", "refactor", "mean.py:5")
    assert code == Exit.DONE and "--as simplify" in out and "--as extract" not in out
    assert not bodies


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("I would rather not.", "no code block"),
        (f"```python\n{BETTER[:20]}", "breaks off"),
        (block(TEXT.replace("print", "exit")), "outside"),
        (block("x = 1\n" * 4_000), "longer"),
        (block(BETTER.replace("sum(", "sum((")), "does not parse"),
    ],
)
def test_a_bad_answer_is_one_sentence_and_no_change(
    capsys: pytest.CaptureFixture[str], answer: str, words: str
) -> None:
    code, out, err, bodies = act(capsys, answer, "refactor", "mean.py:5", "--as", "simplify", "--write", "--yes")
    assert (code, out) == (Exit.NOTHING, "") and words in err
    assert len(bodies) == 2 and Path("mean.py").read_bytes() == TEXT.encode()


def test_review_prints_findings_and_fails_on_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    made_up = {**FINDING, "quote": "made up"}
    code, out, err, [body] = act(capsys, findings(FINDING, made_up), "review", "mean.py")
    assert code == Exit.NOTHING
    assert out.splitlines() == [
        "mean.py:5: error: Divides by zeroU+001B]0;ownedU+0007 for an empty list. [bug]",
        "  -     return sum(values) / len(values)",
        "  +     return sum(values) / max(len(values), 1)",
    ]
    assert err == "1 finding. 1 more were dropped: what they quote is not there.\n"
    assert body["response_format"]["json_schema"]["strict"] is True  # type: ignore[index]


@pytest.mark.parametrize(("fail_on", "severity", "code"), [
    ("error", "warning", Exit.DONE), ("warning", "warning", Exit.NOTHING), ("info", "info", Exit.NOTHING),
    ("never", "error", Exit.DONE),
])  # fmt: skip
def test_the_exit_code_is_by_severity(
    capsys: pytest.CaptureFixture[str], fail_on: str, severity: str, code: Exit
) -> None:
    assert (
        act(capsys, findings({**FINDING, "severity": severity}), "review", "mean.py", "--fail-on", fail_on)[0] == code
    )


def test_review_as_json_and_as_sarif(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _, _ = act(capsys, findings(FINDING), "review", "mean.py", "--json")
    [row] = json.loads(out)["findings"]
    assert (row["file"], row["first_line"], row["severity"]) == ("mean.py", 5, "error")
    _, out, _, _ = act(capsys, findings(FINDING), "review", "mean.py", "--sarif")
    [result] = json.loads(out)["runs"][0]["results"]
    assert result["level"] == "error"
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "mean.py"},
        "region": {"startLine": 5, "endLine": 5},
    }


@pytest.mark.parametrize("answer", ["{broken", "Looks good!", "[]"])
def test_a_review_without_findings_in_form_is_no_clean_bill(capsys: pytest.CaptureFixture[str], answer: str) -> None:
    code, _, err, _ = act(capsys, answer, "review", "mean.py")
    assert code == Exit.NOTHING and "asked twice" in err


@pytest.fixture
def repository() -> None:
    def git(*arguments: str) -> None:
        author = {
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@b",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@b",
        }
        subprocess.run(
            ["git", "-c", "core.autocrlf=false", *arguments],
            check=True,
            capture_output=True,
            env={**os.environ, **author},
        )

    Path(".git").rmdir()
    git("init", "-q")
    Path("other.py").write_text("x = 1\n")
    Path(".env").write_text("A=1\n")
    Path("long.py").write_text("".join(f"a{number} = {number}\n" for number in range(200)))
    git("add", "-Af")
    git("commit", "-qm", "first")
    # A filter that a hostile repository names must not run.
    git("config", "filter.evil.clean", "touch owned; cat")
    Path(".gitattributes").write_text("*.py filter=evil\n")
    Path("mean.py").write_bytes(AFTER.encode())
    Path(".env").write_text("A=2\n")
    Path("long.py").write_text(Path("long.py").read_text().replace("a100 = 100", "a100 = 1 / 0"))


@pytest.mark.usefixtures("repository")
def test_a_review_of_what_changed_looks_at_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = {**FINDING, "quote": "a1 = 1", "replacement": None}
    there = {**elsewhere, "quote": "a100 = 1 / 0"}
    code, out, err, bodies = act(capsys, findings(elsewhere, there), "review", "--diff")
    sent = json.dumps(bodies)
    assert "a100 = 1 / 0" in sent and "a103 = 103" in sent and "a50 = 50" not in sent and "A=2" not in sent
    assert out.splitlines() == ["long.py:101: error: Divides by zeroU+001B]0;ownedU+0007 for an empty list. [bug]"]
    assert ".env: a file that holds secrets by convention" in err
    assert code == Exit.NOTHING and not Path("owned").exists()


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("committed", [False, True], ids=["staged", "committed"])
def test_a_file_that_is_new_since_the_revision_is_reviewed(capsys: pytest.CaptureFixture[str], committed: bool) -> None:
    Path("new.py").write_text("ratio = 1 / 0\n")
    subprocess.run(["git", "-c", "filter.evil.clean=cat", "add", "new.py"], check=True)
    if committed:
        author = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", *author, "commit", "-qm", "second", "new.py"], check=True)
    Path("owned").unlink(missing_ok=True)
    _, out, err, bodies = act(
        capsys, findings({**FINDING, "quote": "ratio = 1 / 0"}), "review", "--diff", "HEAD~1" if committed else "HEAD"
    )
    assert "ratio = 1 / 0" in json.dumps(bodies) and "new.py:1: error" in out
    assert "One file that git does not track was left out" in err and not Path("owned").exists()


@pytest.mark.usefixtures("repository")
def test_a_file_that_git_does_not_track_is_said_to_be_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    Path("new.py").write_text("ratio = 1 / 0\n")
    code, _, err, bodies = act(capsys, findings(), "review", "new.py", "--diff")
    assert code == Exit.DONE and not bodies
    assert "Nothing has changed since HEAD" in err and "`git add` it" in err


@pytest.mark.usefixtures("repository")
def test_where_nothing_has_changed_a_ci_is_given_an_empty_report(capsys: pytest.CaptureFixture[str]) -> None:
    Path("unchanged.py").write_text("x = 1\n")
    for flag, empty in (("--json", '"findings": []'), ("--sarif", '"results": []')):
        code, out, err = run(capsys, "act", "review", "unchanged.py", "--diff", flag, "--backend", "workspace")
        assert code == Exit.DONE and empty in out and "Nothing has changed" in err


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize("revision", ["nowhere", "--output=owned"])
def test_a_revision_that_is_none_is_a_usage_error(capsys: pytest.CaptureFixture[str], revision: str) -> None:
    code, _, _, bodies = act(capsys, "?", "review", f"--diff={revision}")
    assert code == Exit.USAGE and not bodies and not Path("owned").exists()


@pytest.mark.usefixtures("repository")
def test_a_revision_that_is_none_is_said_before_that_nobody_talks(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "act", "review", "--diff", "NOSUCHREV", "--backend", "workspace")
    assert code == Exit.USAGE and "does not know the revision NOSUCHREV" in err and "talk" not in err


def test_a_folder_that_is_no_repository_is_said_to_be_none(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "act", "review", "--diff", "--backend", "workspace")
    assert code == Exit.USAGE and "is in no git repository" in err


def test_a_large_review_says_what_it_takes_first(capsys: pytest.CaptureFixture[str]) -> None:
    Path("large.py").write_text("x = 1  # a line\n" * 8_000)
    code, _, err, bodies = act(capsys, findings(), "review", "large.py")
    assert code == Exit.USAGE and "tokens in" in err and not bodies
    code, _, _, bodies = act(capsys, findings(), "review", "large.py", "--yes")
    assert code == Exit.DONE and len(bodies) > 3


@pytest.mark.parametrize(
    ("argv", "code", "words"),
    [
        (("explain",), Exit.USAGE, "Which file?"),
        (("explain", "none.py:1"), Exit.USAGE, "cannot be read"),
        (("explain", "mean.py:99"), Exit.USAGE, "no line 99"),
        (("explain", "mean.py:5-2"), Exit.USAGE, "before the first"),
        (("refactor", "mean.py:5", "--as", "magic"), Exit.USAGE, "no such refactoring"),
        (("refactor", "mean.py:5", "--as", "simplify", "--say", "x"), Exit.USAGE, "not allowed with argument --as"),
        (("explain", "mean.py:5", "--write"), Exit.USAGE, "--write is for refactor and tests"),
        (("refactor", "mean.py:5", "--run"), Exit.USAGE, "--run is for tests, and means nothing to refactor"),
        (("explain", "mean.py", "--diff"), Exit.USAGE, "--diff is for review"),
        (("refactor", "mean.py:5", "--as", "extract"), Exit.NOTHING, "does not fit"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_asked(
    capsys: pytest.CaptureFixture[str], argv: tuple[str, ...], code: Exit, words: str
) -> None:
    found, _, err, bodies = act(capsys, "?", *argv)
    assert found == code and words in err and not bodies


def test_the_refactorings_that_fit_are_listed_where_nobody_can_talk(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "act", "refactor", "mean.py:5", "--backend", "workspace")
    assert code == Exit.DONE and "--as simplify" in out and "cannot talk" in err
    code, _, err = run(capsys, "act", "refactor", "mean.py:5", "--as", "magic", "--backend", "workspace")
    assert code == Exit.USAGE and "no such refactoring" in err


def test_where_nobody_can_talk_it_says_what_to_set(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "act", "explain", "mean.py:5", "--backend", "workspace")
    assert code == Exit.BACKEND and "infill key set" in err


def test_that_nobody_can_talk_is_json_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "act", "explain", "mean.py:5", "--backend", "workspace", "--json")
    assert code == Exit.BACKEND and json.loads(out)["error"]["mend"] and json.loads(out)["done"] is False


def test_a_refusal_of_the_server_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _, _ = act(capsys, reply(401, {"message": "no"}), "explain", "mean.py:5", "--json")
    assert code == Exit.BACKEND and json.loads(out)["error"]["mend"]


def test_secrets_stay_here_and_numbers_go_into_the_ledger(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    secret = "ghp_" + "a1B2c3D4e5" * 4
    Path("mean.py").write_text(f"def connect():\n    token = '{secret[:40]}'\n    return token\n")
    code, _, _, bodies = act(capsys, "It connects.", "explain", "mean.py:1")
    assert code == Exit.DONE and secret[4:40] not in json.dumps(bodies)
    [ledger] = home.rglob("usage.sqlite")
    with sqlite3.connect(ledger) as connection:
        assert connection.execute("SELECT backend, model, prompt_tokens, outcome FROM asked").fetchall() == [
            ("openai", "scripted", 30, "done")
        ]
    assert b"connects" not in ledger.read_bytes()


def test_a_file_of_secrets_is_not_explained(capsys: pytest.CaptureFixture[str]) -> None:
    Path(".env").write_text("A=1\n")
    code, _, err, bodies = act(capsys, "?", "explain", ".env:1")
    assert code == Exit.NOTHING and "kept from models" in err and not bodies
