"""The seam between the edge, which knows the editor's protocol, and a session, which knows when to ask and what to offer.

The edge makes one session per editor, after `initialize` has been answered: a factory may import what is heavy. Every call
comes from the one event loop, in the order of the editor's messages, and what is not a coroutine returns at once. A bug in
any of them is fenced: it is logged without text and costs that one call.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from context.documents import Change, Documents
from context.problems import Problem
from context.snapshot import Cursor, Snapshot
from lsp_server.outcome import Outcome, Trigger

if TYPE_CHECKING:
    from lsp_server.actions.acts import Acts


@dataclass(frozen=True, slots=True)
class Client:
    """What the editor said of itself in `initialize`. `options` are its initializationOptions, unchecked."""

    name: str
    version: str
    roots: tuple[Path, ...]
    options: Mapping[str, object]
    ghost_text: bool  # asks for textDocument/inlineCompletion
    progress: bool  # shows work-done progress
    pulls_configuration: bool
    registers_configuration: bool
    registers_watchers: bool
    reads_status: bool  # announced experimental.infill.status, so `infill/status` is sent to it
    resolves_edits: bool = False  # it shows a code action's edit, worked out when that is chosen, before it is made
    annotates_edits: bool = False  # shows edits that want to be confirmed
    creates_files: bool = False  # takes edits that create a file
    shows_documents: bool = False  # opens a document that the server names
    shows_chat: bool = False  # announced experimental.infill.chat: it shows an explanation by itself
    takes_input: bool = False  # announced experimental.infill.input: it asks the user for a line of text


@dataclass(frozen=True, slots=True)
class Selected:
    """The entry of the editor's own completion list that is highlighted while ghost text is asked for.

    `text` stands in the place of `replaced` in the cursor's snapshot, as it would after the entry's acceptance: the cursor
    is behind it. The document itself does not have it yet.
    """

    text: str
    replaced: str


class FileEvent(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    DELETED = "deleted"


class Health(StrEnum):
    READY = "ready"
    BUSY = "busy"
    WARNING = "warning"  # works, but not as asked: fallen back, slow, waiting
    ERROR = "error"  # nothing can be completed until the user does something
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Status:
    """What a status bar shows. `message` is one sentence with what to do; never text of the user's files, never a key.
    `mute` says why nothing can be asked by hand, and what to set; it is empty where a backend can talk."""

    health: Health
    message: str = ""
    backend: str = ""
    model: str = ""
    mute: str = ""


class Progress(Protocol):
    """A piece of long work that the editor shows. Nothing is shown where the editor does not support it."""

    @property
    def cancelled(self) -> bool:
        """The user asked for it to stop."""
        ...

    def report(self, message: str, percentage: int | None = None) -> None: ...

    def when_cancelled(self, act: Callable[[], object]) -> None:
        """Calls `act` as soon as the user asks for a stop."""
        ...

    def end(self, message: str = "") -> None: ...


class Editor(Protocol):
    """What a session may say to the editor. Every call returns at once and never raises."""

    def show_status(self, status: Status) -> None:
        """Sends `infill/status` when it differs from the one before, to an editor that announced that it reads it."""
        ...

    def show_message(self, text: str, *, error: bool = False) -> None:
        """A message that interrupts the user: at most once per cause."""
        ...

    def progress(self, title: str) -> Progress: ...


class Session(Protocol):
    """The completion path behind one editor. It reads `Documents`, which the edge alone changes."""

    def complete(self, cursor: Cursor, trigger: Trigger, selected: Selected | None) -> Coroutine[Any, Any, Outcome]:
        """`cursor` holds the text as it was when the request arrived. The edge cancels the coroutine when the editor
        cancels the request or a newer one for the same document and method has come; the reply has gone out by then,
        and whether work below survives for the newer request is the session's affair."""
        ...

    def opened(self, snapshot: Snapshot) -> None:
        """Also for a document that was open and is opened anew. Not called for one that is too big to be held."""
        ...

    def changed(self, uri: str, changes: Sequence[Change]) -> None:
        """The changes of one message, already applied. `Documents.get(uri)` has the new text and costs a join: ask late."""
        ...

    def problems(self, uri: str, who: str, found: Sequence[Problem]) -> None:
        """All that `who` finds wrong in a document now."""
        ...

    def pause_indexing(self, paused: bool) -> None:
        """Whether reading the workspace waits, for a machine on battery or a busy moment."""
        ...

    def saved(self, uri: str) -> None: ...

    def closed(self, uri: str) -> None: ...

    def shown(self, suggestion: str) -> None:
        """The editor drew the suggestion with this id; few editors tell."""
        ...

    def accepted(self, suggestion: str) -> None: ...

    def partly(self, suggestion: str, length: int) -> None:
        """The first `length` code points of the suggestion were taken; sent again as more is taken."""
        ...

    def rejected(self, suggestion: str) -> None: ...

    def configure(self, settings: Mapping[str, object]) -> None:
        """The editor's `infill` section, unchecked: once after the start where the editor has one, then after each change."""
        ...

    def roots_changed(self, roots: tuple[Path, ...]) -> None: ...

    def files_changed(self, files: Sequence[tuple[Path, FileEvent]]) -> None:
        """On disk, by whatever program. A rename is a DELETED and a CREATED."""
        ...

    def status(self) -> Status: ...

    @property
    def acts(self) -> Acts | None:
        """What can be done by hand with the settings of now; None where no backend can talk."""
        ...

    def keep(self) -> None:
        """Writes down what would be lost with the process. Takes milliseconds."""
        ...

    async def aclose(self) -> None:
        """Ends all work. Has about half a second, then the process ends anyway."""
        ...


SessionFactory = Callable[[Client, Documents, Editor], Session]
