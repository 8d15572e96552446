"""Replay through the real server: it sees the past alone, says the same twice, and what a failing backend leaves is no figure."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from backends import discovery
from backends.discovery import Host
from backends.keys import Secret
from backends.workspace.backend import index_file
from backends.workspace.index import load
from editors.headless.cli import main
from editors.headless.history import History
from editors.headless.past import AddedLine, added_lines
from editors.headless.replays.tree import PastTree
from editors.headless.runs.journal import read
from editors.headless.runs.rows import Row
from tests.past_repository import SECOND, git, repository_in
from tests.provider import provider
from tests.shell import new_user

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return repository_in(tmp_path / "repository")


def replay(repository: Path, out: Path, *more: str) -> int:
    return main(["bench", "replay", str(repository), "--commits", "1", "--out", str(out), *more])


def outcome(path: Path) -> list[tuple[str, object]]:
    """All that two runs must have in common: everything but the times."""
    return [(row.id, dict(row.measures)) for row in read(path).rows]


def test_a_past_tree_is_the_past_and_no_repository(repository: Path, tmp_path: Path) -> None:
    history = History(repository)
    (commit,) = history.commits(1)
    tree = PastTree(history, tmp_path / "past")

    def there() -> dict[str, str]:
        return {str(file.relative_to(tree.root)): file.read_text() for file in tree.root.rglob("*") if file.is_file()}

    tree.enter(commit.parent)
    past = there()
    assert sorted(past) == ["a.py", "gone.py", "old/b.py"] and "canary" not in "".join(past.values())
    tree.enter(commit.hash)
    assert sorted(there()) == ["a.py", "future.py", "old/b.py"] and there()["a.py"] == SECOND
    tree.enter(commit.parent)
    assert there() == past and not (tree.root / ".git").exists()
    history.close()


def test_a_rule_file_counts_from_its_commit_on(repository: Path, tmp_path: Path) -> None:
    """What was judged once is kept from commit to commit, but not past a change of what closes files."""
    (repository / "old" / ".gitignore").write_text("b.py\n")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "three")
    history = History(repository)
    tree = PastTree(history, tmp_path / "past")
    (commit,) = history.commits(1)
    for tip, expected in ((commit.parent, True), (commit.hash, False), (commit.parent, True)):
        tree.enter(tip)
        tree.learn(excerpts=False)
        assert ("old/b.py" in load(index_file(tree.cache, [tree.root])).paths) is expected
    history.close()


def test_the_same_command_gives_the_same_numbers(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        assert replay(repository, tmp_path / name, "--lines", "2") == 0
    assert outcome(tmp_path / "one") == outcome(tmp_path / "two") and len(outcome(tmp_path / "one")) == 2
    measures = read(tmp_path / "one").rows[0].measures
    assert {"RoCC", "EM, line start", "EM, mid-line", "ES, inside a name", "wrong per line"} <= set(measures)
    about = read(tmp_path / "one").about
    assert about["plan"]["seed"] == 1 and about["versions"]["infill"] and about["plan"]["commit"]
    out = capsys.readouterr().out
    assert "RoCC" in out and "ES, inside a name" not in out and "more measures: --all shows them." in out
    assert replay(repository, tmp_path / "one", "--lines", "2", "--all") == 0
    assert "ES, inside a name" in capsys.readouterr().out
    kept = (tmp_path / "one").read_bytes()
    monkeypatch.setattr("editors.headless.replays.run.Replay.rows", None)  # nothing is asked again
    assert replay(repository, tmp_path / "one", "--lines", "2", "--report", str(tmp_path / "r.html")) == 0
    assert (tmp_path / "one").read_bytes() == kept and "Read back from" in capsys.readouterr().err
    assert "<svg" in (tmp_path / "r.html").read_text()


def test_no_word_of_the_future_reaches_a_prompt(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit brings canaries in three of its lines, one of them in a new file. What a model is sent over HTTP has those of
    lines written before, of the line being typed what is typed of it, and no other, though it is told of other files."""
    monkeypatch.setenv("MISTRAL_API_KEY", "k")
    with provider() as model:
        model.answers("nothing_like_it")
        assert replay(repository, tmp_path / "run", "--backend", "mistral", "--base-url", model.url) == 0
        prompts = [json.loads(body) for body in model.bodies if body]
    history = History(repository)
    (commit,) = history.commits(1)
    lines = list(added_lines(history, commit))
    history.close()
    assert len(prompts) > 20 and any("value.method" in prompt["prompt"] for prompt in prompts)
    planted = [re.findall(r"\w*canary", line.text) for line in lines]
    assert sum(map(len, planted)) == 4
    for prompt in prompts:
        number, typed = next(found for found in map(place_in, [prompt["prompt"]] * 4, lines, range(4)) if found)
        known = " ".join([*(word for words in planted[:number] for word in words), typed])
        for word in re.findall(r"\w*canar\w*", prompt["prompt"] + prompt["suffix"]):
            assert word in known


def place_in(prompt: str, line: AddedLine, number: int) -> tuple[int, str] | None:
    """The line at whose place a prompt ends, and what is typed of it."""
    for column in range(len(line.text), -1, -1):
        if prompt.endswith(line.around()[0] + line.text[:column]):
            return number, line.text[:column]
    return None


