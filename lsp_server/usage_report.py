"""What the ledger says, added up: requests, tokens, cost, latency and what became of suggestions, by day or by who answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

GROUPS = ("day", "backend", "model", "language", "origin", "place")
"""What the numbers may be added up by. `origin` and `place` are known of suggestions only, not of requests."""


@dataclass(frozen=True, slots=True)
class Row:
    """One group's numbers: times in ms to the first text, `acceptance` and `kept_*` as shares 0..1, None of nothing. `typed` are
    suggestions that were typed out by hand, which is none of their acceptance."""

    group: str
    requests: int
    failed: int
    tokens_in: int
    tokens_cached: int
    tokens_out: int
    cost: float
    first_ms_p50: float | None
    first_ms_p95: float | None
    suggestions: int
    accepted: int
    partly: int
    typed: int
    rejected: int
    characters: int
    acceptance: float | None
    kept_30s: float | None
    kept_5min: float | None


class Unreadable(Exception):
    """The ledger exists and cannot be read."""


def report(ledger: Path, since: str, by: str) -> list[Row]:
    """The numbers since a day (YYYY-MM-DD, local), one row a group, in the groups' order. No ledger yet: no rows."""
    import sqlite3  # here, because the command line is loaded by the server too, which answers before it needs a database

    if not ledger.exists():
        return []
    try:
        with closing(sqlite3.connect(f"{ledger.as_uri()}?mode=ro", uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            asked = connection.execute("SELECT * FROM asked WHERE day >= ?", (since,)).fetchall()
            settled = connection.execute("SELECT * FROM settled WHERE day >= ?", (since,)).fetchall()
    except sqlite3.DatabaseError as error:
        raise Unreadable(str(error)) from error
    requests, suggestions = _grouped(asked, by), _grouped(settled, by)
    return [_row(name, requests.get(name, []), suggestions.get(name, [])) for name in sorted({*requests, *suggestions})]


def as_table(row: Row) -> dict[str, object]:
    return asdict(row)


COLUMNS: Sequence[str] = tuple(column.name for column in fields(Row))


def _grouped(rows: Iterable[sqlite3.Row], by: str) -> dict[str, list[sqlite3.Row]]:
    groups: dict[str, list[sqlite3.Row]] = defaultdict(list)
    for row in rows:
        if by in row.keys():  # noqa: SIM118 - a Row is no mapping
            groups[row[by] or "-"].append(row)
    return groups


def _row(name: str, asked: list[sqlite3.Row], settled: list[sqlite3.Row]) -> Row:
    first = sorted(row["first_ms"] for row in asked if row["outcome"] == "done")
    verdicts = [row["verdict"] for row in settled]
    taken = verdicts.count("accepted") + verdicts.count("partly")
    return Row(
        group=name,
        requests=len(asked),
        failed=sum(row["outcome"] != "done" for row in asked),
        tokens_in=sum(row["prompt_tokens"] for row in asked),
        tokens_cached=sum(row["cached_tokens"] for row in asked),
        tokens_out=sum(row["completion_tokens"] for row in asked),
        cost=sum(row["cost"] for row in asked),
        first_ms_p50=_quantile(first, 0.5),
        first_ms_p95=_quantile(first, 0.95),
        suggestions=len(settled),
        accepted=verdicts.count("accepted"),
        partly=verdicts.count("partly"),
        typed=verdicts.count("typed"),
        rejected=verdicts.count("rejected"),
        characters=sum(row["accepted"] for row in settled),
        acceptance=taken / len(settled) if settled else None,
        kept_30s=_mean(row["kept_30s"] for row in settled),
        kept_5min=_mean(row["kept_5min"] for row in settled),
    )


def _quantile(ordered: list[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
