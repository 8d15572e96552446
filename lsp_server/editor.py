"""What we say to the editor unasked: status, messages, progress, registrations, questions about its settings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any

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

    def inform(self, text: str) -> None:
        """What came of something that the user asked for."""
        self._server.window_show_message(types.ShowMessageParams(types.MessageType.Info, text))

    def log(self, text: str) -> None:
        self._server.window_log_message(types.LogMessageParams(types.MessageType.Info, text))

    def progress(self, title: str, token: int | str | None = None) -> WorkDone:
        """`token` is the one that came with a request; without one, the editor is asked for another."""
        if token is not None:
            return WorkDone(self._protocol, token, title, agreed=True)
        return WorkDone(self._protocol, f"infill-{next(self._tokens)}" if self._client.progress else None, title)

    def partial(self, token: int | str, value: object) -> None:
        """A piece of a result, for the token that came with its request."""
        self._protocol.tell("$/progress", {"token": token, "value": value})

    def publish(self, uri: str, version: int | None, diagnostics: Sequence[Mapping[str, object]]) -> None:
        version_of_now = {} if version is None else {"version": version}
        told = {"uri": uri, "diagnostics": list(diagnostics), **version_of_now}
        self._protocol.tell("textDocument/publishDiagnostics", told)

    async def confirm(self, question: str, yes: str) -> bool:
        """Whether the user chose `yes`; waits for as long as they think."""
        asked = {
            "type": types.MessageType.Info.value,
            "message": question,
            "actions": [{"title": yes}, {"title": "Cancel"}],
        }
        chosen = await self._request("window/showMessageRequest", asked)
        return isinstance(chosen, dict) and chosen.get("title") == yes

    async def ask(self, prompt: str) -> str:
        """A line of text from the user, "" where there is none."""
        answer = await self._request("infill/input", {"prompt": prompt})
        return answer if isinstance(answer, str) else ""

    async def apply(self, label: str, edit: Mapping[str, object]) -> bool:
        answer = await self._request("workspace/applyEdit", {"label": label, "edit": edit})
        return isinstance(answer, dict) and answer.get("applied") is True

    async def show_document(self, uri: str) -> None:
        await self._request("window/showDocument", {"uri": uri, "takeFocus": True})

    async def _request(self, method: str, params: object) -> Any:
        """The editor's answer, None where it refuses."""
        try:
            return await self._protocol.ask(method, params)
        except JsonRpcException:
            return None

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

    def __init__(self, protocol: Protocol, token: int | str | None, title: str, *, agreed: bool = False) -> None:
        """`agreed`: the token came from the editor."""
        self._server, self._token = protocol.server, token
        self._begun = self._ended = False
        self._when_cancelled: list[Callable[[], object]] = []
        if token is not None and agreed:
            self._shown(token, title)
        elif token is not None:
            protocol.spawn(self._begin(token, title))

    @property
    def cancelled(self) -> bool:
        shown = self._server.work_done_progress.tokens.get(self._token) if self._token is not None else None
        return shown is not None and shown.cancelled()

    def report(self, message: str, percentage: int | None = None) -> None:
        if self._token is not None and self._begun and not self._ended:
            value = types.WorkDoneProgressReport(message=message, percentage=percentage)
            self._server.work_done_progress.report(self._token, value)

    def when_cancelled(self, act: Callable[[], object]) -> None:
        self._when_cancelled.append(act)

    def end(self, message: str = "") -> None:
        if self._token is not None and self._begun and not self._ended:
            self._server.work_done_progress.end(self._token, types.WorkDoneProgressEnd(message=message or None))
            self._server.work_done_progress.tokens.pop(self._token, None)
        self._ended = True

    async def _begin(self, token: int | str, title: str) -> None:
        try:
            await asyncio.wait_for(self._server.work_done_progress.create_async(token), ANSWER_WITHIN)
        except (JsonRpcException, TimeoutError):
            return
        if self._ended:
            self._server.work_done_progress.tokens.pop(token, None)
            return
        self._shown(token, title)

    def _shown(self, token: int | str, title: str) -> None:
        self._begun = True
        work = self._server.work_done_progress
        work.begin(token, types.WorkDoneProgressBegin(title=title, cancellable=True, percentage=0))
        work.tokens[token].add_done_callback(lambda _: self._stop())

    def _stop(self) -> None:
        for act in self._when_cancelled:
            act()


def status_payload(status: Status) -> dict[str, str]:
    return {
        "health": status.health.value,
        "message": status.message,
        "backend": status.backend,
        "model": status.model,
        "mute": status.mute,
    }
