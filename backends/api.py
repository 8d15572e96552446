"""The seam between the editor's side and whoever answers: requests, what streams back, and small protocols.

Adding a backend is one file that satisfies `Infiller` and one row in `backends/registry.py`; `tests/test_backend_contract.py`
is the contract that each of them passes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from context.snapshot import Snapshot

if TYPE_CHECKING:  # the gate is heavy, and the server's start needs of this file only the names of outcomes
    from context.privacy import Cleared, FimContext


class Finish(StrEnum):
    """Why a stream ended."""

    STOP = "stop"  # the model was done, or met a stop string
    LENGTH = "length"  # max_tokens or the model's context was used up
    CUT = "cut"  # the connection closed before the stream's own end; what came so far is all there is


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one request. `estimated` when the backend did not say and we counted."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """What the completion path must know of a backend before it asks.

    `sends` is True where text leaves this machine's processes for a network address; `context_tokens` is the prompt the
    model can take; `origin` is scheme://host:port for the status and the audit, "" for an embedded one. `quick_tokens` is how
    long a prompt it reads without making its user wait, 0 where it reads any.
    """

    name: str
    model: str
    sends: bool
    context_tokens: int
    origin: str = ""
    quick_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Missed:
    """A backend that was asked, and whose failure let another one step in. `error` is the name of its error."""

    card: Card
    error: str


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer, never empty. `confidence` in 0..1 where the backend knows: that the text up to and including
    this piece is what the author would write next. `by` and `missed` are set on a first piece that another backend than the
    asked one gave."""

    text: str
    confidence: float | None = None
    by: Card | None = None
    missed: tuple[Missed, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """Always the last event of a stream that ended without an error. `by` and `missed` are as with `Text`, where no text came
    before it."""

    finish: Finish
    usage: Usage
    by: Card | None = None
    missed: tuple[Missed, ...] = ()


@dataclass(frozen=True, slots=True)
class FimRequest:
    """One completion to ask for.

    `context` is text that privacy has let through; `model` "" means the backend's default; `stop` strings are not part of
    the answer; `temperature` None means the backend's own default; `floor` in 0..1 is the confidence below which a backend
    that knows its confidence stays silent (0 when the user asked by hand); `ahead` says that nobody waits for the answer yet, so
    that a backend near its rate limit may give none; `by_hand` that the user did ask, so that a backend which is being left alone
    after failures is tried all the same.
    """

    context: FimContext
    model: str = ""
    max_tokens: int = 128
    stop: tuple[str, ...] = ()
    temperature: float | None = 0.0
    seed: int | None = None
    floor: float = 0.0
    ahead: bool = False
    by_hand: bool = False


class Infiller(Protocol):
    """A completion backend. Closing the iterator (`aclose`) or cancelling its task stops the work and frees the connection."""

    @property
    def card(self) -> Card: ...

    def stream(self, request: FimRequest) -> AsyncGenerator[Text | Done, None]:
        """Yields `Text` pieces, then one `Done`: an async generator, so that the reader can close it.

        Raises `backends.errors.BackendError` and nothing else of its own.
        """
        ...

    async def check(self) -> str:
        """One sentence on what works, for `infill doctor`; raises `BackendError` with the mend otherwise. May ask the network."""
        ...

    async def aclose(self) -> None: ...


class Role(StrEnum):
    SYSTEM = "system"  # our own words, never text of a file
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"  # what a tool found, for the call of that id


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool that the model asks for. `arguments` is JSON as the model wrote it, and may be none at all."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """`calls` stand in an assistant's message, `call_id` in a tool's. The text is what privacy has let through; `files` are
    those whose text it holds."""

    role: Role
    text: Cleared
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """`parameters` is a JSON schema of the call's arguments."""

    name: str
    description: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Schema:
    """The JSON schema that an answer must follow, under a name."""

    name: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One answer to ask for.

    `model` "" means the backend's choice for this prompt; `prediction` is a text that most of the answer will repeat, "" for
    none, and backends that cannot use one leave it out. `temperature` None means the backend's own default.
    """

    messages: tuple[Message, ...]
    model: str = ""
    max_tokens: int = 2048
    schema: Schema | None = None
    prediction: Cleared | None = None
    tools: tuple[Tool, ...] = ()
    temperature: float | None = 0.2
    streamed: bool = True


@dataclass(frozen=True, slots=True)
class Calls:
    """The tools that an answer asks for, all at once, before its `Done`."""

    calls: tuple[ToolCall, ...]


class Chatter(Protocol):
    """A backend that can talk. As with an `Infiller`, closing the iterator or cancelling its task stops the work."""

    def card(self, request: ChatRequest | None = None) -> Card:
        """Of the model that would be asked this, or anything."""
        ...

    def chat(self, request: ChatRequest) -> AsyncGenerator[Text | Calls | Done, None]:
        """Yields `Text` pieces, at most one `Calls`, then one `Done`. Raises `BackendError` and nothing else of its own."""
        ...

    async def aclose(self) -> None: ...


@runtime_checkable
class Learner(Protocol):
    """A backend that learns as one types. Both calls return at once; heavy work is done elsewhere."""

    def observe(self, snapshot: Snapshot) -> None: ...

    def forget(self, path: Path) -> None: ...


@runtime_checkable
class Preparing(Protocol):
    """A backend that gets better by what it does in the background after its start."""

    async def prepare(self, seconds: float) -> None:
        """Waits until that is done, and no longer than `seconds`. Editors never wait; a single question at a terminal does."""
        ...
