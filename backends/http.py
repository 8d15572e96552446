"""The one door to the network: a client for one origin, its limits, and what every failure is called.

httpx2 is used here and nowhere else, and imported at the first request, so that a server which never asks never pays for it. It
survives thousands of cancelled requests (`tests/test_cancel_storm.py`), which httpx 0.28 does not. HTTP/1.1 only: a cancelled
HTTP/2 stream is not reset, and its tokens are billed.

What comes back is never trusted: no redirect is followed, no compression is accepted, no cookie is kept, headers, one event and
the whole body are bounded, and a deadline holds for the whole however slowly bytes drip.
"""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any

from backends import refusal
from backends.address import is_local, origin_of
from backends.below_http import below_http
from backends.dial import Dial, Spare
from backends.errors import AGAIN, BackendError, BadReply, BadRequest, TimedOut
from backends.keys import Secret
from backends.refusal import Refusal
from backends.sse import EventReader, Malformed
from backends.wiring import Wiring
from context.clock import Clock

if TYPE_CHECKING:
    import httpx2

    from backends.audit import AuditLog, Part

log = logging.getLogger(__name__)

HEADERS_LIMIT = 32 * 1024
BODY_LIMIT = 1024 * 1024
REFUSAL_LIMIT = 64 * 1024
CONNECTIONS = 16
KEEP_ALIVE = 180.0
"""Seconds that an idle connection is kept: a pause to think should not cost a TLS handshake."""
DRAIN = 0.05
END_OF_STREAM = "[DONE]"


def preload() -> None:
    """Loads the HTTP library, for a thread: some 60 ms that the first request then does not hold up the typing for."""
    import anyio
    import h11
    import httpx2

    log.debug("loaded %s", ", ".join(module.__name__ for module in (httpx2, anyio, h11)))


class Cut(BadReply):
    """The connection broke in the middle of a stream; what came before is whole events."""


