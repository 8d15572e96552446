"""The model host of this machine as a backend that completes: it may start, restart or end while the editor runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from backends.api import Card, Done, FimRequest, Text
from backends.discovery import Host
from backends.mistral import Mistral, Persona, body_of
from backends.to_host import NAME, RESTART, ToHost

USUAL_CONTEXT = 8192
FILLS_NOT = (
    "It goes on from the text before the cursor, as a chat model can, and does not see what follows: serve one of "
    "`infill serve --list`, or say `infill serve --fim prefix` if that is what you want."
)
USUAL_ORIGIN = "http://localhost"
"""What a host that is being started will most likely have, so that what a request needs is made ready for it."""


class RunningHost:
    """An `Infiller` over whatever host `way` leads to."""

    def __init__(self, way: ToHost) -> None:
        self._way = way
        self._host: Host | None = None
        self._client: Mistral | None = None

    @property
    def is_there(self) -> bool:
        return self._way.find() is not None

    @property
    def card(self) -> Card:
        host = self._way.find()
        if host is not None:
            return Card(NAME, self._way.model or host.model, False, host.context_tokens, host.root, host.quick_tokens)
        if self._way.launcher is not None:
            return Card(NAME, self._way.model, False, USUAL_CONTEXT, USUAL_ORIGIN)
        return Card(name=NAME, model=self._way.model, sends=False, context_tokens=0)

    async def prepare(self, seconds: float) -> None:
        """See `backends.api.Preparing`."""
        await self._way.prepare(seconds)

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
        host = await self._way.reach()
        if self._client is None or host != self._host:
            await self.aclose()
            self._host, self._client = host, self._client_of(host)
        return self._client

    def _client_of(self, host: Host) -> Mistral:
        persona = Persona(NAME, host.model, host.context_tokens, key_mend=RESTART, fills_not=FILLS_NOT)
        wiring, way = self._way.wiring_to(host), self._way
        return Mistral(host.root, key=host.token, clock=way.clock, model=way.model, wiring=wiring, persona=persona)
