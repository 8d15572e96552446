"""What a backend would send, without sending it: for `infill why`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from backends.api import FimRequest, Infiller
from backends.breaker import Breaker
from backends.route import Route


@runtime_checkable
class Previews(Protocol):
    """A backend that knows what it would send before it asks anybody."""

    def preview(self, request: FimRequest) -> Mapping[str, object] | None:
        """The request's body, as JSON; None where only the server could say how it is to be asked."""
        ...


def asked(backend: Infiller) -> Infiller:
    """The one that would be asked now, behind routes and breakers."""
    while isinstance(backend, Route | Breaker):
        backend = backend.inner
    return backend


def preview(backend: Infiller, request: FimRequest) -> Mapping[str, object] | None:
    """None where the backend that would be asked sends nothing, or cannot tell beforehand."""
    infiller = asked(backend)
    return infiller.preview(request) if isinstance(infiller, Previews) else None
