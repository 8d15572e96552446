"""A number or a commit on the command line that makes no sense is a usage error, said before anything is done."""

from __future__ import annotations

from pathlib import Path

import pytest

from editors.headless.exits import Exit
from tests.past_repository import repository_in
from tests.shell import new_user, run


@pytest.mark.parametrize(
    "words",
    [
        "bench replay . --lines -5",
        "bench replay . --lines 0",
        "bench replay . --commits 0",
        "bench context . --lines -1",
        "bench context . --typing --files 0",
        "bench fim data.jsonl --limit -1",
        "bench fim data.jsonl --at-once 0",
        "bench latency --sessions 0",
        "bench latency --tokens 0",
        "bench host --context 0",
        "bench workspace --lines 0",
        "bench workspace --files 0",
        "bench compare a b --lines 0",
        "usage --days -3",
        "usage --days 99999999",
        "audit --days 0",
        "usage --days many",
    ],
)
def test_a_number_that_makes_no_sense_is_a_usage_error(
    words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new_user(tmp_path, monkeypatch)
    code, _, err = run(capsys, *words.split())
    assert code == Exit.USAGE and "wants a whole number from" in err


@pytest.mark.parametrize("bench", ["replay", "context"])
@pytest.mark.parametrize("start", ["nosuch", "--output=owned"])
def test_a_start_that_is_no_commit_is_a_usage_error(
    bench: str, start: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new_user(tmp_path, monkeypatch)
    repository = repository_in(tmp_path / "repository")
    code, _, err = run(capsys, "bench", bench, str(repository), f"--start={start}")
    assert code == Exit.USAGE and f"has no commit {start}" in err
    assert not list(tmp_path.rglob("owned"))
