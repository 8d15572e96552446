"""At the start of a line: which of the lines that stand nearby comes next, and how surely."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import log

import numpy as np

from backends.workspace.counts import END
from backends.workspace.decode import Guess, Start, Step
from backends.workspace.evidence import Scope
from backends.workspace.features import FAR, State
from backends.workspace.index import CONTEXT
from backends.workspace.model import Model
from backends.workspace.pool import ROUGH, Chosen, Floats, Here, chosen, here
from backends.workspace.shape import shape_of
from backends.workspace.signs import line_number, sign_number
from backends.workspace.trees import Trees, load_array, load_trees
from backends.workspace.vocabulary import Kind

NAMES: tuple[str, ...] = (
    *(*ROUGH, "score", "rank", "behind"),
    *("often", "often_own", "often_here", "is_above", "is_below", "size", "names", "unseen", "in_above", "in_second"),
    *("ago", "oldest", "assigned", "last_kind", "last_sign", "starts", "second_sign", "opens"),
    *("compared", "sure", "above_starts", "above_sign", "above_last", "above_size", "above_fresh", "below_starts"),
    *("at_depth", "at_step", "at_place", "opened"),
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
    """(lines, len(NAMES)): what the rough score knows, what each line is, and what sort of place it is."""
    found, at, guesses = compared.chosen, compared.at, compared.guesses
    out = np.zeros((len(guesses), len(NAMES)), np.float32)
    if not guesses:
        return out
    rough = len(ROUGH)
    out[:, :rough] = found.rough
    out[:, rough] = found.score
    out[:, rough + 1] = np.arange(len(guesses))
    out[:, rough + 2] = found.score - found.score[0]
    around = _Around(
        _names(model, at.above), _names(model, at.second), _assigned(model, at.above), max(at.parent, model.pool.before)
    )
    of_place = (len(guesses), float(np.exp(found.score).sum()), *_of_place(model, at, start))
    for number, (line, guess) in enumerate(zip(found.line.tolist(), guesses, strict=True)):
        tokens = [step.token for step in guess.steps]
        out[number, rough + 3 :] = (*_of_line(model, at, line, tokens, around), *of_place)
    return out


@dataclass(frozen=True, slots=True)
class _Around:
    """Names of the line above the cursor and of the one above that, the name that the line above gives a value to (-1: none),
    and the number of the line at which the cursor's block begins."""

    above: frozenset[int]
    second: frozenset[int]
    assigned: int
    block: int


def _of_line(model: Model, at: Here, line: int, tokens: list[int], around: _Around) -> tuple[float, ...]:
    pool, usage, words = model.pool, model.usage, model.vocabulary
    texts = pool.lines.text
    same = texts == texts[line]
    names = [token for token in tokens if words.kind(token) in (Kind.NAME, Kind.STRING)]
    used = [usage.size - usage.last[token] for token in names if token in usage.last]
    kinds = [words.kind(token) for token in tokens]
    return (
        log(1 + np.count_nonzero(same)),
        int(np.count_nonzero(same[pool.after :])),
        int(np.count_nonzero(same[around.block :])),
        at.above >= 0 and same[at.above],
        at.below >= 0 and same[at.below],
        len(tokens),
        len(names),
        sum(token not in usage.last and token not in usage.ahead for token in names),
        sum(token in around.above for token in names),
        sum(token in around.second for token in names),
        min(used, default=FAR),
        max(used, default=FAR),
        around.assigned in names if around.assigned >= 0 else -1,
        kinds[-1],
        sign_number(words.text(tokens[-1])),
        line_number(words.text(tokens[0])),
        sign_number(words.text(tokens[1])) if len(tokens) > 1 else 0,
        kinds.count(Kind.OPEN) - kinds.count(Kind.CLOSE),
    )


def _of_place(model: Model, at: Here, start: Start) -> tuple[float, ...]:
    lines, shelf = model.pool.lines, model.pool.shelf
    return (
        line_number(_text(model, at.above, 0)),
        sign_number(_text(model, at.above, 1)),
        sign_number(_text(model, at.above, -1)),
        len(_tokens(model, at.above)),
        at.above >= 0 and shelf.scope[lines.start[at.above] + CONTEXT] == Scope.FRESH,
        line_number(_text(model, at.below, 0)),
        at.depth,
        at.step,
        at.place,
        len(start.opened),
    )


def _tokens(model: Model, line: int) -> list[int]:
    """Of a line by its number; none for -1."""
    if line < 0:
        return []
    lines = model.pool.lines
    tokens: list[int] = model.shelf.tokens[lines.start[line] + CONTEXT : lines.stop[line] + CONTEXT].tolist()
    return tokens


def _names(model: Model, line: int) -> frozenset[int]:
    return frozenset(token for token in _tokens(model, line) if model.vocabulary.kind(token) == Kind.NAME)


def _assigned(model: Model, line: int) -> int:
    """The name that a line gives a value to, -1 for none."""
    for name, sign in pairwise(_tokens(model, line)[:5]):
        if model.vocabulary.text(sign) in ("=", ":="):
            return name
    return -1


def _text(model: Model, line: int, number: int) -> str:
    tokens = _tokens(model, line)
    return model.vocabulary.text(tokens[number]) if number < len(tokens) and tokens else ""


def _with_chance(guess: Guess, chance: float) -> Guess:
    steps = tuple(Step(step.text, chance, step.token, step.own, step.rival) for step in guess.steps)
    return Guess(steps, True, chance)
