"""At the start of a line: which of the lines that stand nearby comes next, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from math import log

import numpy as np

from backends.workspace.counts import END
from backends.workspace.decode import Guess, Start, Step
from backends.workspace.evidence import Scope
from backends.workspace.features import FAR, State, line_number, sign_number
from backends.workspace.index import CONTEXT
from backends.workspace.model import Model
from backends.workspace.pool import ROUGH, Chosen, Floats, Here, Pool, chosen, here
from backends.workspace.shape import shape_of
from backends.workspace.trees import Trees, load_array, load_trees
from backends.workspace.vocabulary import Kind

NAMES: tuple[str, ...] = (
    *ROUGH,
    *("score", "rank", "behind", "often", "often_own", "often_here", "is_above", "is_below"),
    *(
        "size",
        "names",
        "unseen",
        "in_above",
        "in_second",
        "ago",
        "oldest",
        "assigned",
        "last_kind",
        "last_sign",
        "starts",
    ),
    *("second_sign", "opens", "compared", "sure", "above_starts", "above_sign", "above_last", "above_size"),
    *("above_fresh", "below_starts", "at_depth", "at_step", "at_place", "opened"),
)


@dataclass(frozen=True, slots=True)
class LineJudge:
    """`rough` (len(ROUGH),) weighs every line nearby, `trees` the best of them."""

    rough: Floats
    trees: Trees


def load_line_judge() -> LineJudge:
    return LineJudge(load_array("lines.npz", "rough"), load_trees("lines.npz"))


def judged(model: Model, start: Start, judge: LineJudge) -> list[Guess]:
    """Whole lines with their chances, likeliest first."""
    found = compared(model, start, judge.rough)
    if not found.guesses:
        return []
    chances = judge.trees.chance(features(found, model, start))
    order = np.argsort(-chances, kind="stable").tolist()
    return [_with_chance(found.guesses[number], float(chances[number])) for number in order]


@dataclass(frozen=True, slots=True)
class Compared:
    """The lines that are compared at a place; as guesses they have no chance yet."""

    chosen: Chosen
    at: Here
    guesses: list[Guess]


def compared(model: Model, start: Start, rough: Floats) -> Compared:
    pool, context = model.pool, start.context
    at = here(pool, context)
    first = model.next(State(context, (), start.opened, "", END))
    chances = dict(zip(first.tokens, first.chance, strict=True))
    found = chosen(pool, at, context, shape_of(context, model.vocabulary), chances, rough)
    return Compared(found, at, [_guess(model, int(line)) for line in found.line])


def _guess(model: Model, line: int) -> Guess:
    pool = model.pool
    low, high = int(pool.lines.start[line]) + CONTEXT, int(pool.lines.stop[line]) + CONTEXT
    steps = []
    for place in range(low, high):
        token = int(pool.shelf.tokens[place])
        text = model.vocabulary.text(token)
        if place > low and pool.shelf.space[place]:
            text = " " + text
        steps.append(Step(text, 1.0, token, 1.0, 0.0))
    return Guess(tuple(steps), True, 1.0)


def features(compared: Compared, model: Model, start: Start) -> Floats:
    """(lines, len(NAMES))"""
    found, at, guesses, pool = compared.chosen, compared.at, compared.guesses, model.pool
    lines, usage, words = pool.lines, model.usage, model.vocabulary
    out = np.zeros((len(guesses), len(NAMES)), np.float32)
    rough = len(ROUGH)
    out[:, :rough] = found.rough
    out[:, rough] = found.score
    out[:, rough + 1] = np.arange(len(guesses))
    out[:, rough + 2] = found.score - found.score[0] if len(guesses) else 0.0
    above = _names(pool, model, at.above)
    second = _names(pool, model, at.second)
    target = _assigned(pool, model, at.above)
    own = lines.text[pool.after :]
    block = lines.text[max(at.parent, pool.before) :]
    size = usage.size
    for number, (line, guess) in enumerate(zip(found.line.tolist(), guesses, strict=True)):
        text = lines.text[line]
        tokens = [step.token for step in guess.steps]
        names = [token for token in tokens if words.kind(token) in (Kind.NAME, Kind.STRING)]
        used = [size - usage.last[token] for token in names if token in usage.last]
        out[number, rough + 3 : rough + 22] = (
            log(1 + np.count_nonzero(lines.text == text)),
            np.count_nonzero(own == text),
            np.count_nonzero(block == text),
            at.above >= 0 and lines.text[at.above] == text,
            at.below >= 0 and lines.text[at.below] == text,
            len(tokens),
            len(names),
            sum(token not in usage.last and token not in usage.ahead for token in names),
            sum(token in above for token in names),
            sum(token in second for token in names),
            min(used, default=FAR),
            max(used, default=FAR),
            target in names if target >= 0 else -1,
            words.kind(tokens[-1]),
            sign_number(words.text(tokens[-1])),
            line_number(words.text(tokens[0])),
            sign_number(words.text(tokens[1])) if len(tokens) > 1 else 0,
            sum(words.kind(t) == Kind.OPEN for t in tokens) - sum(words.kind(t) == Kind.CLOSE for t in tokens),
            len(guesses),
        )
    out[:, rough + 22] = np.exp(found.score).sum()
    out[:, rough + 23 : rough + 33] = (
        line_number(_text(pool, model, at.above, 0)),
        sign_number(_text(pool, model, at.above, 1)),
        sign_number(_text(pool, model, at.above, -1)),
        lines.stop[at.above] - lines.start[at.above] if at.above >= 0 else 0,
        at.above >= 0 and pool.shelf.scope[lines.start[at.above] + CONTEXT] == Scope.FRESH,
        line_number(_text(pool, model, at.below, 0)),
        at.depth,
        at.step,
        at.place,
        len(start.opened),
    )
    return out


def _span(pool: Pool, line: int) -> tuple[int, int]:
    return int(pool.lines.start[line]) + CONTEXT, int(pool.lines.stop[line]) + CONTEXT


def _names(pool: Pool, model: Model, line: int) -> frozenset[int]:
    if line < 0:
        return frozenset()
    low, high = _span(pool, line)
    return frozenset(t for t in pool.shelf.tokens[low:high].tolist() if model.vocabulary.kind(t) == Kind.NAME)


def _assigned(pool: Pool, model: Model, line: int) -> int:
    """The name that a line gives a value to, -1 for none."""
    if line < 0:
        return -1
    low, high = _span(pool, line)
    tokens = pool.shelf.tokens[low:high].tolist()
    for number, token in enumerate(tokens[1:5], 1):
        if model.vocabulary.text(token) in ("=", ":="):
            return int(tokens[number - 1])
    return -1


def _text(pool: Pool, model: Model, line: int, number: int) -> str:
    if line < 0:
        return ""
    low, high = _span(pool, line)
    tokens = pool.shelf.tokens[low:high]
    return model.vocabulary.text(int(tokens[number])) if -1 <= number < len(tokens) else ""


def _with_chance(guess: Guess, chance: float) -> Guess:
    steps = tuple(Step(step.text, chance, step.token, step.own, step.rival) for step in guess.steps)
    return Guess(steps, True, chance)
