"""What the server knows besides the open documents: the privacy gate, syntax trees, recent edits, the index of the workspace.

Everything a request may see of it is handed out as one frozen `Desk`, made at dispatch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from context.budget import Budget, chars_per_token
from context.clock import Clock
from context.desk import Desk
from context.documents import Documents
from context.edits import EditLog
from context.gather import Candidate, explain, gather
from context.imports.scope import Scopes
from context.index import Index
from context.memory import Memory
from context.privacy import FimContext, Gate
from context.problems import Problems
from context.snapshot import Cursor, Snapshot
from context.syntax import Parsed, Trees
from lsp_server.view import View, near, view
from lsp_server.workspace_index import WorkspaceIndex

DEADLINE = 0.15  # seconds for all sources of one request; what is late is left out and listed
LARGEST_DESK = 20  # open files a request looks at, the most recently used ones


class Workbench:
    """`stored` is an index that is only asked, not kept up to date; `index` takes its place where a session keeps one."""

    def __init__(
        self, documents: Documents, clock: Clock, roots: Sequence[Path], gate: Gate, stored: Index | None = None
    ) -> None:
        self._stored = stored
        self._documents = documents
        self._clock = clock
        self._roots = tuple(roots)
        self._gate = gate
        self._trees = Trees()
        self._edits = EditLog()
        self._memory = Memory()
        self._scopes = Scopes()
        self.problems = Problems()
        self._parsing: set[asyncio.Task[Parsed | None]] = set()
        self.index: WorkspaceIndex | None = None

    def rules(self, roots: Sequence[Path], gate: Gate) -> None:
        """The workspace's folders or its privacy rules have changed."""
        self._roots, self._gate = tuple(roots), gate
        self._memory = Memory()

    def excluded(self, path: Path | None) -> str | None:
        """Why nothing may be completed in a file, in words; None where it may. Asked first of every request, also of one whose
        answer is known: so a branch switch is noticed however little is gathered."""
        if self.index is not None:
            self.index.look()
        return self._gate.refusal(path)

    def view(self, cursor: Cursor) -> View:
        """What the rules look at around the cursor."""
        return view(cursor, self._trees)

    def scope(self, cursor: Cursor) -> str:
        """ "comment", "string" or "" for anything else, by the kind of the smallest syntax node before the cursor."""
        seen = self.view(cursor)
        if seen.parsed is None or not seen.cursor.offset:
            return ""
        node = seen.parsed.node_at(seen.cursor.offset - 1)
        while node.parent is not None:
            if "comment" in node.type:
                return "comment"
            if "string" in node.type or "char_literal" in node.type:
                return "string"
            node = node.parent
        return ""

    def desk(self) -> Desk:
        recent = self._documents.recent()[:LARGEST_DESK]
        index = self.index.index if self.index else self._stored
        return Desk(
            self._roots,
            recent,
            self._edits,
            self._gate,
            self._trees,
            index,
            self._clock,
            self._memory,
            self._scopes,
            self.problems,
            self._documents.notebooks(),
        )

    async def gather(self, cursor: Cursor, tokens: int, *, small: bool = False) -> FimContext:
        """What a model may see of `cursor`'s surroundings, in at most `tokens` of prompt; `small` is its vocabulary."""
        return await gather(cursor, self.desk(), _budget(cursor, tokens, small), self._clock.now() + DEADLINE)

    def opened(self, snapshot: Snapshot) -> None:
        """Parses a document ahead of its first request, in turns with everything else."""
        self.see(snapshot)
        task = asyncio.create_task(self._trees.ready(snapshot), name="infill-first-parse")
        self._parsing.add(task)
        task.add_done_callback(self._parsing.discard)

    def explain(self, cursor: Cursor, tokens: int, *, small: bool = False) -> tuple[FimContext, tuple[Candidate, ...]]:
        """The same, with everything that was considered, however long it takes."""
        return explain(cursor, self.desk(), _budget(cursor, tokens, small), float("inf"))

    def see(self, snapshot: Snapshot) -> None:
        """Takes note of what was edited since the document was last looked at."""
        self._edits.see(snapshot)

    def forget(self, uri: str) -> None:
        self.problems.forget(uri)
        self._edits.forget(uri)
        self._trees.forget(uri)
        self._trees.forget(near(uri))


def _budget(cursor: Cursor, tokens: int, small: bool) -> Budget:
    return Budget(tokens, chars_per_token(cursor.snapshot.language, small=small))
