"""Asking ahead: what would follow if the suggestion on the screen were accepted, so that the second Tab waits for nothing.

One step only, and only once the suggestion has been on the screen for a moment: whoever types on does not pay for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from context.clock import Clock
from context.snapshot import Cursor, Snapshot
from lsp_server.outcome import Suggestion

AFTER = 0.3  # seconds on the screen


class Ahead:
    """At most one question per document waits here. `ask` sends it."""

    def __init__(self, clock: Clock, ask: Callable[[Cursor], Coroutine[Any, Any, None]]) -> None:
        self._clock = clock
        self._ask = ask
        self._waiting: dict[str, asyncio.Task[None]] = {}

    def shown(self, cursor: Cursor, suggestion: Suggestion) -> None:
        uri = cursor.snapshot.uri
        self.cancel(uri)

        async def wait_and_ask() -> None:
            await self._clock.sleep(AFTER)
            await self._ask(accepted(cursor, suggestion))

        task = asyncio.create_task(wait_and_ask(), name="infill-ahead")
        self._waiting[uri] = task
        task.add_done_callback(lambda done: self._waiting.pop(uri) if self._waiting.get(uri) is done else None)

    def waits(self, uri: str) -> bool:
        return uri in self._waiting

    def cancel(self, uri: str | None = None) -> None:
        """For one document, or for all."""
        for waiting_uri in [uri] if uri is not None else list(self._waiting):
            if (task := self._waiting.pop(waiting_uri, None)) is not None:
                task.cancel()


def accepted(cursor: Cursor, suggestion: Suggestion) -> Cursor:
    """The document as if the suggestion had been taken."""
    snapshot = cursor.snapshot
    text = cursor.prefix + suggestion.text + snapshot.text[cursor.offset + suggestion.replaces :]
    then = Snapshot(snapshot.uri, snapshot.path, snapshot.language, snapshot.version, text)
    return Cursor(then, cursor.offset + len(suggestion.text))
