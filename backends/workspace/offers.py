"""The second judge: of whole guesses and beginnings of them, which is what the author would write?

The judge of tokens sees one step at a time. This one sees the guess: its weakest step, how it compares with the other
guesses, whether the line already stands in the file. What it says is the confidence that is shown.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from backends.workspace.decode import Guess, Start, brackets_of
from backends.workspace.features import sign_number
from backends.workspace.model import Model
from backends.workspace.vocabulary import Kind

NAMES: tuple[str, ...] = (
    *("whole", "by_hand", "chance", "rank", "to_first", "to_next", "steps", "characters", "mean", "least", "last"),
    *("rival", "first_rival", "line_tokens", "started", "spaced", "opened", "opened_after", "last_kind", "last_sign"),
    *("before_sign", "unseen", "names", "stands", "is_above", "is_below", "shares_first", "ago"),
)


WINDOW = 40_000
"""Characters on each side in which a line may stand already."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The cursor's line so far, and the lines of the file without it, stripped: all, the one above and the one below."""

    line: str
    lines: Set[str]
    above: str
    below: str


def beginnings(guess: Guess) -> list[Guess]:
    """The guess after each of its steps, and whole where it is."""
    found = [Guess(guess.steps[: n + 1], False, guess.steps[n].chance) for n in range(len(guess.steps))]
    return [*found, guess] if guess.whole else found


def rows_by_hand(guesses: Sequence[Guess], model: Model, start: Start, around: Surroundings) -> NDArray[np.float32]:
    """(len(guesses), len(NAMES)) of whole guesses, likeliest first."""
    first = guesses[0].chance if guesses else 1.0
    out = []
    for rank, guess in enumerate(guesses):
        following = guesses[rank + 1].chance if rank + 1 < len(guesses) else 0.0
        shares = sum(one.steps[0].token == guess.steps[0].token for one in guesses)
        compared = (rank, guess.chance / first, following / guess.chance, shares)
        out.append(_row(guess, True, compared, model, start, around))
    return np.array(out, np.float32).reshape(len(out), len(NAMES))


def rows_unasked(guesses: Sequence[Guess], model: Model, start: Start, around: Surroundings) -> NDArray[np.float32]:
    """(len(guesses), len(NAMES)) of the beginnings of one guess."""
    out = [_row(guess, False, (0, 1.0, 0.0, 1), model, start, around) for guess in guesses]
    return np.array(out, np.float32).reshape(len(out), len(NAMES))


def _row(
    guess: Guess,
    by_hand: bool,
    compared: tuple[float, float, float, float],
    model: Model,
    start: Start,
    around: Surroundings,
) -> tuple[float, ...]:
    rank, to_first, to_next, shares = compared
    steps = guess.steps
    text = guess.text
    line = (around.line + text).strip()
    words, usage = model.vocabulary, model.usage
    kinds = [words.kind(step.token) for step in steps]
    last = steps[-1]
    cost = log(max(guess.chance, 1e-9))
    return (
        guess.whole,
        by_hand,
        cost,
        rank,
        to_first,
        to_next,
        len(steps),
        len(text),
        cost / (len(steps) + guess.whole),
        min(step.own for step in steps),
        guess.chance / max(last.chance, 1e-9) if guess.whole else last.own,
        max(step.rival for step in steps),
        steps[0].rival,
        len(start.line),
        len(start.started),
        start.spaced,
        len(start.opened),
        len(brackets_of([*start.opened, *(step.text.strip() for step in steps)])),
        int(kinds[-1]),
        sign_number(words.text(last.token)),
        sign_number(words.text(start.context[-1])) if start.context else 0,
        sum(step.token not in usage.times for step in steps),
        sum(kind in (Kind.NAME, Kind.STRING) for kind in kinds),
        line in around.lines,
        line == around.above,
        line == around.below,
        shares,
        usage.size - usage.last.get(steps[0].token, -100_000),
    )


def surroundings(prefix: str, suffix: str) -> Surroundings:
    head, _, line = prefix.rpartition("\n")
    _, _, tail = suffix.partition("\n")
    above = [text.strip() for text in head[-WINDOW:].split("\n")]
    below = [text.strip() for text in tail[:WINDOW].split("\n")]
    return Surroundings(
        line,
        {text for text in (*above, *below) if text},
        next((text for text in reversed(above) if text), ""),
        next((text for text in below if text), ""),
    )
