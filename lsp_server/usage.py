"""The ledger: tokens, cost, latency and what became of suggestions. Numbers and names of models only, never text.

One SQLite file of the user's, 0600, shared by every server on the machine. Rows are written in the background; a ledger that
cannot be written (full disk, read-only home) keeps counting in memory and says so once in the log.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from backends import chat_models
from backends.api import Card, Usage
from backends.models import recognise
from context.private_folder import make_private

log = logging.getLogger(__name__)

SCHEMA = 1
BUSY_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Asked:
    """One request to a backend. `day` is the local date, `cost` US dollars at the published price, times in milliseconds."""

    at: float
    day: str
    backend: str
    model: str
    language: str
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    estimated: bool
    cost: float
    first_ms: float
    total_ms: float
    outcome: str


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one suggestion.

    `kept_30s` and `kept_5min` are shares 0..1 of the accepted text still there then, None until known.
    """

    at: float
    day: str
    suggestion: str
    backend: str
    model: str
    language: str
    origin: str
    place: str
    verdict: str
    shown: int
    accepted: int
    kept_30s: float | None = None
    kept_5min: float | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What a day has cost so far."""

    tokens: int = 0
    cost: float = 0.0


class Ledger:
    """`path` None keeps the numbers in memory only. `wall` gives seconds since the epoch."""

    def __init__(self, path: Path | None, *, wall: Callable[[], float] = time.time) -> None:
        self._path = path
        self._wall = wall
        self._pending: list[Asked | Settled] = []
        self._kept: list[tuple[str, str, float]] = []
        self._today = ""
        self._spent = Spent()
        self._broken = False

    def stamp(self) -> tuple[float, str]:
        """Now, and today's date as `Asked.day` has it."""
        at = self._wall()
        return at, time.strftime("%Y-%m-%d", time.localtime(at))

    def asked(self, row: Asked) -> None:
        self._roll(row.day)
        self._spent = Spent(self._spent.tokens + row.prompt_tokens + row.completion_tokens, self._spent.cost + row.cost)
        self._pending.append(row)

    def settled(self, row: Settled) -> None:
        self._pending.append(row)

    def survived(self, suggestion: str, column: str, share: float) -> None:
        """`column` is kept_30s or kept_5min."""
        self._kept.append((suggestion, column, share))

    def today(self) -> Spent:
        self._roll(self.stamp()[1])
        return self._spent

    def flush(self) -> None:
        """Writes what is pending. Called off the event loop; at most one call at a time."""
        rows, self._pending = self._pending, []
        kept, self._kept = self._kept, []
        if self._path is None or self._broken or not (rows or kept):
            return
        try:
            with _connect(self._path) as connection:
                for row in rows:
                    marks = ",".join("?" * len(fields(row)))
                    connection.execute(f"INSERT INTO {_table(row)} VALUES ({marks})", astuple(row))
                for suggestion, column, share in kept:
                    name = "kept_30s" if column == "kept_30s" else "kept_5min"
                    connection.execute(f"UPDATE settled SET {name} = ? WHERE suggestion = ?", (share, suggestion))
            connection.close()
        except (sqlite3.DatabaseError, OSError) as error:
            self._give_up(error)

    def _roll(self, day: str) -> None:
        if day != self._today:
            self._today, self._spent = day, self._read_day(day)

    def _read_day(self, day: str) -> Spent:
        if self._path is None or self._broken or not self._path.exists():
            return Spent()
        try:
            connection = _connect(self._path)
            query = "SELECT coalesce(sum(prompt_tokens + completion_tokens), 0), coalesce(sum(cost), 0) FROM asked WHERE day = ?"
            tokens, cost = connection.execute(query, (day,)).fetchone()
            connection.close()
        except (sqlite3.DatabaseError, OSError) as error:
            self._give_up(error)
            return Spent()
        return Spent(int(tokens), float(cost))

    def _give_up(self, error: Exception) -> None:
        if isinstance(error, sqlite3.OperationalError) and "locked" in str(error):
            log.info("the usage ledger was busy; some rows were not written")
            return
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError) and self._path:
            self._path.replace(self._path.with_suffix(".damaged"))
            log.warning("the usage ledger was damaged; it was moved aside and a new one begun")
            return
        self._broken = True
        log.warning("the usage ledger cannot be written (%s); usage is counted in memory only", error)


def cost_of(usage: Usage, card: Card) -> float:
    """US dollars for one request at the provider's published price; 0 where the model is hosted by oneself or unknown."""
    if card.name != "mistral":
        return 0.0
    priced = chat_models.known(card.model) or recognise(card.model)
    if priced is None or priced.price is None:
        return 0.0
    price, fresh = priced.price, max(0, usage.prompt - usage.cached)
    return (fresh * price.prompt + usage.cached * price.cached + usage.completion * price.completion) / 1_000_000


def _table(row: Asked | Settled) -> str:
    return "asked" if isinstance(row, Asked) else "settled"


def _connect(path: Path) -> sqlite3.Connection:
    make_private(path.parent)
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    with connection:  # both tables or none, though the process be killed meanwhile
        connection.execute("BEGIN")
        for kind in (Asked, Settled):
            columns = ", ".join(field.name for field in fields(kind))
            connection.execute(f"CREATE TABLE IF NOT EXISTS {kind.__name__.lower()} ({columns})")
        connection.execute(f"PRAGMA user_version={SCHEMA}")
    return connection