def test_what_a_served_model_costs_is_counted(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "k")
    with provider() as model:
        model.answers("total = ", "alpha + beta")
        arguments = ("--backend", "mistral", "--base-url", model.url, "--mode", "point")
        assert replay(repository, tmp_path / "run", *arguments) == 0
        assert model.last_authorization == "Bearer k"
        asked = model.asked
    rows = {row.id.split(":", 1)[1]: row for row in read(tmp_path / "run").rows}
    total = rows["a.py:0.0"]
    assert total.measures["EM, line start"] == (1.0, 1.0) and total.measures["requests per line"] == (3.0, 1.0)
    assert total.measures["tokens per line"][0] >= 3 * 22 and total.measures["cost per line"][0] > 0
    assert sum(row.measures["requests per line"][0] for row in rows.values()) == asked


def test_a_model_host_is_asked_with_its_own_token(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server on the stage has a token for the stage; the host's own token is known to the bench alone."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    token = Secret("t0ken-0f-the-h0st")
    with provider() as model:
        model.plays_host(token, "total = ", "alpha + beta")
        discovery.announce(Host(os.getpid(), "tiny", 4096, port=model.port, token=token))
        assert replay(repository, tmp_path / "out", "--backend", "host", "--mode", "point") == 0
        assert model.last_authorization == f"Bearer {token.reveal()}"
    rows = {row.id.split(":", 1)[1]: row for row in read(tmp_path / "out").rows}
    assert rows["a.py:0.0"].measures["EM, line start"] == (1.0, 1.0)
    assert rows["a.py:0.0"].measures["cost per line"] == (0.0, 1.0)


def test_no_model_host_is_said(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert replay(repository, tmp_path / "out", "--backend", "host") == 3
    assert "No model host is running" in capsys.readouterr().err


def test_no_key_is_said_before_anything_is_asked(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new_user(tmp_path, monkeypatch)
    assert replay(repository, tmp_path / "out", "--backend", "mistral") == 3
    assert "No key is set" in capsys.readouterr().err


def test_a_backend_that_refuses_stops_the_run_which_then_goes_on(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "k")
    with provider() as model:
        arguments = ("--backend", "mistral", "--base-url", model.url, "--mode", "point")
        model.refuses(401)
        assert replay(repository, tmp_path / "run", *arguments) == 3
        told = capsys.readouterr()
        assert "does not accept the key" in told.err and "the same command goes on" in told.err and not told.out
        assert not read(tmp_path / "run").rows
        model.answers("x")
        assert replay(repository, tmp_path / "run", *arguments) == 0
    assert len(read(tmp_path / "run").rows) == 4


def test_a_line_that_failed_is_in_no_average(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", "k")
    monkeypatch.setattr("editors.headless.replays.run.HOPELESS", 99)
    with provider() as model:
        model.refuses(500)
        arguments = ("--backend", "mistral", "--base-url", model.url, "--mode", "point")
        assert replay(repository, tmp_path / "run", *arguments) == 3
    rows = read(tmp_path / "run").rows
    assert rows and all(row.failed and not row.measures for row in rows)
    told = capsys.readouterr()
    assert "4 of 4 questions failed" in told.out and "is in trouble" in told.err
    assert read(tmp_path / "run").finished is None


def test_a_server_that_stopped_asking_gives_no_figure(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """After failures a server leaves the backend alone for a while. Lines of which nothing was asked for that reason would count
    as lines at which the model had nothing to say."""
    monkeypatch.setenv("MISTRAL_API_KEY", "k")
    monkeypatch.setattr("editors.headless.replays.run.HOPELESS", 99)
    (repository / "many.py").write_text("".join(f"v{n} = w({n})\n" for n in range(8)))
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "three")
    with provider() as model:
        model.refuses(500)
        assert (
            replay(repository, tmp_path / "run", "--backend", "mistral", "--base-url", model.url, "--mode", "typing")
            == 3
        )
    rows = read(tmp_path / "run").rows
    assert len(rows) == 8 and all(row.failed for row in rows)
    assert "8 of 8 questions failed" in capsys.readouterr().out


def test_a_killed_run_goes_on_where_it_was(repository: Path, tmp_path: Path) -> None:
    """SIGKILL as soon as the first commit is kept: the next run asks the rest only, and comes to what one run comes to."""
    (repository / "old" / "b.py").write_text("value.method(argument)\nvalue.other(argument, 3)\n")
    for command in (("add", "-A"), ("-c", "user.name=A", "-c", "user.email=a@b.example", "commit", "-qm", "three")):
        subprocess.run(["git", "-C", str(repository), *command], check=True, capture_output=True)
    command = [
        sys.executable,
        "-P",
        "-m",
        "editors.headless",
        "bench",
        "replay",
        str(repository),
        "--json",
        "--mode=point",
    ]
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([*command, "--out", str(killed)], stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    first = Row.of_json(json.loads(process.stdout.readline()))
    process.send_signal(signal.SIGKILL)
    process.wait()
    said = [*process.stdout.read().splitlines(), b""][0]
    assert b"summary" not in said
    done = subprocess.run([*command, "--out", str(killed)], capture_output=True, env=environment, check=True)
    assert b"Going on after 1 tasks" in done.stderr
    asked = [json.loads(line) for line in done.stdout.splitlines()[:-1]]
    assert first.id not in [row["id"] for row in asked]
    subprocess.run([*command, "--out", str(whole)], capture_output=True, env=environment, check=True)
    assert sorted(outcome(killed)) == sorted(outcome(whole)) and read(killed).finished
