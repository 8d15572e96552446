"""Test cases are marked text: `‸` is the cursor. Every behaviour's `check()` reads its buffers through here."""

from __future__ import annotations

from pathlib import Path

from context.snapshot import Cursor, Snapshot

CURSOR = "‸"


def cursor_in(marked: str, *, language: str = "python", path: Path | None = Path("/project/sample.py")) -> Cursor:
    """A cursor at the one mark in `marked`; the mark is not part of the text."""
    before, mark, after = marked.partition(CURSOR)
    assert mark and CURSOR not in after, "a case needs exactly one ‸"
    uri = path.as_uri() if path else "untitled:Untitled-1"
    return Cursor(Snapshot(uri=uri, path=path, language=language, version=1, text=before + after), len(before))
