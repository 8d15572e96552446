"""From a cursor to what a model may see: sources under a deadline, then the budget, then the gate.

What is chosen depends on the text outside the cursor's line, not on what is being typed in it, and is laid out in a stable
order: while one types a line the prompt stays the same from its start, and the provider's prompt cache hits.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from context.around import Around, around
from context.budget import Budget
from context.desk import Desk
from context.evidence import chances
from context.found import REMOVED, Found
from context.memory import Finds
from context.notebook import joined
from context.packing import Choice, Packed, pack
from context.pieces import Piece
from context.privacy import Excerpt, FimContext, LeftOut
from context.snapshot import Cursor
from context.sources import (
    changed_files,
    definitions,
    diagnostics,
    open_files,
    own_file,
    recent_edits,
    siblings,
    similar,
)
from context.windows import Windows, windows

__all__ = ("SOURCES", "Budget", "Candidate", "Desk", "explain", "gather")

LATE = "late"

LIMIT = 0.06
"""Seconds that one source may take of those that all of them have; `infill why` tells which was late."""

BORDER = 300
"""Characters beyond the windows by which a secret that they cut is still known for one."""

Result = TypeVar("Result")

Source = Callable[[Cursor, Desk, Around], Iterable[Found]]

SOURCES: tuple[tuple[str, Source], ...] = (
    ("own file", own_file.look),
    ("recent edits", recent_edits.look),
    ("similar code", similar.look),
    ("open files", open_files.look),
    ("definitions", definitions.look),
    ("imports", definitions.look_at_imports),
    ("siblings", siblings.look),
    ("changed files", changed_files.look),
    ("diagnostics", diagnostics.look),
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
    """All that the model is shown for this cursor. `deadline` is a time of `desk.clock`; sources after it are left out.

    The event loop gets a turn after each source, so that a key need not wait for all of them.
    """
    work = _gather(cursor, desk, budget, deadline, SOURCES)
    while True:
        try:
            next(work)
        except StopIteration as done:
            context: FimContext = done.value[0]
            return context
        await desk.clock.sleep(0)


def explain(
    cursor: Cursor, desk: Desk, budget: Budget, deadline: float, sources: Sequence[tuple[str, Source]] = SOURCES
) -> tuple[FimContext, tuple[Candidate, ...]]:
    """What `gather` gives, with every candidate: for `infill why`, and for measuring sources one by one."""
    work = _gather(cursor, desk, budget, deadline, sources)
    context, choice = _ended(work)
    return context, tuple(_candidate(piece, desk, budget) for piece in choice.pieces())


def _ended(work: Generator[None, None, Result]) -> Result:
    """The work's result, without a pause."""
    while True:
        try:
            next(work)
        except StopIteration as done:
            result: Result = done.value
            return result


def _gather(
    cursor: Cursor, desk: Desk, budget: Budget, deadline: float, sources: Sequence[tuple[str, Source]]
) -> Generator[None, None, tuple[FimContext, Choice]]:
    """In steps: who runs it decides whether something else has a turn between them."""
    cells = desk.cells(cursor.snapshot.uri)
    if cells:
        inside = {cell.uri for cell in cells}
        cursor = joined(cursor, cells)
        desk = replace(desk, open_files=tuple(other for other in desk.open_files if other.uri not in inside))
    snapshot, gate = cursor.snapshot, desk.gate
    refusal = gate.refusal(snapshot.path)
    if refusal is not None:
        nothing, _ = gate.clear_around("", "")
        closed = LeftOut(gate.relative(snapshot.path), "the file itself", refusal)
        return FimContext("", snapshot.language, nothing, nothing, (), (closed,)), Choice((), {}, lambda one: one.name)
    window = windows(cursor, budget.prefix_chars, budget.suffix_chars)
    text = snapshot.text
    prefix, suffix = gate.clear_around(
        text[window.start : cursor.offset],
        text[cursor.offset : window.end],
        above=text[max(0, window.start - BORDER) : window.start],
        below=text[window.end : window.end + BORDER],
    )
    gone = desk.edits.gone(snapshot.uri)
    known = desk.memory.recall(cursor, desk.open_files, budget, gone) if sources is SOURCES else None
    if known is None:
        packed, choice, left_out = yield from _find(cursor, desk, budget, window, deadline, sources)
    else:
        packed, choice, left_out = known.found
    if known is None and sources is SOURCES and not any(left.reason == LATE for left in left_out):
        desk.memory.keep(cursor, desk.open_files, budget, (packed, choice, left_out), gone)
    shown = [_excerpt(one, cursor, desk) for one in packed]
    excerpts = tuple(one for one in shown if isinstance(one, Excerpt))
    closed_since = tuple(one for one in shown if isinstance(one, LeftOut))
    name = gate.relative(snapshot.path) or snapshot.uri.rpartition("/")[2]
    return FimContext(name, snapshot.language, prefix, suffix, excerpts, (*left_out, *closed_since)), choice


