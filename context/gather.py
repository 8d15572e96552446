"""From a cursor to what a model may see: sources under a deadline, then the budget, then the gate.

What is chosen depends on the text outside the cursor's line, not on what is being typed in it, and is laid out in a stable
order: while one types a line the prompt stays the same from its start, and the provider's prompt cache hits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from context.around import Around, around
from context.budget import Budget
from context.desk import Desk
from context.evidence import chances
from context.found import Found
from context.packing import Packed, Piece, pack
from context.privacy import Excerpt, FimContext, LeftOut
from context.snapshot import Cursor
from context.sources import definitions, open_files, own_file, recent_edits, siblings, similar
from context.windows import windows

__all__ = ("SOURCES", "Budget", "Candidate", "Desk", "explain", "gather")

Source = Callable[[Cursor, Desk, Around], Iterable[Found]]

SOURCES: tuple[tuple[str, Source], ...] = (
    ("own file", own_file.look),
    ("recent edits", recent_edits.look),
    ("similar code", similar.look),
    ("open files", open_files.look),
    ("definitions", definitions.look),
    ("siblings", siblings.look),
)
"""Every source, in the order in which they are asked: a deadline cuts the end."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Some lines that were considered. `reason` says why they are left out; "" means that they are shown."""

    source: str
    path: str
    first_line: int
    last_line: int
    score: float
    tokens: int
    reason: str


async def gather(cursor: Cursor, desk: Desk, budget: Budget, deadline: float) -> FimContext:
    """All that the model is shown for this cursor. `deadline` is a time of `desk.clock`; sources after it are left out."""
    return _gather(cursor, desk, budget, deadline, SOURCES)[0]


def explain(
    cursor: Cursor, desk: Desk, budget: Budget, deadline: float, sources: Sequence[tuple[str, Source]] = SOURCES
) -> tuple[FimContext, tuple[Candidate, ...]]:
    """What `gather` gives, with every candidate: for `infill why`, and for measuring sources one by one."""
    context, pieces = _gather(cursor, desk, budget, deadline, sources)
    return context, tuple(_candidate(piece, desk) for piece in pieces)


def _gather(
    cursor: Cursor, desk: Desk, budget: Budget, deadline: float, sources: Sequence[tuple[str, Source]]
) -> tuple[FimContext, list[Piece]]:
    snapshot, gate = cursor.snapshot, desk.gate
    refusal = gate.refusal(snapshot.path)
    if refusal is not None:
        nothing, _ = gate.clear_around("", "")
        closed = LeftOut(gate.relative(snapshot.path), "the file itself", refusal)
        return FimContext("", snapshot.language, nothing, nothing, (), (closed,)), []
    window = windows(cursor, budget.prefix_chars, budget.suffix_chars)
    prefix, suffix = gate.clear_around(
        snapshot.text[window.start : cursor.offset], snapshot.text[cursor.offset : window.end]
    )
    surroundings = around(cursor, window)
    found, left_out = _ask(cursor, desk, surroundings, deadline, sources)
    packed, pieces = pack(found, chances(found, surroundings), budget)
    excerpts = [_excerpt(one, cursor, desk) for one in packed]
    name = gate.relative(snapshot.path) or snapshot.uri.rpartition("/")[2]
    context = FimContext(name, snapshot.language, prefix, suffix, tuple(excerpts), tuple(left_out))
    return context, pieces


def _ask(
    cursor: Cursor, desk: Desk, surroundings: Around, deadline: float, sources: Sequence[tuple[str, Source]]
) -> tuple[list[Found], list[LeftOut]]:
    """What the sources find in files that may be shown."""
    found: list[Found] = []
    left_out: list[LeftOut] = []
    refusals: dict[str, str | None] = {surroundings.place: None}
    for name, look in sources:
        if desk.clock.now() >= deadline:
            left_out.append(LeftOut("", name, "late"))
            continue
        for one in look(cursor, desk, surroundings):
            if one.place not in refusals:
                reason = refusals[one.place] = desk.gate.refusal(one.path, cross_file=True)
                if reason is not None:
                    left_out.append(LeftOut(desk.gate.relative(one.path), one.source, reason))
            if refusals[one.place] is None:
                found.append(one)
    return found, left_out


def _excerpt(packed: Packed, cursor: Cursor, desk: Desk) -> Excerpt:
    path = packed.found.path
    name = desk.gate.relative(path) or packed.found.name.rpartition("/")[2]
    if path is None or path == cursor.snapshot.path:
        return desk.gate.excerpt_of_buffer(name, packed.text, packed.found.source)
    shown = desk.gate.excerpt(path, packed.text, packed.found.source)
    # The path was judged a moment ago; a rule that came meanwhile leaves a place without text.
    return shown if isinstance(shown, Excerpt) else desk.gate.excerpt_of_buffer(name, "", packed.found.source)


def _candidate(piece: Piece, desk: Desk) -> Candidate:
    name = desk.gate.relative(piece.found.path) or piece.found.name.rpartition("/")[2]
    last = piece.first + piece.text.count("\n")
    return Candidate(piece.found.source, name, piece.first + 1, last, piece.worth, piece.tokens, piece.reason)
