"""Our policy, which is the language server itself, driven as editors do: with each key an edit and a new request."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from context.snapshot import Snapshot
from editors.headless.buffer import Buffer, Ghost
from editors.headless.event_stream import HEADERS, event_of
from editors.headless.imagined import CHARS_PER_TOKEN, Imagined
from editors.headless.policy import Request, Showing
from editors.headless.stage import Connection, Stage

AUTOMATIC = 2  # LSP 3.18's InlineCompletionTriggerKind
LOADING = 0.5  # real seconds for what the server loads on threads when a file is opened


class Ours:
    name = "infill"

    def __init__(
        self, stage: Stage, model: Imagined, snapshot: Snapshot, buffer: Buffer, root: Path, show: Showing
    ) -> None:
        self._stage, self._model, self._buffer, self._show = stage, model, buffer, show
        self._uri = snapshot.uri
        self._spent_at_key = 0.0
        self._pending: int | None = None
        self.requests: list[Request] = []
        stage.hears, stage.asked = self._hear, self._answer
        self._start(root, snapshot.language)

    def _start(self, root: Path, language: str) -> None:
        stage = self._stage
        hello = {
            "processId": None,
            "rootUri": root.as_uri(),
            "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
            "capabilities": {
                "general": {"positionEncodings": ["utf-16"]},
                "textDocument": {"inlineCompletion": {}, "synchronization": {}},
            },
            "initializationOptions": {"ledger": False},
        }
        ready = stage.request("initialize", hello)
        self._pending = ready
        stage.play(lambda: self._pending is None)
        stage.notify("initialized", {})
        stage.weigh()
        document = {"uri": self._uri, "languageId": language, "version": 1, "text": self._buffer.text}
        stage.notify("textDocument/didOpen", {"textDocument": document})
        stage.settle()
        time.sleep(LOADING)

    def changed(self, change: Mapping[str, Any]) -> None:
        stage = self._stage
        self._spent_at_key = stage.spent()
        if self._pending is not None:
            stage.notify("$/cancelRequest", {"id": self._pending})
        document = {"uri": self._uri, "version": self._buffer.version}
        stage.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        params = {
            "textDocument": {"uri": self._uri},
            "position": self._buffer.position(),
            "context": {"triggerKind": AUTOMATIC},
        }
        self._pending = stage.request("textDocument/inlineCompletion", params)

    def accepted(self, ghost: Ghost) -> None:
        if ghost.command is not None:
            command = {"command": ghost.command["command"], "arguments": ghost.command.get("arguments", [])}
            self._stage.request("workspace/executeCommand", command)

    def _hear(self, message: Mapping[str, Any]) -> None:
        if self._pending is None or message.get("id") != self._pending or "method" in message:
            return
        self._pending = None
        result = message.get("result") or []
        items = result.get("items", []) if isinstance(result, dict) else result
        ghost = self._buffer.ghost(items[0]) if items else None
        self._show(ghost, self._stage.worked)

    def _answer(self, connection: Connection) -> None:
        """Plays Mistral's endpoint: streams the imagined answer, until it ends or the server hangs up."""
        _, path, body = connection.take()
        if not path.endswith("/fim/completions"):
            connection.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
            return
        prompt, suffix = body.get("prompt", ""), body.get("suffix") or ""
        tokens_in = round((len(prompt) + len(suffix)) / CHARS_PER_TOKEN)
        request = Request(tokens_in, work=max(0.0, self._stage.spent() - self._spent_at_key))
        self.requests.append(request)
        tokens = self._model.answer(prompt, body.get("max_tokens", 256))
        speed, timeline = self._model.speed, self._stage.timeline
        asked_at = timeline.now

        def say(number: int) -> None:
            if connection.gone or request.done:
                return
            if number == 0:
                connection.write(HEADERS)
            request.say(tokens[number])
            last = number == len(tokens) - 1
            connection.write(event_of(tokens[number], request.prompt, request.tokens, last=last))
            if last:
                request.done = True
            else:
                timeline.at(asked_at + speed.first + (number + 1) / speed.tokens, lambda: say(number + 1))

        timeline.at(asked_at + speed.first, lambda: say(0))
