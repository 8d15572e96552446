"""Which guess is offered, and how sure it is."""

from __future__ import annotations

from dataclasses import replace

from backends.workspace.decode import Guess, greedy, guesses
from backends.workspace.offers import Cursor, rows_of_guesses
from backends.workspace.trees import Trees
from context.clock import Clock

COMPARED = 5
"""Whole guesses that are compared when the user asks by hand."""
SHORTEST = 3
"""Characters that are worth showing unasked."""
FEW_TOKENS, FEW_CHARACTERS, SURER = 3, 8, 50
"""At the start of a line a shorter guess is offered by hand only where it is so many times surer than the longer ones."""


async def by_hand(cursor: Cursor, judge: Trees | None, clock: Clock) -> Guess | None:
    """The best whole line."""
    found = await whole_guesses(cursor, clock)
    if judge is not None and found:
        chances = judge.chance(rows_of_guesses(found, cursor)).tolist()
        found = [replace(guess, chance=chance) for guess, chance in zip(found, chances, strict=True)]
    if not cursor.start.line and not cursor.start.started:
        found = [replace(guess, chance=guess.chance / SURER) if _short(guess) else guess for guess in found]
    return max(found, key=lambda guess: guess.chance, default=None)


async def unasked(cursor: Cursor, floor: float, clock: Clock) -> Guess | None:
    """The longest beginning that is as sure as `floor`: the chances of single tokens are calibrated, and so is their product."""
    for guess in greedy(cursor.model, cursor.start, floor):
        if guess is not None:
            return guess if len(guess.text.strip()) >= SHORTEST else None
        await clock.sleep(0)  # Others run between any two questions to the model.
    return None


async def whole_guesses(cursor: Cursor, clock: Clock) -> list[Guess]:
    """The likeliest whole lines, likeliest first."""
    found: list[Guess] = []
    for guess in guesses(cursor.model, cursor.start):
        if guess is None:
            await clock.sleep(0)
            continue
        found.append(guess)
        if len(found) >= COMPARED:
            break
    return found


def _short(guess: Guess) -> bool:
    return len(guess.steps) < FEW_TOKENS or len(guess.text) < FEW_CHARACTERS
