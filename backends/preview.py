"""What a backend would send, without sending it, and where its answer would come from: for `infill why`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from backends.api import FimRequest, Infiller
from backends.breaker import Breaker
from backends.route import Route
from backends.unproven import Unproven


@runtime_checkable
class Previews(Protocol):
    """A backend that knows what it would send before it asks anybody."""

    def preview(self, request: FimRequest) -> Mapping[str, object] | None:
        """The request's body, as JSON; None where only the server could say how it is to be asked."""
        ...


@runtime_checkable
class Explains(Protocol):
    """A backend that knows where its answers come from."""

    async def explain(self, request: FimRequest) -> Sequence[tuple[str, float]]:
        """The files behind its answer to `request`, each with its share of it, largest first. The shares sum to 1."""
        ...


def asked(backend: Infiller) -> Infiller:
    """The one that would be asked now, behind routes and breakers."""
    while isinstance(backend, Route | Breaker | Unproven):
        backend = backend.inner
    return backend


def preview(backend: Infiller, request: FimRequest) -> Mapping[str, object] | None:
    """None where the backend that would be asked sends nothing, or cannot tell beforehand."""
    infiller = asked(backend)
    return infiller.preview(request) if isinstance(infiller, Previews) else None
