"""One editor at work in a past tree: the real server behind its pipes, on a stage where time is a number.

Somebody sits there who has patience: after each key they look at what comes up before they go on, so what is accepted does not
hang on how fast the machine is. How long they would have waited is measured all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editors.headless.buffer import Buffer, Ghost
from editors.headless.stage import Stage

INVOKED, AUTOMATIC = 1, 2  # LSP 3.18's InlineCompletionTriggerKind
KEY = 0.15  # seconds between two keys
WEIGHINGS = 5
READING = 1.0  # seconds between an edit somewhere else and going on


@dataclass(frozen=True, slots=True)
class Seen:
    """What came up after a key: ghost text or none, and the milliseconds until the answer was there."""

    ghost: Ghost | None
    milliseconds: float


class Sitting:
    """`path` and `text` in each call are of the one document that is open."""

    def __init__(self, stage: Stage, root: Path) -> None:
        self._stage, self._root = stage, root
        self._pending: int | None = None
        self._answer: Mapping[str, Any] = {}
        self._came = 0.0
        self._uri, self._opened = "", 0
        self.buffer = Buffer("", 0)
        stage.hears = self._hear
        hello = {
            "processId": None,
            "clientInfo": {"name": "infill"},
            "rootUri": root.as_uri(),
            "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
            "capabilities": {
                "general": {"positionEncodings": ["utf-16"]},
                "textDocument": {"inlineCompletion": {}, "synchronization": {}},
            },
            "initializationOptions": {"ledger": False},
        }
        self._wait(stage.request("initialize", hello))
        stage.notify("initialized", {})
        stage.weigh(WEIGHINGS)

    def open(self, path: str, language: str, texts: Iterable[str]) -> None:
        """Opens a file as the first text and edits it into the others. Its URI has a fragment of its own each time: what was
        offered in it before, when the same place was still empty, the server does not know of this one."""
        first, *later = texts
        self.buffer = Buffer(first, 0)
        self._opened += 1
        self._uri = f"{(self._root / path).as_uri()}#{self._opened}"
        document = {"uri": self._uri, "languageId": language, "version": 1, "text": first}
        self._stage.notify("textDocument/didOpen", {"textDocument": document})
        self._pass(READING)
        for text in later:
            self.put(text, "")

    def close(self) -> None:
        self._stage.notify("textDocument/didClose", {"textDocument": {"uri": self._uri}})
        self._pass(READING)

    def put(self, before: str, after: str) -> None:
        """The document is this now, with the cursor between the two."""
        version = self.buffer.version + 1
        self.buffer = Buffer(before + after, len(before))
        self.buffer.version = version
        self._changed({"text": before + after})
        self._pass(READING)

    def type(self, key: str) -> Seen:
        """One key, and what comes up after it unasked."""
        return self._seen(KEY, lambda: self._changed(self.buffer.insert(key)))

    def accept(self, ghost: Ghost, length: int) -> Seen:
        """Takes the first `length` characters of what is shown, and looks at what comes up after that."""
        return self._seen(KEY, lambda: self._take(ghost, length))

    def look(self, *, by_hand: bool = False) -> Seen:
        """What the server offers at the cursor. The one who asks waits for it, however long that takes."""
        return self._seen(0.0, lambda: None, INVOKED if by_hand else AUTOMATIC)

    def _take(self, ghost: Ghost, length: int) -> None:
        whole = length == len(ghost.text)
        self._changed(self.buffer.insert(ghost.text[:length], ghost.replaces if whole else 0))
        command = ghost.command
        if command is not None and whole:
            chosen = {"command": command["command"], "arguments": command.get("arguments", [])}
            self._stage.request("workspace/executeCommand", chosen)
        elif command is not None:
            taken = {"id": command["arguments"][0], "length": length}
            self._stage.notify("infill/didPartiallyAccept", taken)

    def _seen(self, after: float, act: Callable[[], None], trigger: int = AUTOMATIC) -> Seen:
        """Acts when so many seconds have gone by, asks what is offered then, and waits for the answer."""
        began: list[float] = []

        def ask() -> None:
            act()
            began.append(self._stage.timeline.now)
            self._pending = self._stage.request("textDocument/inlineCompletion", self._question(trigger))

        self._stage.timeline.at(self._stage.timeline.now + after, ask)
        self._stage.play(lambda: bool(began) and self._pending is None)
        result = self._answer.get("result") or []
        items = result.get("items", []) if isinstance(result, Mapping) else result
        ghost = self.buffer.ghost(items[0]) if items else None
        return Seen(ghost, 1000 * (self._came - began[0]))

    def _question(self, trigger: int) -> Mapping[str, Any]:
        return {
            "textDocument": {"uri": self._uri},
            "position": self.buffer.position(),
            "context": {"triggerKind": trigger},
        }

    def _changed(self, change: Mapping[str, Any]) -> None:
        document = {"uri": self._uri, "version": self.buffer.version}
        self._stage.notify("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    def _wait(self, pending: int) -> None:
        self._pending = pending
        self._stage.play(lambda: self._pending is None)

    def _pass(self, seconds: float) -> None:
        """Time goes by, and whatever falls due in it happens."""
        timeline = self._stage.timeline
        over: list[bool] = []
        timeline.at(timeline.now + seconds, lambda: over.append(True))
        self._stage.play(lambda: bool(over))

    def _hear(self, message: Mapping[str, Any]) -> None:
        if self._pending is not None and message.get("id") == self._pending and "method" not in message:
            self._pending, self._answer = None, message
            self._came = self._stage.timeline.now + self._stage.worked
