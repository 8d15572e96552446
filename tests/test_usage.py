"""The ledger: what a day has cost, also when the disk does not play along."""

from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

from backends.api import Card, Usage
from lsp_server.usage import Asked, Ledger, Settled, Spent, cost_of

DAY = 86_400.0


def asked(ledger: Ledger, tokens: int = 100, cost: float = 0.01) -> Asked:
    at, day = ledger.stamp()
    return Asked(at, day, "mistral", "codestral", "python", tokens, 10, 0, False, cost, 120.0, 300.0, "done")


def settled(ledger: Ledger, suggestion: str) -> Settled:
    at, day = ledger.stamp()
    return Settled(at, day, suggestion, "mistral", "codestral", "python", "model", "line", "accepted", 12, 12)


def test_a_day_is_added_up_and_the_next_begins_at_nothing() -> None:
    now = [10 * DAY]
    ledger = Ledger(None, wall=lambda: now[0])
    ledger.asked(asked(ledger))
    ledger.asked(asked(ledger))
    assert ledger.today() == Spent(220, 0.02)
    now[0] += DAY
    assert ledger.today() == Spent()


def test_what_another_server_spent_today_counts_at_the_start(tmp_path: Path) -> None:
    first = Ledger(tmp_path / "usage.sqlite", wall=lambda: DAY)
    first.asked(asked(first))
    first.flush()
    assert Ledger(tmp_path / "usage.sqlite", wall=lambda: DAY).today() == Spent(110, 0.01)


def test_the_file_is_the_users_alone_and_survival_is_added_later(tmp_path: Path) -> None:
    path = tmp_path / "new" / "usage.sqlite"
    ledger = Ledger(path, wall=lambda: DAY)
    ledger.settled(settled(ledger, "a-1"))
    ledger.flush()
    ledger.survived("a-1", "kept_30s", 0.5)
    ledger.flush()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT verdict, kept_30s, kept_5min FROM settled").fetchall() == [
            ("accepted", 0.5, None)
        ]


def test_a_damaged_file_is_moved_aside_and_a_new_one_begun(tmp_path: Path) -> None:
    path = tmp_path / "usage.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    ledger = Ledger(path, wall=lambda: DAY)
    ledger.asked(asked(ledger))
    ledger.flush()
    ledger.asked(asked(ledger))
    ledger.flush()
    assert path.with_suffix(".damaged").exists()
    assert Ledger(path, wall=lambda: DAY).today().tokens == 220


def test_a_folder_that_cannot_be_written_keeps_counting_in_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ledger = Ledger(tmp_path / "file" / "usage.sqlite", wall=lambda: DAY)
    ledger.asked(asked(ledger))
    ledger.flush()
    ledger.asked(asked(ledger))
    assert ledger.today().tokens == 220


def test_cached_input_has_its_own_price_and_a_host_of_ones_own_none() -> None:
    mistral = Card("mistral", "codestral-2508", sends=True, context_tokens=8192, origin="https://api.mistral.ai")
    own = replace(mistral, name="llama_cpp")
    assert cost_of(Usage(1_000_000, 0, 0), mistral) == 0.30
    assert cost_of(Usage(1_000_000, 1_000_000, 1_000_000), mistral) == 0.03 + 0.90
    assert cost_of(Usage(1_000_000, 1_000_000), own) == 0.0
