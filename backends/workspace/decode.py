"""From next tokens to a line: the most likely line is found exactly, by always growing the likeliest beginning.

Chances only fall as a beginning grows, so the first line that comes out whole is the best one, and where one beginning is
much likelier than all others no time is spent on the rest.
"""

from __future__ import annotations

import heapq
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from backends.workspace.counts import END
from backends.workspace.features import State
from backends.workspace.model import Model
from context.clock import Clock

LONGEST = 40
"""Tokens of a line, at most."""
REMEMBERED = 40
"""Tokens of context that a question carries."""
QUESTIONS = 20
"""Asked of the model before the search is narrowed."""
SHORTEST = 3
"""Characters that are worth showing unasked."""
FEW_TOKENS, FEW_CHARACTERS, SHORT_IS_SURER = 3, 8, 0.02
"""A line shorter than this is offered by hand only where it is so much surer than the longer ones."""
WIDE = 5
"""Ways on that are followed from one beginning."""

_CLOSES: Mapping[str, str] = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Step:
    """One token of a guess: the text it adds (with white space before it) and the chance of the whole beginning so far."""

    text: str
    chance: float
    token: int


@dataclass(frozen=True, slots=True)
class Guess:
    """A beginning of what comes next. `whole`: the line ends after it."""

    steps: tuple[Step, ...]
    whole: bool
    chance: float

    @property
    def text(self) -> str:
        return "".join(step.text for step in self.steps)


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin: tokens before the cursor (most recent last), those of its line, a word already begun, whether white
    space stands before the cursor, the brackets open there, and the first token after the cursor on its line (END where
    there is none)."""

    context: tuple[int, ...]
    line: tuple[int, ...]
    started: str
    spaced: bool
    opened: str
    then: int


async def best(model: Model, start: Start, *, floor: float, clock: Clock) -> AsyncGenerator[Guess, None]:
    """The one guess worth offering, if there is one. With `floor` 0 the user asked by hand: the likeliest whole line, and at
    the start of a line none so short that nobody would ask for it. Otherwise the longest beginning that is as likely as
    `floor`. Others run between any two questions to the model."""
    short: Guess | None = None
    for guess in guesses(model, start, floor=floor):
        if guess is None:
            await clock.sleep(0)
        elif floor > 0.0:
            if len(guess.text.strip()) >= SHORTEST:
                yield guess
            return
        elif start.line or start.started or (len(guess.steps) >= FEW_TOKENS and len(guess.text) >= FEW_CHARACTERS):
            yield guess
            return
        elif short is None:
            short = guess
        elif guess.chance < short.chance * SHORT_IS_SURER:
            break
    if short is not None:
        yield short


def states_of(start: Start, guess: Guess) -> Iterator[tuple[State, int]]:
    """Each token of a guess with the place it was foretold for."""
    said: tuple[int, ...] = ()
    for step in guess.steps:
        yield _state(start, said, start.opened), step.token
        said += (step.token,)


def _state(start: Start, said: tuple[int, ...], opened: str) -> State:
    context = (start.context + said)[-REMEMBERED:]
    return State(context, start.line + said, opened, "" if said else start.started, start.then)


def guesses(model: Model, start: Start, *, floor: float = 0.0) -> Iterator[Guess | None]:
    """Yields None after each question to the model; and whole lines, likeliest first. With a floor above 0, beginnings less
    likely than that are not followed, and the longest that was reached is yielded."""
    queue: list[tuple[float, int, tuple[Step, ...], str, bool]] = [(0.0, 0, (), start.opened, False)]
    order = asked = 0
    lowest = -log(floor) if floor > 0 else 1e9
    longest = Guess((), False, 1.0)
    while queue:
        cost, _, steps, opened, whole = heapq.heappop(queue)
        if whole or len(steps) >= LONGEST:
            yield Guess(steps, whole, exp(-cost))
            continue
        if len(steps) > len(longest.steps):
            longest = Guess(steps, False, exp(-cost))
        if asked >= QUESTIONS:  # Only the likeliest beginning is still followed to its end.
            queue = [entry for entry in queue if entry[-1]]
            heapq.heapify(queue)
        asked += 1
        candidates = model.next(_state(start, tuple(step.token for step in steps), opened))
        grown = 0
        for token, chance, spaced in zip(candidates.tokens, candidates.chance, candidates.spaced, strict=True):
            dearer = cost - log(min(max(chance, 1e-9), 1.0))
            if dearer > lowest or grown >= (WIDE if asked <= QUESTIONS else 1):
                break
            order += 1
            if token == start.then and (token == END or opened == start.opened):
                if steps:
                    heapq.heappush(queue, (dearer, order, steps, opened, True))
                    grown += 1
                continue
            text = model.vocabulary.text(token)
            after = _brackets(opened, text)
            if token == END or after is None:
                continue
            if not steps and start.started:
                text = text[len(start.started) :]
            elif spaced > 0.5 and (steps or not start.spaced):
                text = " " + text
            heapq.heappush(queue, (dearer, order, (*steps, Step(text, exp(-dearer), token)), after, False))
            grown += 1
        yield None
    if floor > 0.0 and longest.steps:
        yield longest


def _brackets(opened: str, text: str) -> str | None:
    """The brackets open after `text`; None where it closes one that is not the last opened. A block may have been opened
    out of sight."""
    if text in "([{" and text:
        return opened + text
    if text in _CLOSES:
        if not opened:
            return opened if text == "}" else None
        return opened[:-1] if opened[-1] == _CLOSES[text] else None
    return opened


def brackets_of(texts: Sequence[str]) -> str:
    """The brackets that a text's tokens leave open."""
    opened = ""
    for text in texts:
        if text and text in "([{":
            opened += text
        elif text in _CLOSES:
            opened = opened[: max(opened.rfind(_CLOSES[text]), 0)]
    return opened
