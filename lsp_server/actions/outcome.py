"""What an action comes to, in values: nothing of it is done before the user has seen it."""

from __future__ import annotations

from dataclasses import dataclass

from backends.api import Usage
from context.snapshot import Snapshot
from lsp_server.actions.edits import Edit


@dataclass(frozen=True, slots=True)
class Declined:
    """Why there is no result, in a sentence with what to do where there is something. It never repeats text of a file."""

    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """Markdown that renders no image, no HTML and no link but to files of the workspace."""

    markdown: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class Proposal:
    """An edit of one document for the user to confirm. `notes` are what they should know before they do."""

    snapshot: Snapshot
    title: str
    edits: tuple[Edit, ...]
    notes: tuple[str, ...]
    usage: Usage
