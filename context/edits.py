"""What was edited lately, across files: small before-and-after pieces, newest last."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path

from context.differences import changed
from context.snapshot import Snapshot

MOST = 12
"""Pieces kept; older ones have little to say about what is typed now."""

MOST_DOCUMENTS = 50

NEAR = 4
"""Lines between two edits that still make them one piece."""

LONGEST = 4_000
"""Characters of a piece; a bigger change (a paste, a branch switch, a formatter) says little and is not kept."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Whole lines of one document before and after; `start` is the offset of `after` in the newest text."""

    uri: str
    path: Path | None
    start: int
    before: str
    after: str

    @property
    def end(self) -> int:
        return self.start + len(self.after)

    @property
    def gone(self) -> tuple[str, ...]:
        """The lines that the edit took away, without those that stand among the new ones again."""
        stay = set(self.after.split("\n"))
        return tuple(line for line in self.before.split("\n") if line not in stay and line.strip())


class EditLog:
    """Learns of edits by being shown each newest snapshot; works out what changed since the last one it saw."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, Snapshot] = OrderedDict()
        self._pieces: list[Piece] = []

    @property
    def pieces(self) -> tuple[Piece, ...]:
        return tuple(self._pieces)

    def gone(self, uri: str) -> tuple[str, ...]:
        """The lines that edits have removed from a document."""
        return tuple(line for piece in self._pieces if piece.uri == uri for line in piece.gone)

    def see(self, snapshot: Snapshot) -> None:
        """Takes note of a document's newest text. Costs nothing when it has not changed."""
        known = self._seen.get(snapshot.uri)
        if known is not None and known.text is snapshot.text:
            return
        self._seen[snapshot.uri] = snapshot
        self._seen.move_to_end(snapshot.uri)
        while len(self._seen) > MOST_DOCUMENTS:
            self._seen.popitem(last=False)
        if known is not None and known.text != snapshot.text:
            self._note(snapshot, known.text)

    def forget(self, uri: str) -> None:
        """Drops a document whose edits shall not be shown any more: closed unsaved, or its file is gone."""
        self._seen.pop(uri, None)
        self._pieces = [piece for piece in self._pieces if piece.uri != uri]

    def _note(self, snapshot: Snapshot, old: str) -> None:
        new = snapshot.text
        start, old_end, new_end = _whole_lines(old, new)
        grown = new_end - old_end
        near: list[Piece] = []
        kept: list[Piece] = []
        for piece in self._pieces:
            if piece.uri != snapshot.uri or old.count("\n", piece.end, start) > NEAR:
                kept.append(piece)
            elif old.count("\n", old_end, piece.start) > NEAR:
                kept.append(replace(piece, start=piece.start + grown))
            else:
                near.append(piece)
        # One piece over all that is near: what lay between and was not edited is on both sides.
        start = min([start, *(piece.start for piece in near)])
        old_end = max([old_end, *(piece.end for piece in near)])
        before = old[start:old_end]
        for piece in sorted(near, key=lambda piece: -piece.start):
            before = before[: piece.start - start] + piece.before + before[piece.end - start :]
        fresh = Piece(snapshot.uri, snapshot.path, start, before, new[start : old_end + grown])
        if fresh.before != fresh.after and max(len(fresh.before), len(fresh.after)) <= LONGEST:
            kept.append(fresh)
        self._pieces = kept[-MOST:]


def _whole_lines(old: str, new: str) -> tuple[int, int, int]:
    """The difference widened to whole lines: its start, and its end in each text."""
    start, old_end, new_end = changed(old, new)
    line = old.rfind("\n", 0, start) + 1
    shift = start - line
    if (
        shift
        and old[old_end - shift : old_end] == old[line:start]
        and new[new_end - shift : new_end] == new[line:start]
    ):
        # Lines that begin alike: `line 1|2` removed before `line 1|3` is the removal of a whole line.
        return line, old_end - shift, new_end - shift
    whole = all(end == line or text[end - 1] == "\n" for text, end in ((old, old_end), (new, new_end)))
    rest = 0 if whole else (old.find("\n", old_end) + 1 or len(old)) - old_end
    return line, old_end + rest, new_end + rest
