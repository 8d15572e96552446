"""JSON-RPC for one editor: exactly one reply to every request, whatever comes.

pygls gives the types, the converter, what we send and ask of the editor, and progress. Its own dispatch is not used: it
leaves requests without a reply, keeps a future per notification for good, answers bugs with tracebacks and logs whole
messages. Here handlers are plain functions from two tables; one that needs time takes what it needs of the documents at
once and returns a coroutine, which is cancelled when nobody waits for its result any more.
"""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Future
from enum import Enum, auto
from functools import partial
from typing import Any
from uuid import uuid4

from lsprotocol.types import ErrorCodes, LSPErrorCodes, ResponseError
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

from lsp_server.fence import trail
from lsp_server.frames import Broken
from lsp_server.params import BadParams
from lsp_server.requests import Id, Lane, Pending, Requests

logger = logging.getLogger(__name__)

Handler = Callable[[object], object]
"""Parameters as they came → the result, None, or a coroutine for the result. Raises `BadParams`."""

NEWEST_WINS = frozenset({"textDocument/inlineCompletion", "textDocument/completion"})
NULL_IS_NO_RESULT = frozenset({"initialize"})
"""Methods whose bug is answered with an error, since null is no legal result."""


class Outdated(Exception):
    """Raised by a handler's coroutine: the text has moved on, and the result belongs to none that the editor still has."""


class Phase(Enum):
    NEW = auto()
    RUNNING = auto()
    SHUT = auto()


