"""A language server client as an editor is one: it starts the real server as a process and speaks JSON-RPC over its pipes.

Everything is plain JSON, so that demo and benches see what an editor sees, and nothing is shared with the server but the wire.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

SERVER = (sys.executable, "-P", "-m", "editors.headless", "lsp")  # -P: nothing is imported from the working directory
STOPPING = 5.0  # seconds that the server is given to shut down


class ServerGone(Exception):
    """The server ended, or said something that is no message. What it wrote to standard error was passed on."""


class RequestFailed(Exception):
    """The server answered a request with an error; the message is the server's, with the error's code."""


class Client:
    """Use as `async with Client(root) as client`; `hears` gets each notification as (method, params); `errors` is where the
    server's standard error goes, ours where it is None; without `ledger` the session is not counted in `infill usage`;
    `environment` is the server's, ours where it is None."""

    def __init__(
        self,
        root: Path,
        *,
        command: Sequence[str] = SERVER,
        flags: Sequence[str] = (),
        settings: Mapping[str, Any] | None = None,
        errors: IO[bytes] | None = None,
        ledger: bool = True,
        environment: Mapping[str, str] | None = None,
        hears: Callable[[str, Any], None] = lambda _method, _params: None,
    ) -> None:
        self._root, self._command, self._settings, self._hears = root, (*command, *flags), settings or {}, hears
        self._errors, self._ledger, self._environment = errors, ledger, environment
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._next_id = 1
        self._process: asyncio.subprocess.Process
        self._reader: asyncio.Task[None]
        self.capabilities: Mapping[str, Any] = {}

    async def __aenter__(self) -> Self:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdin=pipe, stdout=pipe, stderr=self._errors, cwd=self._root, env=self._environment
        )
        self._reader = asyncio.create_task(self._read())
        answer = await self.request("initialize", self._hello())
        self.capabilities = answer["capabilities"]
        await self.notify("initialized", {})
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leaves as the protocol asks; a server that does not go within `STOPPING` seconds is killed."""
        try:
            async with asyncio.timeout(STOPPING):
                if kind is None:
                    await self.request("shutdown", None)
                await self.notify("exit", None)
                await self._process.wait()
        except (TimeoutError, ServerGone, RequestFailed):
            if self._process.returncode is None:
                self._process.kill()
        finally:
            await self._process.wait()
            self._reader.cancel()

    async def request(self, method: str, params: Any) -> Any:
        """The result. Cancelling the caller cancels the request at the server. Raises `RequestFailed` or `ServerGone`."""
        id_, self._next_id = self._next_id, self._next_id + 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[id_] = answer
        try:
            if self._reader.done():
                raise ServerGone("The language server has ended.")
            await self._send({"jsonrpc": "2.0", "id": id_, "method": method, "params": params})
            return await answer
        except asyncio.CancelledError:
            await self.notify("$/cancelRequest", {"id": id_})
            raise
        finally:
            self._waiting.pop(id_, None)

    async def notify(self, method: str, params: Any) -> None:
        await self._send({"jsonrpc": "2.0", "method": method, "params": params})

    async def configure(self, settings: Mapping[str, Any]) -> None:
        """The editor's settings from now on, in force for every request that follows."""
        self._settings = settings
        await self.notify("workspace/didChangeConfiguration", {"settings": {"infill": dict(settings)}})

    def _hello(self) -> Mapping[str, Any]:
        root = self._root.resolve()
        return {
            "processId": os.getpid(),
            "clientInfo": {"name": "infill"},
            "rootUri": root.as_uri(),
            "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
            "capabilities": {
                "general": {"positionEncodings": ["utf-16"]},
                "textDocument": {"inlineCompletion": {}, "synchronization": {}},
                "workspace": {"configuration": True, "workspaceFolders": True},
            },
            "initializationOptions": {"settings": dict(self._settings), "ledger": self._ledger},
        }

    async def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps(message, separators=(",", ":")).encode()
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            await self._process.stdin.drain()
        except ConnectionError:
            raise ServerGone("The language server has ended.") from None

    async def _read(self) -> None:
        """Runs until the server's output ends; then whoever still waits is told."""
        assert self._process.stdout is not None
        gone = "The language server has ended."
        try:
            while (length := await _length(self._process.stdout)) is not None:
                await self._take(json.loads(await self._process.stdout.readexactly(length)))
        except (ValueError, asyncio.IncompleteReadError):
            gone = "The language server wrote something that is no message of its protocol."
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(ServerGone(gone))

    async def _take(self, message: Mapping[str, Any]) -> None:
        if "method" not in message:
            answer = self._waiting.get(message.get("id", 0))
            if answer is None or answer.done():
                return
            if "error" in message:
                answer.set_exception(RequestFailed(f"{message['error']['message']} ({message['error']['code']})"))
            else:
                answer.set_result(message.get("result"))
        elif "id" in message:
            await self._send({"jsonrpc": "2.0", "id": message["id"], "result": self._reply(message)})
        else:
            self._hears(message["method"], message.get("params"))

    def _reply(self, message: Mapping[str, Any]) -> Any:
        """What an editor would answer: its settings, and yes to everything else."""
        if message["method"] == "workspace/configuration":
            return [dict(self._settings) for _ in message["params"]["items"]]
        return None


async def _length(stream: asyncio.StreamReader) -> int | None:
    """The length that the next message's header gives; None at the end of the stream. Raises ValueError on anything else."""
    length = None
    while line := await stream.readline():
        if line == b"\r\n":
            if length is None:
                raise ValueError("a header without a length")
            return length
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    return None
