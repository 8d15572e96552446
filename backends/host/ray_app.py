"""A team's hosts on a Ray cluster: the same application in several replicas, each with the model and a KV cache of its own.

`Front` takes requests over HTTP and judges who may ask, as a single host does; `Replica` answers them. Requests of one document,
by their `prompt_cache_key`, go to the replica that has read it, and to another only when that one is full or gone. A stream is
passed on piece by piece, and a client that goes ends its request at the replica. docs/team.md says how it is started.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any

from ray import serve
from ray.serve.config import RequestRouterConfig
from starlette.requests import Request
from starlette.responses import Response

from backends import private_file
from backends.host.access import LOOPBACK, App, Guard, Receive, Rules, Scope, Send
from backends.host.folder import Unusable
from backends.host.loading import Wanted, load
from backends.host.memory import Precision
from backends.host.serving import assemble
from backends.keys import Secret
from context.clock import MonotonicClock

MOST_AT_ONCE = 64
"""Requests that a replica takes at a time; those above go to another."""
BY_DOCUMENT = RequestRouterConfig(
    request_router_class="ray.serve.experimental.consistent_hash_router.ConsistentHashRouter"
)

Head = tuple[int, list[tuple[bytes, bytes]]]


class Replica:
    """One loaded model. Raises `Unusable` at its start where it cannot be loaded."""

    def __init__(self, wanted: Wanted, limit: float) -> None:
        self._made = assemble(load(wanted), Rules(), MonotonicClock(), limit=limit)
        self._name = serve.get_replica_context().replica_id.unique_id.encode()

    async def ask(self, method: str, path: str, body: bytes) -> AsyncGenerator[Head | bytes, None]:
        """The status and headers of the answer, then its body in pieces."""
        pieces: asyncio.Queue[Any] = asyncio.Queue()
        gone, sent = asyncio.Event(), False

        async def receive() -> dict[str, object]:
            nonlocal sent
            if sent:
                await gone.wait()
                return {"type": "http.disconnect"}
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        answering = asyncio.ensure_future(self._made.app(_scope(method, path), receive, pieces.put))
        answering.add_done_callback(lambda _: pieces.put_nowait(None))
        try:
            while (message := await pieces.get()) is not None:
                if message["type"] == "http.response.start":
                    yield message["status"], [*message["headers"], (b"x-infill-replica", self._name)]
                elif content := message.get("body"):
                    yield content
        finally:
            gone.set()
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)


class Front:
    """What the cluster's HTTP address leads to."""

    def __init__(self, replicas: Any, key: str, hosts: tuple[str, ...]) -> None:
        self._replicas = replicas
        self._app = Guard(self._passed_on, Rules(Secret(key), hosts=hosts))

    async def __call__(self, request: Request) -> Response:
        return _As(self._app)

    async def _passed_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        handle = self._replicas.options(stream=True, session_id=document_of(body))
        answer = handle.ask.remote(scope["method"], scope["path"], body)
        try:
            async for piece in answer:
                if isinstance(piece, bytes):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                else:
                    status, headers = piece
                    await send({"type": "http.response.start", "status": status, "headers": headers})
        except asyncio.CancelledError:
            answer.cancel()
            raise
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class _As(Response):
    """A reply that an ASGI application gives by itself."""

    def __init__(self, app: App) -> None:
        super().__init__()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


def app(options: Mapping[str, str]) -> serve.Application:
    """The application for `serve run backends.host.ray_app:app model=… key_file=…`. With `most_replicas` their number follows the
    requests. Raises `Unusable` without a key."""
    named = options.get("key_file", "")
    key = (private_file.read(Path(named)) or b"").decode("ascii", "replace").strip() if named else ""
    if not key:
        raise Unusable("The cluster needs a key: name a file of mode 0600 with `key_file=`.")
    wanted = Wanted(
        options["model"],
        name=options.get("name", ""),
        precision=Precision(options["precision"]) if "precision" in options else None,
        context_tokens=int(options.get("context_tokens", 0)),
    )
    fewest, most = int(options.get("replicas", 1)), int(options.get("most_replicas", 0))
    resources = {"num_gpus": float(options.get("gpus", 0)), "num_cpus": float(options.get("cpus", 1))}
    count: dict[str, Any] = {"num_replicas": fewest}
    if most > fewest:
        count = {"autoscaling_config": {"min_replicas": fewest, "max_replicas": most, "target_ongoing_requests": 4}}
    replica = serve.deployment(
        Replica,
        name="replica",
        max_ongoing_requests=MOST_AT_ONCE,
        request_router_config=BY_DOCUMENT,
        ray_actor_options=resources,
        **count,
    )
    front = serve.deployment(Front, name="front", max_ongoing_requests=1024, ray_actor_options={"num_cpus": 0})
    hosts = (*LOOPBACK, *(name for name in options.get("hosts", "").lower().split(",") if name))
    loaded = replica.bind(wanted, float(options.get("time_limit", 60)))
    made: serve.Application = front.bind(loaded, key, hosts)
    return made


def document_of(body: bytes) -> str:
    """Whose text a request is about; "" where it does not say, and then any replica will do."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    key = said.get("prompt_cache_key") if isinstance(said, dict) else ""
    return key if isinstance(key, str) else ""


def _scope(method: str, path: str) -> dict[str, object]:
    """Who may ask was judged by `Front`: to the replica's application every request comes from its own machine."""
    headers = [(b"host", b"localhost"), (b"content-type", b"application/json")]
    return {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": method,
        "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "client": None,
        "server": None, "headers": headers,
    }  # fmt: skip
