"""The requests that wait for a reply: the one place that decides that each gets exactly one."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

Id = int | float | str
Lane = tuple[str, str]
"""(method, document): only the newest request in a lane is worth an answer."""


@dataclass(slots=True, eq=False)
class Pending:
    id: Id
    lane: Lane | None
    task: asyncio.Task[Any]


class Requests:
    def __init__(self) -> None:
        self._waiting: dict[Id, Pending] = {}
        self._newest: dict[Lane, Pending] = {}

    def __contains__(self, id: Id) -> bool:
        return id in self._waiting

    def add(self, pending: Pending) -> Pending | None:
        """Begins to wait. Returns the older request of the same lane, which nobody needs an answer to any more."""
        self._waiting[pending.id] = pending
        if pending.lane is None:
            return None
        older = self._newest.get(pending.lane)
        self._newest[pending.lane] = pending
        return older

    def find(self, id: Id) -> Pending | None:
        return self._waiting.get(id)

    def settle(self, pending: Pending) -> bool:
        """True for the first who asks: they send the reply, everybody after them stays silent."""
        if self._waiting.get(pending.id) is not pending:
            return False
        del self._waiting[pending.id]
        if pending.lane is not None and self._newest.get(pending.lane) is pending:
            del self._newest[pending.lane]
        return True

    def all(self) -> list[Pending]:
        return list(self._waiting.values())
