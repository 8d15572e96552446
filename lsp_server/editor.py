"""What we say to the editor unasked: status, messages, progress, registrations, questions about its settings."""

from __future__ import annotations

import asyncio
from itertools import count

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_server.api import Client, Status
from lsp_server.protocol import Protocol

ANSWER_WITHIN = 10.0
"""Seconds after which we stop waiting for an editor's answer."""


class ClientEditor:
    """`lsp_server.api.Editor` for the one editor at the other end of the pipes."""

    def __init__(self, protocol: Protocol, client: Client) -> None:
        self._server, self._protocol, self._client = protocol.server, protocol, client
        self._status: Status | None = None
        self._tokens = count(1)

    def show_status(self, status: Status) -> None:
        if self._client.reads_status and status != self._status:
            self._status = status
            self._protocol.notify("infill/status", status_payload(status))

    def show_message(self, text: str, *, error: bool = False) -> None:
        kind = types.MessageType.Error if error else types.MessageType.Warning
        self._server.window_show_message(types.ShowMessageParams(kind, text))

    def log(self, text: str) -> None:
        self._server.window_log_message(types.LogMessageParams(types.MessageType.Info, text))

    def progress(self, title: str) -> WorkDone:
        token = f"infill-{next(self._tokens)}" if self._client.progress else None
        return WorkDone(self._protocol, token, title)

    async def configuration(self) -> object:
        """The editor's `infill` section, None where it has none or does not answer."""
        item = types.ConfigurationItem(section="infill")
        asked = self._server.workspace_configuration_async(types.ConfigurationParams([item]))
        try:
            sections = await asyncio.wait_for(asked, ANSWER_WITHIN)
        except (JsonRpcException, TimeoutError):
            return None
        return sections[0] if sections else None

    async def register(self) -> None:
        """Asks to be told of changed settings and files, where the editor takes such wishes only after the start."""
        wishes = []
        if self._client.registers_configuration:
            options: object = types.DidChangeConfigurationRegistrationOptions(section="infill")
            wishes.append(types.Registration("infill-settings", "workspace/didChangeConfiguration", options))
        if self._client.registers_watchers:
            options = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
            wishes.append(types.Registration("infill-files", "workspace/didChangeWatchedFiles", options))
        if wishes:
            asked = self._server.client_register_capability_async(types.RegistrationParams(wishes))
            try:
                await asyncio.wait_for(asked, ANSWER_WITHIN)
            except (JsonRpcException, TimeoutError):
                self.log("the editor will not tell of changed settings or files")


class WorkDone:
    """Work-done progress: shown once the editor has agreed to the token, silent where it does not."""

    def __init__(self, protocol: Protocol, token: str | None, title: str) -> None:
        self._server, self._token = protocol.server, token
        self._begun = self._ended = False
        if token is not None:
            protocol.spawn(self._begin(token, title))

    @property
    def cancelled(self) -> bool:
        shown = self._server.work_done_progress.tokens.get(self._token) if self._token is not None else None
        return shown is not None and shown.cancelled()

    def report(self, message: str, percentage: int | None = None) -> None:
        if self._token is not None and self._begun and not self._ended:
            value = types.WorkDoneProgressReport(message=message, percentage=percentage)
            self._server.work_done_progress.report(self._token, value)

    def end(self, message: str = "") -> None:
        if self._token is not None and self._begun and not self._ended:
            self._server.work_done_progress.end(self._token, types.WorkDoneProgressEnd(message=message or None))
            self._server.work_done_progress.tokens.pop(self._token, None)
        self._ended = True

    async def _begin(self, token: str, title: str) -> None:
        try:
            await asyncio.wait_for(self._server.work_done_progress.create_async(token), ANSWER_WITHIN)
        except (JsonRpcException, TimeoutError):
            return
        if self._ended:
            return
        self._begun = True
        self._server.work_done_progress.begin(
            token, types.WorkDoneProgressBegin(title=title, cancellable=True, percentage=0)
        )


def status_payload(status: Status) -> dict[str, str]:
    return {
        "health": status.health.value,
        "message": status.message,
        "backend": status.backend,
        "model": status.model,
    }
