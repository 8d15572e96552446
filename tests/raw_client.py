"""An editor reduced to bytes on two pipes: it shares no code with the server, so it cannot share its mistakes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SERVER = [sys.executable, "-P", str(ROOT / "tests" / "edge_server.py")]
PATIENCE = 60.0


def frame(message: object, header: bytes = b"Content-Length: %d\r\n\r\n") -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return header % len(body) + body


class RawClient:
    """Starts a server and collects what it says. `capabilities` are the editor's; `start=False` leaves out `initialize`."""

    def __init__(
        self,
        command: list[str] | None = None,
        *,
        start: bool = True,
        capabilities: dict[str, Any] | None = None,
        **params: Any,
    ) -> None:
        self.process = subprocess.Popen(
            command or SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
        )
        self.replies: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        self.notified: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.settings: dict[str, Any] | None = None
        self.reading = threading.Event()
        self.reading.set()
        self._arrived = threading.Condition()
        self._over = False
        self._number = 1000
        self.stderr = b""
        threading.Thread(target=self._read, daemon=True).start()
        self._errors = threading.Thread(target=self._read_errors, daemon=True)
        self._errors.start()
        if start:
            capabilities = capabilities if capabilities is not None else {"textDocument": {"inlineCompletion": {}}}
            self.initialized = self.request(
                "initialize", {"processId": os.getpid(), "capabilities": capabilities, **params}
            )
            self.notify("initialized", {})

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view) or 0 :]

    def notify(self, method: str, params: object) -> None:
        self.send(frame({"jsonrpc": "2.0", "method": method, "params": params}))

    def ask(self, method: str, params: object) -> int:
        self._number += 1
        self.send(frame({"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}))
        return self._number

    def reply(self, id: Any, count: int = 1) -> dict[str, Any]:
        """Waits until `count` replies with this id have come, and gives the last."""
        with self._arrived:
            done = self._arrived.wait_for(lambda: len(self.replies[id]) >= count or self._over, PATIENCE)
            assert done and len(self.replies[id]) >= count, f"no reply to {id!r}; stderr: {self.stderr.decode()}"
            return self.replies[id][-1]

    def wait_until(self, happened: Any) -> None:
        with self._arrived:
            assert self._arrived.wait_for(happened, PATIENCE), f"it did not come; stderr: {self.stderr.decode()}"

    def request(self, method: str, params: object) -> dict[str, Any]:
        return self.reply(self.ask(method, params))

    def open(self, text: str, uri: str = "file:///project/a.py", version: int = 1) -> None:
        document = {"uri": uri, "languageId": "python", "version": version, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, *changes: dict[str, Any], uri: str = "file:///project/a.py", version: int | None = 2) -> None:
        document = {"uri": uri, "version": version}
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})

    def ghost(self, line: int, character: int, uri: str = "file:///project/a.py", kind: int = 2, **context: Any) -> Any:
        """The text of the first item, or None."""
        reply = self.request("textDocument/inlineCompletion", inline(line, character, uri, kind, **context))
        items = reply["result"]["items"]
        return items[0]["insertText"] if items else None

    def heard(self) -> dict[str, Any]:
        """What the echo session was told so far."""
        self.open("heard", uri="file:///heard")
        heard: dict[str, Any] = json.loads(self.ghost(0, 5, uri="file:///heard"))
        return heard

    def end(self) -> int:
        """Ends the server as an editor does; its exit code."""
        if self.process.poll() is None:
            self.request("shutdown", None)
            self.notify("exit", None)
        return self.gone()

    def gone(self, within: float = PATIENCE) -> int:
        code = self.process.wait(within)
        self._errors.join(within)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        return code

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.gone()

    def _read(self) -> None:
        out = self.process.stdout
        assert out is not None
        buffer = b""
        try:
            while self.reading.wait() and (data := os.read(out.fileno(), 1 << 20)):
                buffer += data
                while (end := buffer.find(b"\r\n\r\n")) >= 0:
                    length = int(buffer[:end].split(b":")[1])
                    if len(buffer) < end + 4 + length:
                        break
                    body, buffer = buffer[end + 4 : end + 4 + length], buffer[end + 4 + length :]
                    self._take(json.loads(body))
        except (OSError, ValueError):
            pass
        with self._arrived:
            self._over = True
            self._arrived.notify_all()

    def _take(self, message: dict[str, Any]) -> None:
        with self._arrived:
            if "method" not in message:
                self.replies[message.get("id")].append(message)
            elif "id" in message:
                self.asked.append(message)
                items = message["method"] == "workspace/configuration"
                result = [self.settings] if items else self.answer_to(message)
                self.send(frame({"jsonrpc": "2.0", "id": message["id"], "result": result}))
            else:
                self.notified.append(message)
            self._arrived.notify_all()

    def answer_to(self, message: dict[str, Any]) -> Any:
        """What the editor says to a request of the server."""
        return None

    def _read_errors(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            with self._arrived:
                self.stderr += line
                self._arrived.notify_all()


def inline(
    line: int, character: int, uri: str = "file:///project/a.py", kind: int = 2, **context: Any
) -> dict[str, Any]:
    return {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": kind, **context},
    }


def replace(start: tuple[int, int], end: tuple[int, int], text: str) -> dict[str, Any]:
    places = [{"line": line, "character": character} for line, character in (start, end)]
    return {"range": {"start": places[0], "end": places[1]}, "text": text}
