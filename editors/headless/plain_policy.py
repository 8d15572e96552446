"""The policy that most completion tools began with, to measure ours against: wait, ask, forget.

A fixed wait after every key, a new request each time, the one before it cancelled, nothing kept. Its answers go through the same
rules as ours and are cut as early, so that nothing but the policy differs; its own work counts as taking no time at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from context.snapshot import Cursor, Snapshot
from editors.headless.buffer import Buffer, Ghost
from editors.headless.imagined import CHARS_PER_TOKEN, Imagined
from editors.headless.policy import Request, Showing
from editors.headless.stage import Timeline
from lsp_server.cutter import Cutter
from lsp_server.extent import extent_at
from lsp_server.rules import Shown, apply

DEBOUNCE = 0.35  # seconds
MOST_TOKENS = 256
WINDOW = 12_000  # characters around the cursor that go out with a request


class Baseline:
    name = "baseline"

    def __init__(self, timeline: Timeline, model: Imagined, snapshot: Snapshot, buffer: Buffer, show: Showing) -> None:
        self._timeline, self._model, self._snapshot, self._buffer, self._show = timeline, model, snapshot, buffer, show
        self._next: int | None = None
        self._request: Request | None = None
        self.requests: list[Request] = []

    def changed(self, change: Mapping[str, Any]) -> None:
        if self._next is not None:
            self._timeline.off(self._next)
        self._request = None
        self._show(None, 0.0)
        self._next = self._timeline.at(self._timeline.now + DEBOUNCE, self._ask)

    def accepted(self, ghost: Ghost) -> None:
        """Nothing to tell anybody."""

    def _ask(self) -> None:
        buffer = self._buffer
        prompt = min(WINDOW, len(buffer.before)) + min(WINDOW // 3, len(buffer.after))
        request = Request(round(prompt / CHARS_PER_TOKEN))
        self._request = request
        self.requests.append(request)
        cursor = Cursor(
            Snapshot(self._snapshot.uri, self._snapshot.path, self._snapshot.language, buffer.version, buffer.text),
            len(buffer.before),
        )
        extent = extent_at(cursor)
        cutter = Cutter(cursor, extent)
        tokens = self._model.answer(buffer.before, MOST_TOKENS)
        speed, now = self._model.speed, self._timeline.now

        def say(number: int) -> None:
            if self._request is not request:
                return  # cancelled: the connection was closed
            request.say(tokens[number])
            if cutter.feed(tokens[number]) or number == len(tokens) - 1:
                shown = apply(cutter.text, cursor, extent)
                self._request = None
                self._show(Ghost(shown.text, shown.replaces, None) if isinstance(shown, Shown) else None, 0.0)
            else:
                self._timeline.at(now + speed.first + (number + 1) / speed.tokens, lambda: say(number + 1))

        self._timeline.at(now + speed.first, lambda: say(0))