class Client:
    """Talks to the server under `root`, a URL as `address.root_of` gives it, as the backend called `backend`.

    `origin` is what the key is bound to, `server` the same as messages show it. `explain` may name a refusal better than
    `refusal.as_error` does; `note` sees the headers of every reply. Every failure is a `BackendError`; cancelling or closing a
    stream closes its connection.
    """

    def __init__(
        self,
        backend: str,
        root: str,
        *,
        key: Secret | None = None,
        wiring: Wiring | None = None,
        clock: Clock,
        explain: Callable[[Refusal], BackendError | None] = lambda refused: None,
        note: Callable[[Mapping[str, str]], None] = lambda headers: None,
    ) -> None:
        self.origin = origin_of(root)
        self.server = self.origin.removesuffix(":443" if self.origin.startswith("https:") else ":80")
        self._backend, self._root, self._key, self._clock = backend, root, key, clock
        self._wiring = wiring or Wiring()
        self._explain, self._note = explain, note
        self._client: httpx2.AsyncClient | None = None
        self._spare = Spare(self._connect, clock)

    async def events(
        self,
        path: str,
        body: Mapping[str, object],
        *,
        sent: str = "",
        parts: Sequence[Part] = (),
        is_last: Callable[[str], bool] = END_OF_STREAM.__eq__,
    ) -> AsyncGenerator[str, None]:
        """POSTs `body` and yields the data of each server-sent event up to the one that `is_last`, `[DONE]` included. A server
        that answers with one JSON object in place of a stream gives one event. `sent` is the text in the body, which no message
        may repeat, and `parts` are its pieces with their files, for the audit.

        When the stream ends before the last event the generator just ends; when it breaks, `Cut` is raised.
        """
        deadline = self._clock.now() + self._wiring.total
        kept = False
        try:
            async with self._answer("POST", path, body, "text/event-stream", sent, parts, deadline) as response:
                if (kind := _kind(response)) == "application/json":
                    yield (await self._whole(response, deadline)).decode("utf-8", errors="replace")
                    return
                if kind != "text/event-stream":
                    raise self._not_a_reply(kind)
                reader = EventReader()
                async with aclosing(self._pieces(response, BODY_LIMIT, deadline)) as pieces:
                    async for piece in pieces:
                        for data in self._read(reader.feed, piece):
                            if is_last(data):
                                kept = await self._drain(pieces)
                                yield data
                                return
                            yield data
                    for data in reader.finish():
                        yield data
        except (asyncio.CancelledError, GeneratorExit):
            if not kept and self.origin.startswith("https:"):
                self._spare.wanted()
            raise

    async def fetch(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None = None,
        *,
        sent: str = "",
        parts: Sequence[Part] = (),
    ) -> Any:
        """The parsed JSON of a reply, of any shape."""
        deadline = self._clock.now() + self._wiring.total
        async with self._answer(method, path, body, "application/json", sent, parts, deadline) as response:
            content = await self._whole(response, deadline)
            try:
                return json.loads(content)
            except (ValueError, RecursionError):
                raise self._not_a_reply(_kind(response)) from None

    async def aclose(self) -> None:
        await self._spare.aclose()
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    @asynccontextmanager
    async def _answer(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        accept: str,
        sent: str,
        parts: Sequence[Part],
        deadline: float,
    ) -> AsyncIterator[httpx2.Response]:
        """The reply, its head read and found good; closed at the end, whatever happens."""
        response = await self._send(method, path, body, accept, parts, deadline)
        try:
            self._note(response.headers)
            if sum(len(name) + len(value) for name, value in response.headers.raw) > HEADERS_LIMIT:
                raise self._bad_reply("sends headers without end.")
            encoding = response.headers.get("content-encoding", "").strip().lower()
            if encoding not in ("", "identity"):
                raise self._bad_reply("sends compressed data, which was not asked for.")
            if response.status_code != 200:
                content = await self._start_of(response, deadline)
                refused = refusal.read(
                    response.status_code, response.headers, content, sent=sent, keyed=bool(self._key)
                )
                raise self._explain(refused) or refusal.as_error(self._backend, self.server, refused)
            yield response
        finally:
            await response.aclose()

    async def _send(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        accept: str,
        parts: Sequence[Part],
        deadline: float,
    ) -> httpx2.Response:
        """The reply's head. Asked a second time only where a kept connection turned out closed: nothing had been read then."""
        import httpx2

        client = self._open()
        headers = {"Accept": accept, "Content-Type": "application/json"}
        # A lone surrogate from an editor has no UTF-8 form; "?" keeps the request alive.
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode("utf-8", errors="replace")
        if self._wiring.audit and content is not None:
            await self._book(self._wiring.audit, content, parts)
        for attempt in (1, 2):
            dial = Dial()
            request = client.build_request(
                method, self._root + path, content=content, headers=headers, extensions={"trace": dial.trace}
            )
            try:
                async with dial, asyncio.timeout(max(deadline - self._clock.now(), 0)):
                    return await client.send(request, stream=True)
            except (httpx2.RemoteProtocolError, httpx2.ReadError, httpx2.WriteError) as error:
                if dial.fresh or attempt == 2:
                    raise self._failure(error) from error
            except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
                raise self._failure(error) from error
        raise AssertionError("unreachable: the second attempt returns or raises")

    async def _book(self, audit: AuditLog, content: bytes, parts: Sequence[Part]) -> None:
        """Into the user's ledger before anything leaves. A disk may take its time: not on the event loop."""
        destination = str(self._wiring.socket or self.origin)
        try:
            await asyncio.to_thread(audit.record, self._backend, destination, content, parts)
        except OSError as error:
            what = f"The audit cannot be written ({error.strerror or error}), so nothing was sent."
            mend = "Make room or mend its folder, which `infill audit` names, or switch `audit` off."
            raise BadRequest(self._backend, what, mend) from error

    async def _pieces(self, response: httpx2.Response, limit: int, deadline: float) -> AsyncGenerator[bytes, None]:
        """The body as it comes over the wire, never decompressed, at most `limit` bytes, until `deadline`."""
        import httpx2

        size = 0
        async with aclosing(response.aiter_raw()) as raw:
            while True:
                try:
                    async with asyncio.timeout(max(deadline - self._clock.now(), 0)):
                        piece = await anext(raw, None)
                except (httpx2.ReadTimeout, TimeoutError) as error:
                    raise self._failure(error) from error
                except httpx2.HTTPError as error:
                    what = f"{self.server} broke off in the middle of its answer."
                    raise Cut(self._backend, what, AGAIN) from error
                if piece is None:
                    return
                size += len(piece)
                if size > limit:
                    raise self._bad_reply(f"sends more than {limit // 1024} KB in one reply.")
                yield piece

    async def _whole(self, response: httpx2.Response, deadline: float) -> bytes:
        return b"".join([piece async for piece in self._pieces(response, BODY_LIMIT, deadline)])

    async def _start_of(self, response: httpx2.Response, deadline: float) -> bytes:
        """As much of a refusal's body as there is, up to its limit: the status says enough when the rest is missing."""
        content = b""
        try:
            async for piece in self._pieces(response, REFUSAL_LIMIT, deadline):
                content += piece
        except (BadReply, TimedOut):
            log.debug("the body of a refusal is not whole")
        return content

    async def _drain(self, pieces: AsyncGenerator[bytes, None]) -> bool:
        """Reads the few bytes after the last event, which mostly came with it: only a body read to its end leaves a connection
        that can be used again. Says whether it is."""
        try:
            async with asyncio.timeout(DRAIN):
                async for _ in pieces:
                    pass
        except (TimeoutError, BackendError):
            return False
        return True

    async def _connect(self) -> None:
        """A TLS handshake costs two round trips, which the next keystroke would wait for: most completions are cut as soon as
        the rest cannot be shown, and their connections with them. Asks for nothing and sends no key."""
        client = self._open()
        request = client.build_request("HEAD", f"{self._root}/v1/models")
        request.headers.pop("Authorization", None)
        await client.send(request)

    def _read(self, feed: Callable[[bytes], list[str]], piece: bytes) -> list[str]:
        try:
            return feed(piece)
        except Malformed as error:
            raise BadReply(
                self._backend, str(error), f"Check that `base_url` {self.server} is the right one."
            ) from error

    def _open(self) -> httpx2.AsyncClient:
        if self._client is not None:
            return self._client
        import httpx2

        wiring = self._wiring
        headers = {"Accept-Encoding": "identity", "User-Agent": "infill"}
        if self._key and not self._key.fits_a_header:
            mend = "Set it again, with `infill key set` or where it comes from."
            raise BadRequest(self._backend, "The key is not one line of visible ASCII characters.", mend)
        if self._key:
            headers["Authorization"] = f"Bearer {self._key.reveal()}"
        limits = httpx2.Limits(max_connections=CONNECTIONS, max_keepalive_connections=4, keepalive_expiry=KEEP_ALIVE)
        verify = self._trust()
        try:
            transport = httpx2.AsyncHTTPTransport(
                verify=verify,
                limits=limits,
                proxy=self._proxy() or None,
                uds=str(wiring.socket) if wiring.socket else None,
            )
        except (ValueError, ImportError, httpx2.InvalidURL) as error:
            mend = "It is an http or https address, or socks5 with the package socksio installed."
            raise BadRequest(self._backend, "The proxy's address cannot be used.", mend) from error
        self._client = httpx2.AsyncClient(
            transport=transport,
            headers=headers,
            timeout=httpx2.Timeout(connect=wiring.connect, read=wiring.read, write=wiring.read, pool=wiring.connect),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
        )
        return self._client

    def _trust(self) -> ssl.SSLContext:
        """Certificates of the system, of SSL_CERT_FILE, and of the user's own file. Verification cannot be switched off."""
        import httpx2

        if self.origin.startswith("http:") and not self._proxy().startswith("https:"):
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used, so not worth 30 ms of reading certificates
        context = httpx2.create_ssl_context()
        if self._wiring.ca_file:
            try:
                context.load_verify_locations(self._wiring.ca_file)
            except (OSError, ssl.SSLError) as error:
                what = f"The file {self._wiring.ca_file} holds no certificates that can be read."
                raise BadRequest(self._backend, what, "Set `ca_file` to a PEM file.") from error
        return context

    def _proxy(self) -> str:
        """The proxy's URL, "" for none: the user's setting, else the environment's. This machine is reached without one,
        so that `local_only` keeps its word."""
        if self._wiring.socket or is_local(self._root):
            return ""
        if self._wiring.proxy:
            return self._wiring.proxy
        from urllib.request import getproxies, proxy_bypass

        scheme, _, rest = self.origin.partition("://")
        proxies = getproxies()
        if proxy_bypass(rest.rpartition(":")[0]):
            return ""
        found = proxies.get(scheme) or proxies.get("all") or ""
        return found if not found or "://" in found else f"http://{found}"

    def _bad_reply(self, what: str) -> BadReply:
        return BadReply(self._backend, f"{self.server} {what}", "Check `base_url` and `proxy`.")

    def _not_a_reply(self, kind: str) -> BadReply:
        if kind == "text/html":
            return self._bad_reply("answered with a web page: a proxy or a login portal stands in between.")
        return self._bad_reply(f"answered with {kind[:40] or 'data of no type'} in place of a completion.")

    def _failure(self, error: Exception) -> BackendError:
        return below_http(error, self._backend, self.server, self._wiring, self._proxy())


def _kind(response: httpx2.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
