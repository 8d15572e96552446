"""One document in one editor: every keystroke goes to the server as an edit and a request, and what comes back is ghost text.

The document is a copy in memory. Nothing here writes a file.
"""

from __future__ import annotations

from time import perf_counter
from typing import Any

from editors.headless.buffer import Buffer, Ghost
from editors.headless.client import Client
from editors.headless.typist import Seen

INVOKED, AUTOMATIC = 1, 2  # LSP 3.18's InlineCompletionTriggerKind


class Editor:
    def __init__(self, client: Client, uri: str, language: str, buffer: Buffer) -> None:
        self._client, self._uri, self._language, self.buffer = client, uri, language, buffer

    async def open(self) -> None:
        document = {"uri": self._uri, "languageId": self._language, "version": 1, "text": self.buffer.text}
        await self._client.notify("textDocument/didOpen", {"textDocument": document})

    async def look(self, kind: int = AUTOMATIC) -> Seen:
        """Asks for ghost text at the cursor, as the editor does after a keystroke, or by hand."""
        started = perf_counter()
        params = {
            "textDocument": {"uri": self._uri},
            "position": self.buffer.position(),
            "context": {"triggerKind": kind},
        }
        answer: Any = await self._client.request("textDocument/inlineCompletion", params)
        items = answer["items"] if isinstance(answer, dict) else answer or []
        ghost = self.buffer.ghost(items[0]) if items else None
        return Seen(ghost, perf_counter() - started)

    async def type(self, text: str) -> Seen:
        await self._edit(text)
        return await self.look()

    async def accept(self, ghost: Ghost, length: int) -> Seen:
        await self._edit(ghost.text[:length], ghost.replaces if length == len(ghost.text) else 0)
        if ghost.command is not None and length == len(ghost.text):
            command = {"command": ghost.command["command"], "arguments": ghost.command.get("arguments", [])}
            await self._client.request("workspace/executeCommand", command)
        return await self.look()

    async def _edit(self, text: str, replaces: int = 0) -> None:
        change = self.buffer.insert(text, replaces)
        document = {"uri": self._uri, "version": self.buffer.version}
        await self._client.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
