"""`infill usage` adds up what the ledger holds."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from editors.headless import cli
from lsp_server.usage import Asked, Ledger, Settled
from lsp_server.usage_report import report


def ledger(path: Path) -> Path:
    written = Ledger(path)
    at, day = written.stamp()
    for first, outcome in ((100.0, "done"), (300.0, "done"), (9.0, "TimedOut")):
        written.asked(
            Asked(at, day, "mistral", "codestral", "python", 100, 10, 64, False, 0.001, first, 400.0, outcome)
        )
    for number, (verdict, taken) in enumerate((("accepted", 12), ("partly", 4), ("ignored", 0), ("rejected", 0))):
        row = Settled(at, day, f"s-{number}", "mistral", "codestral", "rust", "model", "line", verdict, 12, taken)
        written.settled(row)
    written.survived("s-0", "kept_30s", 1.0)
    written.survived("s-1", "kept_30s", 0.5)
    written.flush()
    return path


def test_requests_and_suggestions_are_added_up_by_backend(tmp_path: Path) -> None:
    [row] = report(ledger(tmp_path / "usage.sqlite"), "2000-01-01", "backend")
    assert (row.group, row.requests, row.failed, row.tokens_in, row.tokens_cached) == ("mistral", 3, 1, 300, 192)
    assert (row.suggestions, row.accepted, row.partly, row.rejected, row.characters) == (4, 1, 1, 1, 16)
    assert (row.acceptance, row.kept_30s, row.kept_5min) == (0.5, 0.75, None)
    assert row.first_ms_p95 == 300.0


def test_by_language_the_two_kinds_meet_where_they_agree(tmp_path: Path) -> None:
    rows = report(ledger(tmp_path / "usage.sqlite"), "2000-01-01", "language")
    assert [(row.group, row.requests, row.suggestions) for row in rows] == [("python", 3, 0), ("rust", 0, 4)]


def test_days_before_are_left_out(tmp_path: Path) -> None:
    assert report(ledger(tmp_path / "usage.sqlite"), "2999-01-01", "day") == []


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "infill" / "usage.sqlite"


def test_the_command_prints_json_csv_and_a_table(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger(home)
    assert cli.main(["usage", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["requests"] == 3
    assert cli.main(["usage", "--csv", "--by", "model"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("codestral,3,1,300,192,30,")
    assert cli.main(["usage"]) == 0
    assert "50 %" in capsys.readouterr().out


def test_without_a_ledger_it_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["usage"]) == 1
    assert "Nothing since" in capsys.readouterr().out


def test_a_damaged_ledger_is_a_sentence_with_the_mend(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home.parent.mkdir()
    home.write_bytes(b"no database" * 100)
    assert cli.main(["usage"]) == 1
    assert "Move it aside" in capsys.readouterr().err
