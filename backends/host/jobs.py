"""What the model host asks of its engine, and what can come back: token ids only, no text, no HTTP, and no torch to import.

    HostError               a sentence for the user: what happened, and what to do
    ├── TooLong             prompt and answer together do not fit the model's context: ask for less
    ├── HostBusy            more requests wait than the host takes: try again in `after` seconds
    ├── HostOutOfMemory     the memory did not suffice even after the caches were dropped: try again, or ask for less
    ├── Unsuitable          this model cannot be served at all: choose another
    ├── HostClosing         the host was told to stop: start it again
    └── HostBroke           a bug or a fault below us; the host lives on

Whoever starts the host's process sets OMP_WAIT_POLICY=passive before torch is loaded: the threads of OpenMP otherwise spin
while they wait, and beside one other busy process that turned a forward pass of 7 ms into 132.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor


class Constraint(Protocol):
    """What the next token may be: healing of a cut token, or a grammar. One object serves one job."""

    def mask(self, logits: Tensor) -> None:
        """Sets what must not come to -inf, in place. `logits`: one row of the vocabulary's size, float32, on the CPU."""
        ...

    def accept(self, token: int) -> None:
        """Told of every token of the answer, in order and before the next `mask`; never of a stop token."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """One answer to compute. `ids` is the whole prompt, laid out and with its control tokens.

    `document` says whose text it is: the newest job of a document goes first and replaces an older one that still runs, and
    "" belongs to none. `client` is who asks, for fairness. What is not `typing` is batch work and waits while anybody types.
    `temperature` 0 takes the likeliest token; above it the same `seed` gives the same answer. `deadline` is in seconds of the
    scheduler's clock; what was computed by then is the answer. With `max_tokens` 0 the prompt is read and nothing written, so
    that the first keystroke finds it there.
    """

    ids: tuple[int, ...]
    max_tokens: int
    stop_ids: frozenset[int] = frozenset()
    document: str = ""
    client: str = ""
    typing: bool = True
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    constraint: Constraint | None = None
    deadline: float | None = None


class Finish(StrEnum):
    """Why an answer ended."""

    STOP = "stop"  # one of `stop_ids`, which is not part of the answer
    LENGTH = "length"  # `max_tokens`
    DEADLINE = "deadline"  # what there was by then
    REPLACED = "replaced"  # a newer job of the same document took its place


@dataclass(frozen=True, slots=True)
class Tally:
    """What one answer cost, in tokens: of the `prompt`, `cached` were there from earlier requests; of the `completion`,
    `drafted` were guessed from the prompt's own text and `accepted` of those were right."""

    prompt: int
    cached: int = 0
    completion: int = 0
    drafted: int = 0
    accepted: int = 0


class Answer(Protocol):
    """What `Scheduler.run(job)` returns: token ids without the stop token. `aclose()` cancels within one step of the model.

    Iteration raises a `HostError`, or ends normally with `finish` set. `tally` is true at every moment.
    """

    finish: Finish | None
    tally: Tally

    def __aiter__(self) -> AsyncIterator[int]: ...

    async def __anext__(self) -> int: ...

    async def aclose(self) -> None: ...


class HostError(Exception):
    """`str()` is a sentence or two for the user. It never holds a prompt's text."""


class TooLong(HostError):
    def __init__(self, prompt: int, answer: int, context: int) -> None:
        super().__init__(
            f"The prompt of {prompt} tokens and an answer of {answer} exceed the model's {context}: "
            "send a shorter prompt or ask for fewer tokens."
        )


class HostBusy(HostError):
    """`after`: seconds to wait before the next request."""

    def __init__(self, waiting: int, after: float = 1.0) -> None:
        super().__init__(f"The host has {waiting} requests waiting: try again in {after:.0f} s.")
        self.after = after


class HostOutOfMemory(HostError):
    def __init__(self) -> None:
        super().__init__(
            "The host ran out of memory and dropped its caches: ask again, with a shorter prompt if it happens once more."
        )


class Unsuitable(HostError):
    def __init__(self, model: str) -> None:
        super().__init__(
            f"A {model} gives other results step by step than at once, so it is not served: try again with another."
        )


class HostClosing(HostError):
    def __init__(self) -> None:
        super().__init__("The host is shutting down: start it again, or choose another backend.")


class HostBroke(HostError):
    def __init__(self, what: str) -> None:
        super().__init__(f"The model failed while computing ({what}). The host lives on; ask again.")
