"""Which guess is offered, and how sure it is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass, replace

from backends.workspace.decode import Guess, Start, greedy, guesses
from backends.workspace.model import Model
from backends.workspace.offers import Surroundings, beginnings, rows_by_hand, rows_unasked
from backends.workspace.trees import Trees
from context.clock import Clock

COMPARED = 6
"""Whole guesses that are compared when the user asks by hand."""
FOLLOWED = 0.35
"""A beginning is followed while it is at least this share of the floor."""
SHORTEST = 3
"""Characters that are worth showing unasked."""
FEW_TOKENS, FEW_CHARACTERS, SURER = 3, 8, 50
"""At the start of a line a shorter guess is offered by hand only where it is so many times surer than the longer ones."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where and with what to guess."""

    model: Model
    start: Start
    around: Surroundings


async def by_hand(cursor: Cursor, judge: Trees | None, clock: Clock) -> Guess | None:
    """The best whole line."""
    found = await whole_guesses(cursor, clock)
    if judge is not None and found:
        chances = judge.chance(rows_by_hand(found, cursor.model, cursor.start, cursor.around)).tolist()
        found = [replace(guess, chance=chance) for guess, chance in zip(found, chances, strict=True)]
    if not cursor.start.line and not cursor.start.started:
        found = [replace(guess, chance=guess.chance / SURER) if _short(guess) else guess for guess in found]
    return max(found, key=lambda guess: guess.chance, default=None)


async def unasked(cursor: Cursor, judge: Trees | None, floor: float, clock: Clock) -> Guess | None:
    """The longest beginning that is as sure as `floor`."""
    async for guess in _taking_turns(greedy(cursor.model, cursor.start, floor * FOLLOWED if judge else floor), clock):
        found = beginnings(guess)
        if judge is not None:
            chances = judge.chance(rows_unasked(found, cursor.model, cursor.start, cursor.around)).tolist()
            found = [replace(one, chance=chance) for one, chance in zip(found, chances, strict=True)]
        sure = [one for one in found if one.chance >= floor and len(one.text.strip()) >= SHORTEST]
        return sure[-1] if sure else None
    return None


async def whole_guesses(cursor: Cursor, clock: Clock) -> list[Guess]:
    """The likeliest whole lines, likeliest first."""
    found: list[Guess] = []
    async for guess in _taking_turns(guesses(cursor.model, cursor.start), clock):
        found.append(guess)
        if len(found) >= COMPARED:
            break
    return found


async def _taking_turns(search: Iterator[Guess | None], clock: Clock) -> AsyncGenerator[Guess, None]:
    """Others run between any two questions to the model."""
    for guess in search:
        if guess is None:
            await clock.sleep(0)
        else:
            yield guess


def _short(guess: Guess) -> bool:
    return len(guess.steps) < FEW_TOKENS or len(guess.text) < FEW_CHARACTERS
