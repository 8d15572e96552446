"""A backend that is not there: it answers every request with the reason, so that the server lives and the status says why."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from backends.api import Calls, Card, ChatRequest, Done, FimRequest, Text
from backends.errors import BackendError


class Closed:
    """What `registry.build` makes where a setting forbids or breaks a backend. It holds no address and no client."""

    def __init__(self, error: BackendError) -> None:
        self.error = error

    @property
    def card(self) -> Card:
        return Card(name=self.error.backend, model="", sends=False, context_tokens=0)

    async def stream(self, request: FimRequest) -> AsyncGenerator[Text | Done, None]:
        raise self.error.anew()
        yield  # makes this an async generator

    async def check(self) -> str:
        raise self.error.anew()

    async def aclose(self) -> None:
        pass


class Mute:
    """The same where somebody should talk."""

    def __init__(self, error: BackendError) -> None:
        self.error = error

    def card(self, request: ChatRequest | None = None) -> Card:
        return Card(name=self.error.backend, model="", sends=False, context_tokens=0)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Text | Calls | Done, None]:
        raise self.error.anew()
        yield  # makes this an async generator

    async def aclose(self) -> None:
        pass
