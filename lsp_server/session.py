"""One editor's completion path: the settings in force, the parts made from them, and the editor's events handed to each part."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path

from backends.api import Chatter, Infiller, Learner, Preparing
from backends.errors import BackendError
from backends.keys import Secret
from backends.registry import UNASKED, UNASKED_MEND, BackendConfig, build, chatter, unasked_address
from context.clock import Clock, MonotonicClock
from context.documents import Change, Documents
from context.ignore_files import RULE_FILES
from context.privacy import Gate as PrivacyGate
from context.problems import Problem
from context.snapshot import Cursor, Snapshot
from lsp_server.actions.acts import Acts, Models
from lsp_server.api import Client, Editor, FileEvent, Selected, Status
from lsp_server.assembly import Folders, Parts, assemble
from lsp_server.from_settings import backend_config, why_off
from lsp_server.outcome import Failed, Nothing, Outcome, Reason, Trigger
from lsp_server.resolve import PROJECT_FILE, Resolved, resolve, user_file
from lsp_server.resolve import Problem as WrongSetting
from lsp_server.workbench import Workbench
from lsp_server.workspace_index import WorkspaceIndex

log = logging.getLogger(__name__)

FLUSH_EVERY = 5.0  # seconds between two writings of the usage ledger
LONGEST_START = 900.0  # seconds in which the start of a model host is shown


class Session:
    """Made after `initialize` was answered. `command_line` and `environment` are layers of the settings."""

    def __init__(
        self,
        client: Client,
        documents: Documents,
        editor: Editor,
        *,
        command_line: Mapping[str, object],
        environment: Mapping[str, str],
        clock: Clock | None = None,
        folders: Folders | None = None,
    ) -> None:
        self._client = client
        self._documents = documents
        self._editor = editor
        self._command_line = command_line
        self._environment = environment
        self._clock = clock or MonotonicClock()
        self._folders = folders or Folders.of_user()
        if client.options.get("ledger") is False:  # a demonstration or a bench is nobody's typing
            self._folders = Folders(self._folders.cache, None)
        self._roots = client.roots
        self._told: set[str] = set()
        self._paused = False
        key = client.options.get("api_key")
        self._key = Secret(key) if isinstance(key, str) and key else None
        wishes = client.options.get("settings")
        self._wishes: Mapping[str, object] = wishes if isinstance(wishes, Mapping) else {}
        self._backend: Infiller | None = None
        self._chatter: Chatter | None = None
        self._mute = ""  # why there is no chatter, and what to set
        self._built_from: tuple[BackendConfig, tuple[Path, ...], tuple[str, ...]] | None = None
        self._made_from: tuple[Resolved, tuple[Path, ...]] | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._starting: asyncio.Task[None] | None = None
        self._bench = Workbench(documents, self._clock, self._roots, PrivacyGate(self._roots))
        self._parts = self._make(None)
        self._preloading: asyncio.Task[None] | None = None
        self._flusher = asyncio.create_task(self._flush_now_and_then(), name="infill-ledger")

    async def complete(self, cursor: Cursor, trigger: Trigger, selected: Selected | None) -> Outcome:
        """What to offer; see `Completer.complete`. The settings in force when it was asked hold to its end."""
        parts = self._parts
        if selected is None:
            self._bench.see(cursor.snapshot)
            self._learn(cursor.snapshot)
        outcome = await parts.completer.complete(cursor, trigger)
        if isinstance(outcome, Nothing) and outcome.reason is Reason.OVER_BUDGET:
            parts.status.paused("The day's budget is spent: asked only by hand until tomorrow. See `infill usage`.")
        if isinstance(outcome, Nothing | Failed):
            log.info(
                "nothing offered: %s", outcome.reason if isinstance(outcome, Nothing) else type(outcome.error).__name__
            )
        return outcome

    def opened(self, snapshot: Snapshot) -> None:
        self._bench.opened(snapshot)
        self._learn(snapshot)
        self._preload()

    def _preload(self) -> None:
        """Once, when somebody begins to work with a backend that is asked over the network; a model host is started then."""
        if self._starting is None and self._built_from is not None and self._built_from[0].name == "host":
            backend = self._backend
            if isinstance(backend, Preparing):
                self._starting = asyncio.create_task(backend.prepare(LONGEST_START), name="infill-start-host")
        if self._preloading is None and self._backend is not None and self._backend.card.origin:
            from backends.http import preload

            self._preloading = asyncio.create_task(asyncio.to_thread(preload), name="infill-preload")

    def changed(self, uri: str, changes: Sequence[Change]) -> None:
        parts = self._parts
        parts.rhythm.key()
        self._bench.problems.edited(uri, changes)
        if not changes or not parts.completer.follows(uri):
            return
        snapshot = self._documents.get(uri)
        if snapshot is None:
            return
        last = changes[-1]
        offset = self._documents.offset(uri, last.line, last.column) + len(last.inserted)
        parts.feedback.edited(snapshot, Cursor(snapshot, offset), len(last.inserted), last.removed)
        parts.completer.changed(snapshot)

    def problems(self, uri: str, who: str, found: Sequence[Problem]) -> None:
        self._bench.problems.tell(uri, who, found)

    def pause_indexing(self, paused: bool) -> None:
        self._paused = paused
        if self._bench.index is not None:
            self._bench.index.pause(paused)

    def saved(self, uri: str) -> None:
        snapshot = self._documents.get(uri)
        if snapshot is not None:
            if snapshot.path is not None and snapshot.path.name == PROJECT_FILE:
                self._parts = self._make(self._parts)
            self._learn(snapshot)
            if self._bench.index is not None and snapshot.path is not None:
                self._bench.index.changed([snapshot.path])

    def closed(self, uri: str) -> None:
        self._parts.feedback.settle_ignored(uri)
        self._parts.completer.close(uri)
        self._bench.forget(uri)

    def shown(self, suggestion: str) -> None:
        log.debug("shown: %s", suggestion)

    def accepted(self, suggestion: str) -> None:
        self._parts.feedback.accepted(suggestion)

    def partly(self, suggestion: str, length: int) -> None:
        self._parts.feedback.partly(suggestion, length)

    def rejected(self, suggestion: str) -> None:
        self._parts.feedback.rejected(suggestion)

    def configure(self, settings: Mapping[str, object]) -> None:
        self._wishes = settings
        self._parts = self._make(self._parts)

    def roots_changed(self, roots: tuple[Path, ...]) -> None:
        self._roots = roots
        self._parts = self._make(self._parts)

    def files_changed(self, files: Sequence[tuple[Path, FileEvent]]) -> None:
        """Ignore and settings files make the rules anew; the rest is learnt or forgotten."""
        if any(path.name == PROJECT_FILE or path.name.lower() in RULE_FILES for path, _ in files):
            self._built_from = None
            self._parts = self._make(self._parts)
        if self._bench.index is not None:
            self._bench.index.changed([path for path, _ in files])
        backend = self._parts.backend
        if isinstance(backend, Learner):
            for path, event in files:
                if event is FileEvent.DELETED:
                    backend.forget(path)

    def status(self) -> Status:
        return self._parts.status.now

    @property
    def acts(self) -> Acts | None:
        if self._chatter is None or self._made_from is None:
            return None
        settings = self._made_from[0].settings
        return Acts(
            self._chatter,
            self._bench.desk,
            self._clock,
            self._parts.ledger,
            Models(settings.chat_model, settings.review_model),
            off=lambda language: why_off(settings, language),
            pages=self._folders.cache / "explanations" if self._folders.cache else None,
        )

    def keep(self) -> None:
        self._parts.ledger.flush()

    async def aclose(self) -> None:
        self._flusher.cancel()
        self._give_up_start()
        self._parts.completer.close()
        self._parts.feedback.close()
        if self._bench.index is not None:
            await self._bench.index.close()
        if self._backend is not None:
            await self._backend.aclose()
        if self._chatter is not None:
            await self._chatter.aclose()
        await asyncio.to_thread(self._parts.ledger.flush)

    def _make(self, before: Parts | None) -> Parts:
        """The parts for the settings as they are now. The backend and what the cache holds survive where they may."""
        resolved = self._resolved()
        if before is not None and self._built_from is not None and (resolved, self._roots) == self._made_from:
            return before
        self._made_from = (resolved, self._roots)
        settings = resolved.settings
        privacy = PrivacyGate(self._roots, exclude=settings.exclude)
        config = backend_config(settings, self._key)
        notices: list[str] = [str(problem) for problem in resolved.problems]
        if unasked_address(config, self._environment):
            notices.append(f"{UNASKED.format(whence=resolved.provenance['base_url'])} {UNASKED_MEND}")
        built_from = (config, self._roots, settings.exclude)
        if self._backend is None or built_from != self._built_from:
            self._retire()
            self._backend = build(
                config,
                roots=self._roots,
                gate=privacy,
                clock=self._clock,
                store=self._folders.cache,
                environment=self._environment,
                notify=self._notice,
            )
            self._talk_anew(config)
            self._built_from = built_from
            self._index_anew(privacy, settings.exclude)
        self._bench.rules(self._roots, privacy)
        parts = assemble(
            settings, self._backend, self._bench, self._documents, self._clock, self._editor, self._folders, before,
            mute=self._mute,
        )  # fmt: skip
        self._tell_of(resolved.problems)
        for notice in notices:
            if notice not in self._told:
                self._told.add(notice)
                log.warning("%s", notice)
        if notices:
            parts.status.notice(notices[0])
        if not settings.enabled:
            parts.status.off("Infill is switched off by the setting `enabled`.")
        for snapshot in self._documents.recent():
            self._learn_with(parts.backend, snapshot)
        return parts

    def _tell_of(self, problems: Sequence[WrongSetting]) -> None:
        """Once each, since a status bar that nobody looks at says nothing: what is wrong with the user's settings."""
        new = [problem for problem in problems if str(problem) not in self._told]
        if new:
            more = f" And {len(new) - 1} more: see `infill doctor`." if new[1:] else ""
            self._editor.show_message(f"Infill: {new[0].brief}{more}")

    def _resolved(self) -> Resolved:
        return resolve(
            self._command_line,
            self._environment,
            self._wishes,
            user_file(),
            [root / PROJECT_FILE for root in self._roots],
        )

    def _retire(self) -> None:
        """Closes the backend that the settings no longer name, and what it still streams."""
        self._give_up_start()
        if self._backend is not None:
            self._parts.completer.close()
            self._close_later(self._backend.aclose())

    def _give_up_start(self) -> None:
        """Looks no longer at a host that is being started; other editors may want it, so that it goes on."""
        if self._starting is not None:
            self._starting.cancel()
            self._starting = None

    def _talk_anew(self, config: BackendConfig) -> None:
        """Who talks, for what is asked by hand. That nobody does is no problem of completion; `infill doctor` tells of it."""
        if self._chatter is not None:
            self._close_later(self._chatter.aclose())
        try:
            self._chatter, self._mute = chatter(config, clock=self._clock, environment=self._environment), ""
        except BackendError as error:
            self._chatter, self._mute = None, f"{error.what} {error.mend}".strip()
            log.info("no actions are offered: %s", error.what)

    def _index_anew(self, privacy: PrivacyGate, exclude: Sequence[str]) -> None:
        """The index serves backends that are shown excerpts; the workspace model knows the workspace by itself."""
        if self._bench.index is not None:
            self._close_later(self._bench.index.close())
            self._bench.index = None
        if self._roots and self._folders.cache and self._backend is not None and self._backend.card.origin:
            folder = self._folders.cache / "index"
            self._bench.index = WorkspaceIndex(folder, self._roots, privacy, exclude, self._clock, self._editor)
            self._bench.index.pause(self._paused)

    def _close_later(self, closing: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(closing, name="infill-retire")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def _notice(self, sentence: str) -> None:
        self._parts.status.notice(sentence)

    def _learn(self, snapshot: Snapshot) -> None:
        self._learn_with(self._parts.backend, snapshot)

    def _learn_with(self, backend: Infiller, snapshot: Snapshot) -> None:
        if isinstance(backend, Learner):
            backend.observe(snapshot)

    async def _flush_now_and_then(self) -> None:
        while True:
            await self._clock.sleep(FLUSH_EVERY)
            await asyncio.to_thread(self._parts.ledger.flush)
