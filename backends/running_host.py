"""The model host of this machine, found anew for each request: it may start, restart or end while the editor runs."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from backends import discovery
from backends.api import Card, Done, FimRequest, Text
from backends.discovery import Host, NoHost
from backends.errors import Unreachable
from backends.http import Client
from backends.mistral import Mistral, Persona, body_of
from backends.wiring import Wiring
from context.clock import Clock

NAME = "host"
RESTART = "Start the host again, or choose another backend."
MEND = "Infill brings no host of its own yet: choose another backend, such as `llama_cpp` or `workspace`."


class RunningHost:
    """An `Infiller` over whatever host `discovery` finds in `folder`."""

    def __init__(self, *, clock: Clock, wiring: Wiring, model: str = "", folder: Path | None = None) -> None:
        self._clock, self._wiring, self._model, self._folder = clock, wiring, model, folder
        self._host: Host | None = None
        self._client: Mistral | None = None

    @property
    def is_there(self) -> bool:
        try:
            discovery.find(self._folder)
        except NoHost:
            return False
        return True

    @property
    def card(self) -> Card:
        try:
            host = discovery.find(self._folder)
        except NoHost:
            return Card(name=NAME, model=self._model, sends=False, context_tokens=0)
        return Card(NAME, self._model or host.model, False, host.context_tokens, host.root)

    async def stream(self, request: FimRequest) -> AsyncGenerator[Text | Done, None]:
        client = await self._found()
        async with aclosing(client.stream(request)) as events:
            async for event in events:
                yield event

    def preview(self, request: FimRequest) -> Mapping[str, object]:
        """See `backends.preview`; the document's cache key is another one in each session."""
        return body_of(request, self.card.model, b"")

    async def check(self) -> str:
        return await (await self._found()).check()

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _found(self) -> Mistral:
        try:
            host = discovery.find(self._folder)
        except NoHost as error:
            raise Unreachable(NAME, str(error), MEND) from error
        if self._client is None or host != self._host:
            await self.aclose()
            self._client = None
            await self._prove(host)
            self._host, self._client = host, self._client_of(host)
        return self._client

    async def _prove(self, host: Host) -> None:
        """See `discovery`: another program at the host's port gets neither token nor text."""
        if host.token is None:
            return
        nonce = secrets.token_hex(16)
        stranger = Client(NAME, host.root, wiring=self._wiring, clock=self._clock)
        try:
            said = await stranger.fetch("GET", f"/infill/proof/{nonce}")
        finally:
            await stranger.aclose()
        if not isinstance(said, str) or not hmac.compare_digest(
            said.encode(), discovery.proof(host.token, nonce).encode()
        ):
            raise Unreachable(NAME, f"Another program answers at {host.root}, the model host's address.", RESTART)

    def _client_of(self, host: Host) -> Mistral:
        persona = Persona(name=NAME, model=host.model, context_tokens=host.context_tokens, key_mend=RESTART)
        wiring = replace(self._wiring, socket=host.socket)
        return Mistral(host.root, key=host.token, clock=self._clock, model=self._model, wiring=wiring, persona=persona)
