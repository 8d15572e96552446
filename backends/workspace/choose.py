"""Which guess is offered, and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass, replace

from backends.workspace.decode import Guess, Start, greedy, guesses
from backends.workspace.offers import Cursor, rows_of_guesses
from backends.workspace.sureness import AS_IT_IS, Sureness
from backends.workspace.trees import Trees
from backends.workspace.whole_lines import LineJudge, judged
from context.clock import Clock

COMPARED = 5
"""Whole guesses that are compared when the user asks by hand."""
PLAIN = 0.4
"""A whole guess as likely as this needs no comparing: the others share the rest."""
SHORTEST = 3
"""Characters that are worth showing unasked."""
FEW_TOKENS, FEW_CHARACTERS, SURER = 3, 8, 50
"""At the start of a line a shorter guess is offered by hand only where it is so many times surer than the longer ones."""

HARDLY = 0.05
"""Less sure than that, nothing is said before the rest of a line, not even by hand: of 952 such guesses sixteen were right."""


@dataclass(frozen=True, slots=True)
class Judges:
    """The learned tables that compare whole lines, None for what is to be left out, and how sure the chances of tokens make."""

    offers: Trees | None = None
    lines: LineJudge | None = None
    sureness: tuple[Sureness, ...] = ()

    def sureness_at(self, start: Start) -> Sureness:
        """At the start of a line, between two tokens, within a word."""
        if not self.sureness:
            return AS_IT_IS
        return self.sureness[0 if at_line_start(start) else 2 if start.started else 1]


async def by_hand(cursor: Cursor, judges: Judges, clock: Clock) -> Guess | None:
    """The best whole line, or what is likeliest to come before the rest of it."""
    if at_line_start(cursor.start) and not cursor.start.rest and judges.lines is not None:
        line = await whole_line(cursor, judges.lines, clock)
        if line is not None:
            return line
    found = await whole_guesses(cursor, clock)
    if judges.offers is not None and found:
        chances = judges.offers.chance(rows_of_guesses(found, cursor)).tolist()
        found = [replace(guess, chance=chance) for guess, chance in zip(found, chances, strict=True)]
    if at_line_start(cursor.start) and not cursor.start.rest:
        found = [replace(guess, chance=guess.chance / SURER) if _short(guess) else guess for guess in found]
    best = max(found, key=lambda guess: guess.chance, default=None)
    return None if best is not None and cursor.start.rest and best.chance < HARDLY else best


async def unasked(cursor: Cursor, floor: float, judges: Judges, clock: Clock) -> Guess | None:
    """The longest beginning that is as sure as `floor`. At the start of a line a whole line that is so sure goes first."""
    if at_line_start(cursor.start) and not cursor.start.rest and judges.lines is not None:
        line = await whole_line(cursor, judges.lines, clock)
        if line is not None and line.chance >= floor:
            return line
    sureness = judges.sureness_at(cursor.start)
    for guess in greedy(cursor.model, cursor.start, sureness.chance_of(floor)):
        if guess is not None:
            sure = replace(guess, chance=max(sureness.of(guess.chance), floor))
            return sure if len(guess.text.strip()) >= SHORTEST else None
        await clock.sleep(0)  # Others run between any two questions to the model.
    return None


async def whole_line(cursor: Cursor, judge: LineJudge, clock: Clock) -> Guess | None:
    """The line nearby that likeliest comes next."""
    await clock.sleep(0)
    found = next(judged(cursor.model, cursor.start, judge), None)
    await clock.sleep(0)
    return found


async def whole_guesses(cursor: Cursor, clock: Clock) -> list[Guess]:
    """The likeliest whole lines, likeliest first; one alone where it is plain."""
    found: list[Guess] = []
    for guess in guesses(cursor.model, cursor.start):
        if guess is None:
            await clock.sleep(0)
            continue
        found.append(guess)
        if len(found) >= COMPARED or (len(found) == 1 and guess.chance >= PLAIN):
            break
    return found


def _short(guess: Guess) -> bool:
    return len(guess.steps) < FEW_TOKENS or len(guess.text) < FEW_CHARACTERS


def at_line_start(start: Start) -> bool:
    return not start.line and not start.started
