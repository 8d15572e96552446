"""What lies on the desk when something is asked: the open files, the edits, and what is known of the workspace."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from context.clock import Clock
from context.edits import EditLog
from context.imports.scope import Scopes
from context.memory import Memory
from context.privacy import Gate
from context.problems import Problems
from context.snapshot import Snapshot
from context.syntax import Trees

if TYPE_CHECKING:
    from context.index import Index


@dataclass(frozen=True, slots=True)
class Desk:
    """`open_files` are snapshots taken at dispatch, most recently used first; `index` is None where there is no workspace;
    `notebooks` are the cells of each open notebook in order. `memory` and `scopes` are handed on from desk to desk, so that
    a keystroke need not find again what the last one found."""

    roots: tuple[Path, ...]
    open_files: tuple[Snapshot, ...]
    edits: EditLog
    gate: Gate
    trees: Trees
    index: Index | None
    clock: Clock
    memory: Memory = field(default_factory=Memory)
    scopes: Scopes = field(default_factory=Scopes)
    problems: Problems = field(default_factory=Problems)
    notebooks: tuple[tuple[Snapshot, ...], ...] = ()

    def cells(self, uri: str) -> tuple[Snapshot, ...]:
        """The cells of the notebook that holds a document, in order; none where no notebook does."""
        return next((cells for cells in self.notebooks if any(cell.uri == uri for cell in cells)), ())
