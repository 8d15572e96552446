"""The model host of this machine, found anew for each request: it may start, restart or end while the editor runs.

Where the user has set a model for it, one that is not there is started (`backends/host/launch.py`).
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

from backends import discovery
from backends.api import Card, Done, FimRequest, Text
from backends.discovery import Host, NoHost
from backends.errors import BackendError, BadRequest, RateLimited, Unreachable
from backends.host.launch import CannotStart, Launcher
from backends.http import Client
from backends.mistral import Mistral, Persona, body_of
from backends.wiring import Wiring
from context.clock import Clock

NAME = "host"
RESTART = "Start the host again, or choose another backend."
MEND = "Start one with `infill serve --model MODEL`, set `model` to have one started, or choose another backend."
LOADING = 1.0
"""Seconds until a host that is being started is looked for again."""
LOOK_EVERY = 0.25


class RunningHost:
    """An `Infiller` over whatever host `discovery` finds in `folder`, of `model` where that is set. `launcher` starts one where
    there is none; `notify` gets what it does meanwhile, a sentence at a time, and an empty one when it is there."""

    def __init__(
        self,
        *,
        clock: Clock,
        wiring: Wiring,
        model: str = "",
        folder: Path | None = None,
        launcher: Launcher | None = None,
        notify: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._clock, self._wiring, self._model, self._folder = clock, wiring, model, folder
        self._launcher, self._notify = launcher, notify
        self._host: Host | None = None
        self._client: Mistral | None = None

    @property
    def is_there(self) -> bool:
        try:
            self._find()
        except NoHost:
            return False
        return True

    async def prepare(self, seconds: float) -> None:
        """See `backends.api.Preparing`: waits for a host that is being started, and tells what it does."""
        told, until = "", self._clock.now() + seconds
        while not self.is_there and self._launcher is not None and self._clock.now() < until:
            try:
                doing = self._launcher.ensure()
            except CannotStart:
                return  # the request that follows says why
            if doing != told:
                self._notify(doing)
            told = doing
            await self._clock.sleep(LOOK_EVERY)
        if told:
            self._notify("")

    def _find(self) -> Host:
        return discovery.find(self._folder, self._model)

    @property
    def card(self) -> Card:
        try:
            host = self._find()
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
            host = self._find()
        except NoHost as error:
            raise self._absent(error) from error
        if self._launcher is not None:
            self._launcher.found()
        if self._client is None or host != self._host:
            await self.aclose()
            self._client = None
            await self._prove(host)
            self._host, self._client = host, self._client_of(host)
        return self._client

    def _absent(self, error: NoHost) -> BackendError:
        """No host is there: started, where that is wished, and what the user is told meanwhile."""
        if self._launcher is None:
            return Unreachable(NAME, str(error), MEND)
        try:
            return RateLimited(NAME, self._launcher.ensure(), f"Asking again in {LOADING:.0f} s.", LOADING)
        except CannotStart as cannot:
            if cannot.after:
                return Unreachable(
                    NAME, str(cannot), f"Tried again in {cannot.after:.0f} s; `infill doctor` tries now."
                )
            return BadRequest(NAME, str(cannot), "Or choose another backend.")

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
