"""The second judge: which of several whole lines is the one that the author would write?

The judge of tokens sees one step at a time. This one sees the lines side by side: the weakest step of each, how it compares
with the others, whether it already stands in the file.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from math import log

import numpy as np

from backends.workspace.decode import Guess, Start, brackets_of
from backends.workspace.evidence import shared
from backends.workspace.index import CONTEXT
from backends.workspace.model import Model
from backends.workspace.shape import shape_of
from backends.workspace.signs import sign_number
from backends.workspace.trees import Floats
from backends.workspace.vocabulary import Kind

NAMES: tuple[str, ...] = (
    *("chance", "rank", "to_first", "to_next", "steps", "characters", "mean", "least", "last"),
    *("rival", "first_rival", "line_tokens", "started", "spaced", "opened", "opened_after", "last_kind", "last_sign"),
    *("before_sign", "unseen", "names", "stands", "is_above", "is_below", "shares_first", "ago"),
    *("stands_near", "shape_near", "shape_own", "rest", "then_sign", "rest_seen", "rest_places", "meets", "meets_best"),
)


MET = 3
"""Tokens of the rest of the line that a guess is to meet."""
WINDOW = 40_000
"""Characters on each side in which a line may stand already."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The cursor's line so far, and the lines of the file without it, stripped: all, the one above and the one below."""

    line: str
    lines: Set[str]
    above: str
    below: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where and with what to guess; `prefix` and `suffix` are the text on both sides."""

    model: Model
    start: Start
    prefix: str
    suffix: str


def rows_of_guesses(guesses: Sequence[Guess], cursor: Cursor) -> Floats:
    """(len(guesses), len(NAMES)) of whole lines, likeliest first."""
    first = guesses[0].chance if guesses else 1.0
    around, met = surroundings(cursor.prefix, cursor.suffix), meetings(guesses, cursor)
    out = []
    for rank, guess in enumerate(guesses):
        following = guesses[rank + 1].chance if rank + 1 < len(guesses) else 0.0
        shares = sum(one.steps[0].token == guess.steps[0].token for one in guesses)
        row = _row(guess, (rank, guess.chance / first, following / guess.chance, shares), cursor, around)
        out.append((*row, *met[rank]))
    return np.array(out, np.float32).reshape(len(out), len(NAMES))


def _row(
    guess: Guess, compared: tuple[float, float, float, float], cursor: Cursor, around: Surroundings
) -> tuple[float, ...]:
    model, start = cursor.model, cursor.start
    rank, to_first, to_next, shares = compared
    steps = guess.steps
    text = guess.text
    line = (around.line + text).strip()
    words, usage = model.vocabulary, model.usage
    kinds = [words.kind(step.token) for step in steps]
    last = steps[-1]
    cost = log(max(guess.chance, 1e-9))
    tokens = (*start.line, *(step.token for step in steps), *start.rest)
    like = model.shelf.lines_like(tokens, shape_of(tokens, words, in_lines=True))
    return (
        cost,
        rank,
        to_first,
        to_next,
        len(steps),
        len(text),
        cost / (len(steps) + 1),
        min(step.own for step in steps),
        guess.chance / max(last.chance, 1e-9),
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
        *(log(1 + often) for often in like),
    )


def meetings(guesses: Sequence[Guess], cursor: Cursor) -> list[tuple[float, ...]]:
    """How each guess meets the rest of the line: elsewhere, where the rest's first tokens stand, how many tokens before them
    are those that the guess would put there."""
    start, shelf = cursor.start, cursor.model.shelf
    if not start.rest:
        return [(0.0,) * 6] * len(guesses)
    places, seen = shelf.places_of(start.rest[:MET])
    met = []
    for guess in guesses:
        before = (*start.context, *(step.token for step in guess.steps))
        length = shared(shelf.tokens, places, np.array(before[: -CONTEXT - 1 : -1], np.int32))
        met.append(int(length.max()) if len(length) else 0)
    sign = sign_number(cursor.model.vocabulary.text(start.then))
    return [(len(start.rest), sign, seen, log(1 + len(places)), one, one - max(met)) for one in met]


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
