"""From a cursor to what a model may see: sources under a deadline, then the budget, then the gate.

What is chosen depends on the text outside the cursor's line, not on what is being typed in it, and is laid out in a stable
order: while one types a line the prompt stays the same from its start, and the provider's prompt cache hits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from context.budget import Budget
from context.desk import Desk
from context.found import Found
from context.privacy import Excerpt, FimContext, LeftOut
from context.snapshot import Cursor
from context.sources import open_files
from context.windows import windows

__all__ = ("SOURCES", "Budget", "Candidate", "Desk", "explain", "gather")

Source = Callable[[Cursor, Desk], Iterable[Found]]

SOURCES: tuple[tuple[str, Source], ...] = (("open files", open_files.look),)
"""Every source, in the order in which they are asked: the cheap and sure ones first, since a deadline cuts the end."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that was found, and what became of it. `reason` says why it was left out; "" means that it is shown."""

    source: str
    path: str
    first_line: int
    last_line: int
    score: float
    tokens: int
    reason: str


async def gather(cursor: Cursor, desk: Desk, budget: Budget, deadline: float) -> FimContext:
    """All that the model is shown for this cursor. `deadline` is a time of `desk.clock`; sources after it are left out."""
    return _gather(cursor, desk, budget, deadline)[0]


def explain(cursor: Cursor, desk: Desk, budget: Budget, deadline: float) -> tuple[FimContext, tuple[Candidate, ...]]:
    """What `gather` gives, with every candidate: for `infill why`."""
    return _gather(cursor, desk, budget, deadline)


def _gather(cursor: Cursor, desk: Desk, budget: Budget, deadline: float) -> tuple[FimContext, tuple[Candidate, ...]]:
    snapshot, gate = cursor.snapshot, desk.gate
    refusal = gate.refusal(snapshot.path)
    if refusal is not None:
        nothing, _ = gate.clear_around("", "")
        closed = LeftOut(gate.relative(snapshot.path), "the file itself", refusal)
        return FimContext("", snapshot.language, nothing, nothing, (), (closed,)), ()
    window = windows(cursor, budget.prefix_chars, budget.suffix_chars)
    prefix, suffix = gate.clear_around(
        snapshot.text[window.start : cursor.offset], snapshot.text[cursor.offset : window.end]
    )
    found, left_out = _ask(cursor, desk, deadline)
    excerpts, candidates = _choose(found, desk, budget, left_out)
    name = gate.relative(snapshot.path) or snapshot.uri.rpartition("/")[2]
    return FimContext(name, snapshot.language, prefix, suffix, tuple(excerpts), tuple(left_out)), tuple(candidates)


def _ask(cursor: Cursor, desk: Desk, deadline: float) -> tuple[list[Found], list[LeftOut]]:
    found: list[Found] = []
    left_out: list[LeftOut] = []
    for name, look in SOURCES:
        if desk.clock.now() >= deadline:
            left_out.append(LeftOut("", name, "late"))
        else:
            found.extend(look(cursor, desk))
    return found, left_out


def _choose(
    found: Sequence[Found], desk: Desk, budget: Budget, left_out: list[LeftOut]
) -> tuple[list[Excerpt], list[Candidate]]:
    """Takes the best while they fit; the best comes last, next to the cursor's own file."""
    room = budget.excerpt_tokens
    excerpts: list[Excerpt] = []
    candidates: list[Candidate] = []
    for piece in sorted(found, key=lambda piece: (-piece.score, piece.place, piece.first)):
        tokens = budget.count(piece.text) + budget.count(piece.place)
        reason = ""
        if tokens > room:
            reason = "over the budget"
        elif piece.path is None:
            excerpts.append(desk.gate.excerpt_of_buffer(piece.name, piece.text, piece.source))
        else:
            shown = desk.gate.excerpt(piece.path, piece.text, piece.source)
            if isinstance(shown, LeftOut):
                left_out.append(shown)
                reason = shown.reason
            else:
                excerpts.append(shown)
        if not reason:
            room -= tokens
        name = desk.gate.relative(piece.path) or piece.name
        candidates.append(Candidate(piece.source, name, piece.first + 1, piece.end, piece.score, tokens, reason))
    return excerpts[::-1], candidates
