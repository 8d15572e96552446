"""What a bench compares: something that is told of every key and, now and then, has ghost text to show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from editors.headless.buffer import Ghost


@dataclass(slots=True)
class Request:
    """One request to the model: tokens of its prompt, the answer until it ended or was cut, and whether any of it was seen."""

    prompt: int
    tokens: int = 0
    text: str = ""
    work: float = 0.0  # seconds of the policy's own, from the key to the request's being out
    seen: bool = False
    done: bool = False

    def say(self, token: str) -> None:
        self.tokens, self.text = self.tokens + 1, self.text + token


class Showing(Protocol):
    """Ghost text comes up, or goes (None). `worked`: real seconds that the policy's own work took since the last event."""

    def __call__(self, ghost: Ghost | None, worked: float) -> None: ...


class Policy(Protocol):
    name: str
    requests: list[Request]

    def changed(self, change: Mapping[str, Any]) -> None:
        """The document has changed, and the editor would like to show something at the cursor."""
        ...

    def accepted(self, ghost: Ghost) -> None:
        """The change just reported was the whole of this ghost text being taken."""
        ...
