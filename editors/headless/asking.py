"""One question at a terminal: a file as if it had just been opened, a cursor in it, and the parts that an editor would ask.

`infill complete` asks, `infill why` looks at what would be asked.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

from backends.api import Card, Done, FimRequest, Infiller, Learner, Preparing, Usage
from backends.preview import Explains, asked
from backends.registry import UNASKED, UNASKED_MEND, build, unasked_address
from context.clock import MonotonicClock
from context.documents import Documents
from context.gather import Candidate
from context.index import Index
from context.privacy import FimContext, Gate
from context.snapshot import Cursor
from lsp_server import gate
from lsp_server.assembly import Folders
from lsp_server.cutter import Cutter
from lsp_server.extent import Extent, extent_at
from lsp_server.from_settings import backend_config, limits, prompt_tokens, small_vocabulary
from lsp_server.outcome import Nothing, Trigger
from lsp_server.resolve import Resolved
from lsp_server.rules import Drop, Shown, Step, apply, explain
from lsp_server.settings import Settings
from lsp_server.workbench import Workbench

LEARNING = 20.0  # seconds that a backend may take to learn the project before it is asked
LOADING = 300.0  # and that a model host may take to load its model


@dataclass(frozen=True, slots=True)
class Answer:
    """`raw` as far as it was read, what the rules made of it, and seconds to the first text and to the end."""

    raw: str
    shown: Shown | Drop
    usage: Usage | None
    first: float
    total: float
    card: Card

    @property
    def offered(self) -> Shown | None:
        return self.shown if isinstance(self.shown, Shown) and self.raw.strip() else None


class Question:
    """Close it with `aclose`. Nothing is asked of anybody before `answer`."""

    def __init__(
        self, cursor: Cursor, root: Path, settings: Settings, notify: Callable[[str], None] = lambda sentence: None
    ) -> None:
        self.cursor, self.settings, self._clock = cursor, settings, MonotonicClock()
        privacy = Gate([root], exclude=settings.exclude)
        self.backend = backend_in(root, privacy, settings, notify)
        documents, snapshot = Documents(), cursor.snapshot
        documents.open(snapshot.uri, snapshot.language, snapshot.version, snapshot.text, snapshot.path)
        self._bench = Workbench(documents, self._clock, [root], privacy, _stored(root, privacy))
        self._view = self._bench.view(cursor)

    @property
    def extent(self) -> Extent:
        return extent_at(self._view.cursor, self._view.parsed)

    def refusal(self) -> Nothing | None:
        """Why nothing would be asked, even by hand."""
        judge = gate.Gate(
            limits(self.settings),
            self._clock,
            excluded=self._bench.excluded,
            scope=self._bench.scope,
            spent=lambda: 0.0,
        )
        return judge.refusal(self.cursor, Trigger.INVOKED)

    def context(self) -> tuple[FimContext, tuple[Candidate, ...]]:
        """What the backend would be shown, and all that was considered for it."""
        card = self.backend.card
        return self._bench.explain(self.cursor, prompt_tokens(self.settings, card), small=small_vocabulary(card))

    def request(self, context: FimContext) -> FimRequest:
        return FimRequest(context, max_tokens=self.settings.max_tokens)

    async def answer(self, watch: Callable[[str], None]) -> Answer:
        """Asks, and gives each state of the growing text to `watch`. Raises `BackendError`."""
        await self._learn()
        cutter, usage, first = Cutter(self._view.cursor, self.extent, self._view.parsed), None, 0.0
        card = self.backend.card
        request, started = self.request(self.context()[0]), self._clock.now()
        async with aclosing(self.backend.stream(request)) as events:
            async for event in events:
                card = event.by or card
                if isinstance(event, Done):
                    usage = event.usage
                    break
                first = first or self._clock.now() - started
                enough = cutter.feed(event.text)
                watch(cutter.text)
                if enough:
                    break
        shown = apply(cutter.text, self._view.cursor, self.extent, self._view.parsed)
        return Answer(cutter.text + cutter.rest, shown, usage, first, self._clock.now() - started, card)

    async def comes_from(self) -> list[tuple[str, float]]:
        """The files that the answer would come from, with their shares; none where the backend cannot tell."""
        backend = asked(self.backend)
        if not isinstance(backend, Explains):
            return []
        await self._learn()
        return list(await backend.explain(self.request(self.context()[0])))

    async def _learn(self) -> None:
        if isinstance(self.backend, Learner):
            self.backend.observe(self.cursor.snapshot)
        if isinstance(self.backend, Preparing):
            await self.backend.prepare(patience(self.settings))

    def explain(self, answer: str) -> tuple[Step, ...]:
        """What each rule would make of an answer. No stream is cut short here, so the rule `scope` shows where it would be."""
        return explain(answer, self._view.cursor, self.extent, self._view.parsed)

    def outcome(self, answer: str) -> Shown | Drop:
        """What an editor would be given for an answer."""
        return apply(answer, self._view.cursor, self.extent, self._view.parsed)

    async def aclose(self) -> None:
        await self.backend.aclose()


def patience(settings: Settings) -> float:
    """How long somebody at a terminal waits for the backend to be ready, in seconds."""
    return LOADING if settings.backend == "host" else LEARNING


def unasked(resolved: Resolved) -> str:
    """That an address is set which nobody asks, and what to set; "" where it is not so."""
    if not unasked_address(backend_config(resolved.settings), os.environ):
        return ""
    return f"{UNASKED.format(whence=resolved.provenance['base_url'])} {UNASKED_MEND}"


def backend_in(
    root: Path, privacy: Gate, settings: Settings, notify: Callable[[str], None] = lambda sentence: None
) -> Infiller:
    """The backend that the settings name, for a project. `notify` gets a sentence when another one steps in."""
    folders = Folders.of_user()
    config = backend_config(settings)
    return build(config, roots=[root], gate=privacy, clock=MonotonicClock(), store=folders.cache, notify=notify)


def _stored(root: Path, privacy: Gate) -> Index | None:
    """What an editor's session knows of the workspace, where one has indexed it."""
    cache = Folders.of_user().cache
    index = Index(cache / "index", [root], privacy) if cache else None
    return index if index and index.file.exists() else None