def _find(
    cursor: Cursor, desk: Desk, budget: Budget, window: Windows, deadline: float, sources: Sequence[tuple[str, Source]]
) -> Generator[None, None, Finds]:
    surroundings = around(cursor, window)
    found, left_out = yield from _ask(cursor, desk, surroundings, deadline, sources)
    packed, choice = pack(found, chances(found, surroundings), budget, lambda one: _name(one, desk))
    return packed, choice, left_out


def _ask(
    cursor: Cursor, desk: Desk, surroundings: Around, deadline: float, sources: Sequence[tuple[str, Source]]
) -> Generator[None, None, tuple[list[Found], list[LeftOut]]]:
    """What the sources find. Open files are judged here; those of the index were when it took them in, and what is shown
    is judged once more by the gate."""
    found: list[Found] = []
    left_out: list[LeftOut] = []
    closed: dict[str, str] = {}
    for other in desk.open_files:
        reason = desk.gate.refusal(other.path, cross_file=True)
        if reason is not None and other.path is not None and other.path != surroundings.path:
            closed[str(other.path)] = reason
    for name, look in sources:
        began = desk.clock.now()
        limit = min(deadline, began + LIMIT) if deadline < float("inf") else deadline
        finds = _in_time(look(cursor, desk, surroundings), desk, limit) if began < deadline else None
        if finds is None:
            left_out.append(LeftOut("", name, LATE))
            yield
            continue
        took = desk.clock.now() - began
        if took > LIMIT:
            left_out.append(LeftOut("", name, f"took {1000 * took:.0f} ms: while one types it would be {LATE}"))
        for one in finds:
            if not closed or one.place not in closed:
                found.append(one)
            elif all(left.path != desk.gate.relative(one.path) for left in left_out):
                left_out.append(LeftOut(desk.gate.relative(one.path), one.source, closed[one.place]))
        yield
    return found, left_out


def _in_time(finds: Iterable[Found], desk: Desk, limit: float) -> list[Found] | None:
    """All that a source finds, or None where that took it too long: half of an answer would be another one each time."""
    if desk.index is not None:
        desk.index.until(desk.clock, limit)
    found: list[Found] = []
    for one in finds:
        if desk.clock.now() >= limit:
            return None
        found.append(one)
    return found if desk.clock.now() < limit else None


def _excerpt(packed: Packed, cursor: Cursor, desk: Desk) -> Excerpt | LeftOut:
    path = packed.found.path
    if path is None or path == cursor.snapshot.path:
        return desk.gate.excerpt_of_buffer(_name(packed.found, desk), packed.text, packed.found.source)
    return desk.gate.excerpt(path, packed.text, packed.found.source)


def _name(found: Found, desk: Desk) -> str:
    """What the model reads above the lines of a file."""
    name = desk.gate.relative(found.path) or found.name.rpartition("/")[2]
    return f"{name}{REMOVED}" if found.former else name


def _candidate(piece: Piece, desk: Desk, budget: Budget) -> Candidate:
    last, tokens = piece.first + piece.text.count("\n"), budget.count(piece.text)
    return Candidate(
        piece.found.source, _name(piece.found, desk), piece.first + 1, last, piece.worth, tokens, piece.reason
    )
