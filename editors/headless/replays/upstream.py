"""The model behind the server on the stage, when it is a real one: the stage stands in between and passes on.

What a request really took is measured, and played to the server at that pace on the stage's own time, so that nobody waits twice.
The real address, key and socket are known here alone; the server on the stage has a made-up key for the stage.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from backends import discovery
from backends.api import Card, Usage
from backends.errors import BackendError, RateLimited, Unauthorised, Unreachable
from backends.http import Client
from backends.keys import Secret
from backends.mistral import HOSTS, KEY_MEND
from backends.refusal import Refusal, as_error
from backends.registry import SERVERS, BackendConfig, endpoint
from backends.running_host import RunningHost
from backends.to_host import ToHost
from context.clock import MonotonicClock
from editors.headless.event_stream import END, HEADERS, event, reply
from editors.headless.imagined import CHARS_PER_TOKEN
from editors.headless.stage import Connection, Stage
from lsp_server.usage import cost_of

BUSY_TRIES = 4
"""Times a request is made that the backend was too busy for, each after the wait that it asked for."""


@dataclass(slots=True)
class Paid:
    """What requests have come to: their number, tokens of prompts and answers, US dollars."""

    requests: int = 0
    tokens: int = 0
    cost: float = 0.0
    failures: list[BackendError] = field(default_factory=list)


class Upstream:
    """Close it with `close`. `paid` is read and emptied by `settle`."""

    def __init__(self, config: BackendConfig, environment: Mapping[str, str]) -> None:
        """Raises `BackendError` where the configuration names no server that may be asked."""
        self._config, self._runner = config, asyncio.Runner()
        self._host = self._running_host(config) if config.name == "host" else None
        self._token = Secret(token_hex(32))
        self._paid = Paid()
        self._refused: Refusal | None = None
        if self._host is not None:
            wiring = replace(config.wiring, socket=self._host.socket)
            root, key = self._host.root, self._host.token
        else:
            found = endpoint(config, environment)
            wiring, root, key = found.wiring, found.root, found.secret
            if not key and urlsplit(root).hostname in HOSTS:
                raise Unauthorised(config.name, f"No key is set for {root}, so nothing was sent.", KEY_MEND)
        self.origin = root
        self._client = Client(config.name, root, key=key, wiring=wiring, clock=MonotonicClock(), explain=self._remember)

    def flags(self, url: str, home: Path) -> Sequence[str]:
        """The server's flags, with the stage's address in place of the real one."""
        if self._host is None:
            return ("--base-url", url)
        port = int(url.rpartition(":")[2])
        there = replace(self._host, socket=None, port=port, token=self._token)
        discovery.announce(there, home / "run" / "infill")
        return ()

    def _running_host(self, config: BackendConfig) -> discovery.Host:
        """The host that was asked to prove itself: another program at its port would get the token and text of files."""
        running = RunningHost(ToHost(clock=MonotonicClock(), wiring=config.wiring))
        try:
            self.run(running.check())
            return discovery.find()
        except discovery.NoHost as error:
            raise Unreachable("host", str(error), "Start one with `infill serve`.") from error
        finally:
            self.run(running.aclose())

    def settle(self) -> Paid:
        """What was paid since this was last asked."""
        paid, self._paid = self._paid, Paid()
        return paid

    def answer(self, stage: Stage, connection: Connection) -> None:
        """Takes one request of the server on the stage."""
        method, path, body = connection.take()
        if path.startswith("/infill/proof/"):
            return connection.write(reply(200, discovery.proof(self._token, path.rpartition("/")[2])))
        if body is None:
            return self._fetched(connection, method, path)
        self._paid.requests += 1
        return _Passing(self, stage, connection, path, body).begin()

    def ask(self, path: str, body: Mapping[str, object]) -> AsyncGenerator[str, None]:
        return self._client.events(path, body)

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def pay(self, usage: Usage) -> None:
        card = Card(self._config.name, self._config.model or "codestral-latest", True, 0)
        self._paid.tokens += usage.prompt + usage.completion
        self._paid.cost += cost_of(usage, card)

    def failed(self, error: BackendError, connection: Connection) -> None:
        """The server on the stage gets the refusal that the real one would have got, or a closed connection."""
        self._paid.failures.append(error)
        self._refuse(connection)

    def _refuse(self, connection: Connection) -> None:
        refused, self._refused = self._refused, None
        if refused is None:
            return connection.hang_up()
        kept = {name: value for name, value in refused.headers.items() if name == "retry-after"}
        return connection.write(reply(refused.status, {"message": refused.words}, kept))

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()

    def _fetched(self, connection: Connection, method: str, path: str) -> None:
        try:
            connection.write(reply(200, self.run(self._client.fetch(method, path))))
        except BackendError:
            self._refuse(connection)

    def _remember(self, refused: Refusal) -> BackendError:
        self._refused = refused
        return as_error(self._config.name, self.origin, refused)


class _Passing:
    """One request on its way: each event goes on to the server when it would have come, if the server still listens then."""

    def __init__(
        self, upstream: Upstream, stage: Stage, connection: Connection, path: str, body: Mapping[str, Any]
    ) -> None:
        self._upstream, self._stage, self._connection = upstream, stage, connection
        self._path, self._body = path, body
        self._asked_at = stage.timeline.now
        self._began = time.perf_counter()
        self._usage = Usage()
        self._characters = 0
        self._events: AsyncGenerator[str, None] = upstream.ask(path, body)
        self._write: Callable[[bytes], None] = self._first

    def begin(self, tries: int = BUSY_TRIES) -> None:
        try:
            self._pull()
        except RateLimited as error:
            if tries <= 1:
                return self._upstream.failed(error, self._connection)
            time.sleep(error.after)  # nobody is shown a wait for a limit that only a bench runs into
            self._began, self._events = time.perf_counter(), self._upstream.ask(self._path, self._body)
            return self.begin(tries - 1)
        except BackendError as error:
            self._over()
            return self._upstream.failed(error, self._connection)
        return None

    def _pull(self) -> None:
        """Waits for the next event, and sets when the server on the stage gets it."""
        data = self._upstream.run(_next(self._events))
        due = self._asked_at + time.perf_counter() - self._began
        self._stage.timeline.at(due, lambda: self._pass_on(data))

    def _pass_on(self, data: str | None) -> None:
        if self._connection.gone:
            self._upstream.run(self._events.aclose())
            return self._over()
        if data is None:
            self._write(END)
            return self._over()
        self._note(data)
        self._write(event(data))
        try:
            return self._pull()
        except BackendError as error:
            self._over()
            return self._upstream.failed(error, self._connection)

    def _first(self, data: bytes) -> None:
        self._write = self._connection.write
        self._connection.write(HEADERS + data)

    def _note(self, data: str) -> None:
        """What the request took, where the event says it; else characters are counted."""
        try:
            said = json.loads(data)
        except ValueError:
            return
        self._characters += len(_text_in(said))
        usage = said.get("usage") if isinstance(said, dict) else None
        if isinstance(usage, dict):
            self._usage = Usage(int(usage.get("prompt_tokens") or 0), int(usage.get("completion_tokens") or 0))

    def _over(self) -> None:
        if not self._usage.prompt:
            sent = sum(len(value) for value in self._body.values() if isinstance(value, str))
            self._usage = Usage(
                round(sent / CHARS_PER_TOKEN), round(self._characters / CHARS_PER_TOKEN), estimated=True
            )
        self._upstream.pay(self._usage)


async def _next(events: AsyncGenerator[str, None]) -> str | None:
    return await anext(events, None)


def _text_in(said: object) -> str:
    """The piece of an answer in an event, wherever the servers in use put it."""
    if isinstance(said, dict):
        for name in ("content", "text"):
            if isinstance(said.get(name), str):
                return str(said[name])
        inner = said.get("delta") or said.get("choices")
        return _text_in(inner[0] if isinstance(inner, list) and inner else inner)
    return ""


def is_served(name: str) -> bool:
    """Whether a backend of this name is asked over HTTP, so that an upstream is needed."""
    return name in SERVERS or name == "host"
