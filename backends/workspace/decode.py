"""From next tokens to a line: the most likely line is found exactly, by always growing the likeliest beginning.

Chances only fall as a beginning grows, so the first line that comes out whole is the best one, and where one beginning is
much likelier than all others no time is spent on the rest.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from math import exp, log

from backends.workspace.counts import END
from backends.workspace.features import State
from backends.workspace.model import Model

LONGEST = 40
"""Tokens of a line, at most."""
REMEMBERED = 40
"""Tokens of context that a question carries."""
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


def guesses(model: Model, start: Start, *, floor: float = 0.0, most: int = 24) -> Iterator[Guess | None]:
    """Yields None after each question to the model, so that the caller may let others run; then whole lines, likeliest
    first. With a floor above 0, beginnings less likely than that are not followed, and what was reached last is yielded."""
    text_of = model.vocabulary.text
    order = count()
    queue: list[tuple[float, int, tuple[Step, ...], str, bool]] = [(0.0, next(order), (), start.opened, False)]
    asked = 0
    lowest = -log(floor) if floor > 0 else 1e9
    while queue:
        cost, _, steps, opened, whole = heapq.heappop(queue)
        if whole:
            yield Guess(steps, True, exp(-cost))
            continue
        if asked >= most or len(steps) >= LONGEST:
            if asked >= most and floor == 0.0:
                continue
            yield Guess(steps, False, exp(-cost))
            return
        asked += 1
        said = tuple(step.token for step in steps)
        state = State(
            (start.context + said)[-REMEMBERED:],
            start.line + said,
            opened,
            start.started if not steps else "",
            start.then,
        )
        candidates = model.next(state)
        grown = 0
        for token, chance, spaced in zip(candidates.tokens, candidates.chance, candidates.spaced, strict=True):
            dearer = cost - log(min(max(chance, 1e-9), 1.0))
            if dearer > lowest:
                continue
            if token == start.then and (token == END or opened == start.opened):
                if steps:
                    heapq.heappush(queue, (dearer, next(order), steps, opened, True))
                continue
            if token == END:
                continue
            text = text_of(token)
            after = _brackets(opened, text)
            if after is None:
                continue
            if not steps and start.started:
                text = text[len(start.started) :]
            elif spaced > 0.5 and not (start.spaced and not steps):
                text = " " + text
            step = Step(text, exp(-dearer), token)
            heapq.heappush(queue, (dearer, next(order), (*steps, step), after, False))
            grown += 1
            if grown >= WIDE:
                break
        if not grown and floor > 0 and not queue and steps:
            yield Guess(steps, False, exp(-cost))
        yield None


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
