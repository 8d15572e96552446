"""A real server process around a session that answers from the text alone: `python -P tests/edge_server.py`.

What it offers tells what the edge gave it: the line before the cursor, the trigger, the whole text's length. Words in the line
before the cursor ask for misbehaviour.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from context.documents import Change, Documents
from context.problems import Problem
from context.snapshot import Cursor, Snapshot
from lsp_server.__main__ import main
from lsp_server.api import Client, Editor, FileEvent, Health, Selected, Status
from lsp_server.outcome import Nothing, Offered, Origin, Outcome, Reason, Suggestion, Trigger


class EchoSession:
    """Offers `<trigger>|<line before>|<line after>|<length of the text>` in place of the line's rest."""

    def __init__(self, client: Client, documents: Documents, editor: Editor) -> None:
        self.client, self.documents, self.editor = client, documents, editor
        self.heard: list[object] = []
        self.started = self.cancelled = 0

    async def complete(self, cursor: Cursor, trigger: Trigger, selected: Selected | None) -> Outcome:
        before = cursor.line_before
        if before.startswith("text "):
            self.heard.append(["asked", before])
        if "raise" in before:
            raise ValueError(f"no good: {before}")
        if "block" in before:
            print("blocked", file=sys.stderr, flush=True)
            time.sleep(3_600)  # noqa: ASYNC251  a bug that holds up the event loop
        if "delay" in before:
            while self.documents.get(cursor.snapshot.uri) is cursor.snapshot:
                await asyncio.sleep(0.005)
            return Offered((Suggestion("late", "offered)", len(cursor.line_after), Origin.MODEL),))
        if "wait" in before:
            self.started += 1
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        if "nothing" in before:
            return Nothing(Reason.EMPTY_ANSWER)
        if "progress" in before:
            work = self.editor.progress("Indexing")
            while not work.cancelled:
                work.report("half", 50)
                await asyncio.sleep(0.005)
            work.end("done")
        if "status" in before:
            for health in (Health.BUSY, Health.BUSY, Health.READY):
                self.editor.show_status(Status(health))
        if "heard" in before:
            heard = {"heard": self.heard, "started": self.started, "cancelled": self.cancelled}
            return Offered((Suggestion("heard", json.dumps(heard), 0, Origin.MODEL),))
        if "modules" in before:
            return Offered((Suggestion("modules", " ".join(sorted(sys.modules)), 0, Origin.MODEL),))
        if "prefix" in before:
            return Offered((Suggestion("prefix", cursor.prefix, 0, Origin.MODEL),))
        text = f"{trigger.value}|{before}|{cursor.line_after}|{len(cursor.snapshot.text)}"
        return Offered((Suggestion("id-1", text, len(cursor.line_after), Origin.MODEL),))

    def opened(self, snapshot: Snapshot) -> None:
        self.heard.append(["opened", snapshot.uri, str(snapshot.path), snapshot.language, snapshot.version])

    def changed(self, uri: str, changes: Sequence[Change]) -> None:
        self.heard = [*self.heard[-50:], ["changed", uri, len(changes)]]

    def problems(self, uri: str, who: str, found: Sequence[Problem]) -> None:
        self.heard.append(["problems", uri, who, [[one.first, one.last, one.severity, one.message] for one in found]])

    def pause_indexing(self, paused: bool) -> None:
        self.heard.append(["pause", paused])

    def saved(self, uri: str) -> None:
        self.heard.append(["saved", uri])

    def closed(self, uri: str) -> None:
        self.heard.append(["closed", uri])

    def shown(self, suggestion: str) -> None:
        self.heard.append(["shown", suggestion])

    def accepted(self, suggestion: str) -> None:
        self.heard.append(["accepted", suggestion])

    def partly(self, suggestion: str, length: int) -> None:
        self.heard.append(["partly", suggestion, length])

    def rejected(self, suggestion: str) -> None:
        self.heard.append(["rejected", suggestion])

    def configure(self, settings: Mapping[str, object]) -> None:
        self.heard.append(["configure", dict(settings)])

    def roots_changed(self, roots: tuple[Path, ...]) -> None:
        self.heard.append(["roots", [str(root) for root in roots]])

    def files_changed(self, files: Sequence[tuple[Path, FileEvent]]) -> None:
        self.heard.append(["files", [[str(path), event.value] for path, event in files]])

    def status(self) -> Status:
        return Status(Health.READY, "works", "echo", "none")

    acts = None

    def keep(self) -> None:
        self.heard.append(["keep"])

    async def aclose(self) -> None:
        return None


if __name__ == "__main__":
    main(EchoSession)
