"""One editor, and all the edge knows about it. Handlers get it as their first argument; there is no other state."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from context.documents import Documents
from lsp_server.api import Client, Session, SessionFactory
from lsp_server.convert import UTF16, Encoding, Numbering
from lsp_server.editor import ClientEditor
from lsp_server.fence import trail
from lsp_server.protocol import Protocol
from lsp_server.watchdog import exit_within

if TYPE_CHECKING:
    from lsp_server.actions.findings import Finding

logger = logging.getLogger(__name__)

GRACE = 1.0
"""Seconds in which everything ends once the editor is gone, busy or not."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line decides for the edge itself. `completion_fallback`: whether ordinary completion lists carry
    suggestions; "auto" means where the editor does not ask for ghost text."""

    completion_fallback: Literal["auto", "on", "off"] = "auto"


@dataclass(slots=True)
class Connection:
    """`client`, `editor` and `documents` are as `initialize` left them; before it no handler but its own is called."""

    protocol: Protocol
    factory: SessionFactory
    loop: asyncio.AbstractEventLoop
    options: Options
    client: Client | None = None
    encoding: Encoding = UTF16
    numbering: Numbering = field(default_factory=lambda: Numbering(""))
    documents: Documents = field(default_factory=Documents)
    fallback: bool = False  # whether textDocument/completion is served
    roots: tuple[Path, ...] = ()  # the workspace folders of now
    findings: dict[str, tuple[Finding, ...]] = field(default_factory=dict)  # document → what a review found in it
    reviewed: dict[str, bytes] = field(default_factory=dict)  # closed document with findings → digest of its text
    settings_turn: int = 0  # counts what was asked or told about settings, so that the last word wins
    exit_code: int | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    _editor: ClientEditor | None = None
    _session: Session | None = None
    _failure: Exception | None = None

    @property
    def editor(self) -> ClientEditor:
        if self._editor is None:
            assert self.client is not None, "only initialize is served before initialize"
            self._editor = ClientEditor(self.protocol, self.client)
        return self._editor

    @property
    def session(self) -> Session:
        """Made at the first need, so that nothing heavy is loaded before the reply to `initialize` has gone out.

        A session that could not be made is not tried again: its error stands for every later call.
        """
        if self._session is None:
            if self._failure is not None:
                raise self._failure
            assert self.client is not None, "only initialize is served before initialize"
            try:
                self._session = self.factory(self.client, self.documents, self.editor)
            except Exception as error:
                self._failure = error
                self.editor.show_message("Infill could not start; its log says why.", error=True)
                raise
        return self._session

    def end_from_thread(self, exit_code: int) -> None:
        """For threads that saw the editor go. The process ends soon, even if the loop is not listening."""
        exit_within(GRACE, exit_code)
        with suppress(RuntimeError):  # the loop has been closed: the end is under way
            self.loop.call_soon_threadsafe(self.end, exit_code)

    def end(self, exit_code: int) -> None:
        """The first reason to end decides the exit code."""
        if self.exit_code is None:
            self.exit_code = exit_code
        self.over.set()

    def keep(self) -> None:
        """Writes down what the session would lose with the process."""
        if self._session is not None:
            self._session.keep()

    async def close(self) -> None:
        self.protocol.drop_requests()
        if self._session is not None:
            try:
                await self._session.aclose()
            except Exception as error:
                logger.error("the session did not end cleanly: %s", trail(error))