class Protocol(LanguageServerProtocol):
    """Made by pygls' `LanguageServer`; `connect` gives it the tables and the way out before the first message."""

    def connect(
        self, requests: Mapping[str, Handler], notifications: Mapping[str, Handler], send: Callable[[bytes], None]
    ) -> None:
        self._request_handlers, self._notification_handlers, self._send_bytes = requests, notifications, send
        self._pending = Requests()
        self._background: set[asyncio.Task[Any]] = set()
        self.phase = Phase.NEW
        self.null_when_superseded = False

    @property
    def server(self) -> LanguageServer:
        return self._server

    def receive(self, message: object) -> None:
        """One decoded message. Never raises, so that the next message is always read."""
        try:
            if isinstance(message, dict):
                self._route(message)
            elif isinstance(message, Broken):
                logger.warning("received %s", message.reason)
                self._fail(None, ErrorCodes.ParseError, message.reason)
            else:
                self._fail(None, ErrorCodes.InvalidRequest, "a message is an object; batches are not part of LSP")
        except Exception as error:
            logger.error("a message was not handled: %s", trail(error))

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Work of the edge that answers no request; its bugs are logged."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._spawned)

    def tell(self, method: str, params: object) -> None:
        """A notification in the protocol's own JSON."""
        self._send_data({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: object) -> asyncio.Future[Any]:
        """A request to the editor in the protocol's own JSON; its result likewise. `JsonRpcException` where it refuses."""
        id, answer = str(uuid4()), Future[Any]()
        self._request_futures[id] = answer
        self._send_data({"jsonrpc": "2.0", "id": id, "method": method, "params": params})
        return asyncio.wrap_future(answer)

    def drop_requests(self) -> None:
        """Answers all that waits, and cancels its work."""
        for pending in self._pending.all():
            self._give_up(pending, "the server is shutting down")

    def _route(self, message: dict[str, Any]) -> None:
        method, id = message.get("method"), message.get("id")
        if method is None and ("result" in message or "error" in message):
            self._on_response(message)
        elif "id" in message and not _is_id(id):
            self._fail(None, ErrorCodes.InvalidRequest, "an id is a number or a string")
        elif not isinstance(method, str) or message.get("jsonrpc") != "2.0":
            self._fail(id, ErrorCodes.InvalidRequest, "a message has a method and says jsonrpc 2.0")
        elif id is None:
            self._on_notification(method, message.get("params"))
        else:
            self._on_request(id, method, message.get("params"))

    def _on_notification(self, method: str, params: object) -> None:
        if method == "$/cancelRequest":
            self._on_cancel(params)
            return
        handler = self._notification_handlers.get(method)
        if handler is None:
            if not method.startswith("$/"):
                logger.info("a notification of an unknown method was ignored")
            return
        if self.phase is not Phase.RUNNING and method != "exit":
            return
        try:
            handler(params)
        except BadParams as error:
            logger.warning("%s was ignored: %s", method, error)
        except Exception as error:
            logger.error("%s failed: %s", method, trail(error))

    def _on_request(self, id: Id, method: str, params: object) -> None:
        handler = self._request_handlers.get(method)
        if self.phase is Phase.NEW and method != "initialize":
            return self._fail(id, ErrorCodes.ServerNotInitialized, "the first request is initialize")
        if self.phase is Phase.SHUT:
            return self._fail(id, ErrorCodes.InvalidRequest, "the server has been shut down")
        if self.phase is Phase.RUNNING and method == "initialize":
            return self._fail(id, ErrorCodes.InvalidRequest, "the server has been initialized")
        if handler is None:
            return self._fail(id, ErrorCodes.MethodNotFound, "this method is not supported")
        if id in self._pending:
            return self._fail(id, ErrorCodes.InvalidRequest, "a request with this id is waiting for its reply")
        try:
            result = handler(params)
        except BadParams as error:
            return self._fail(id, ErrorCodes.InvalidParams, str(error))
        except Exception as error:
            return self._bug(id, method, error)
        if not asyncio.iscoroutine(result):
            return self._succeed(id, result)
        pending = Pending(id, _lane(method, params), asyncio.get_running_loop().create_task(result))
        older = self._pending.add(pending)
        pending.task.add_done_callback(partial(self._done, pending, method))
        if older is not None:
            self._supersede(older)
        return None

    def _done(self, pending: Pending, method: str, task: asyncio.Task[Any]) -> None:
        error = None if task.cancelled() else task.exception()
        if not self._pending.settle(pending):
            if error is not None and not isinstance(error, Outdated):
                logger.error("request %r failed after its reply: %s", pending.id, trail(error))
        elif task.cancelled():
            self._fail(pending.id, LSPErrorCodes.RequestCancelled, "cancelled")
        elif isinstance(error, Outdated):
            self._drop(pending.id, "the document has changed")
        elif error is not None:
            self._bug(pending.id, method, error)
        else:
            self._succeed(pending.id, task.result())

    def _on_cancel(self, params: object) -> None:
        id = params.get("id") if isinstance(params, dict) else None
        pending = self._pending.find(id) if isinstance(id, int | float | str) else None
        if pending is not None:
            self._give_up(pending, "cancelled")

    def _give_up(self, pending: Pending, why: str) -> None:
        if self._pending.settle(pending):
            self._fail(pending.id, LSPErrorCodes.RequestCancelled, why)
        pending.task.cancel()

    def _supersede(self, older: Pending) -> None:
        if self._pending.settle(older):
            self._drop(older.id, "a newer request came")
        older.task.cancel()

    def _drop(self, id: Id, why: str) -> None:
        """docs/protocol.md says which editor takes which reply without touching newer ghost text."""
        if self.null_when_superseded:
            self._succeed(id, None)
        else:
            self._fail(id, LSPErrorCodes.RequestCancelled, why)

    def _on_response(self, message: dict[str, Any]) -> None:
        id = message.get("id")
        future = self._request_futures.pop(id, None) if isinstance(id, str) else None
        if future is None or id is None:
            logger.info("a response to no request of ours was ignored")
            return
        expected = self._result_types.pop(id, None)
        if not future.set_running_or_notify_cancel():
            return
        try:
            if "error" in message:
                future.set_exception(JsonRpcException("the editor refused"))
            else:
                future.set_result(
                    self._converter.structure(message, expected).result if expected else message["result"]
                )
        except Exception as error:
            logger.warning("a response could not be read: %s", trail(error))
            future.set_exception(JsonRpcException("the editor's answer could not be read"))

    def _spawned(self, task: asyncio.Task[Any]) -> None:
        self._background.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("work in the background failed: %s", trail(error))

    def _bug(self, id: Id, method: str, error: BaseException) -> None:
        logger.error("request %r, %s, failed: %s", id, method, trail(error))
        if method in NULL_IS_NO_RESULT:
            self._fail(id, ErrorCodes.InternalError, "internal error; the server's log says where")
        else:
            self._succeed(id, None)

    def _succeed(self, id: Id, result: object) -> None:
        self._send_data({"jsonrpc": "2.0", "id": id, "result": result})

    def _fail(self, id: Id | None, code: int, message: str) -> None:
        self._send_data({"jsonrpc": "2.0", "id": id, "error": {"code": int(code), "message": message}})

    def _send_data(self, data: Any) -> None:
        """All that goes out passes here, also what pygls sends. Everything beyond ASCII is escaped, surrogates too."""
        self._send_bytes(json.dumps(data, default=self._serialize_message, separators=(",", ":")).encode())

    def _send_response(self, msg_id: Id, result: Any = None, error: ResponseError | None = None) -> None:
        raise AssertionError("replies go through `settle`")


def _is_id(id: object) -> bool:
    """True for what can be sent back: a number of JSON may be too big for a float, which then has no form in JSON."""
    return type(id) in (int, str) or (type(id) is float and math.isfinite(id))


def _lane(method: str, params: Any) -> Lane | None:
    return (method, params["textDocument"]["uri"]) if method in NEWEST_WINS else None
