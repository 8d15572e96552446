"""At the start of a line: which of the lines that stand nearby comes next, and how surely."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import log

import numpy as np
from numpy.typing import NDArray

from backends.workspace.counts import END
from backends.workspace.decode import Guess, Start, Step
from backends.workspace.evidence import Scope
from backends.workspace.features import FAR, State
from backends.workspace.index import CONTEXT
from backends.workspace.lines import Hashes
from backends.workspace.made_lines import with_made
from backends.workspace.model import Model
from backends.workspace.pool import ROUGH, Chosen, Floats, Here, chosen, here
from backends.workspace.shape import shape_of
from backends.workspace.signs import line_number, sign_number
from backends.workspace.trees import Trees, load_array, load_trees
from backends.workspace.usage import NEVER
from backends.workspace.vocabulary import Kind

NAMES: tuple[str, ...] = (
    *(*ROUGH, "score", "rank", "behind"),
    *("often", "often_own", "often_here", "is_above", "is_below", "size", "names", "unseen", "in_above", "in_second"),
    *("ago", "oldest", "assigned", "last_kind", "last_sign", "starts", "second_sign", "opens", "made", "made_sure"),
    *("compared", "sure", "above_starts", "above_sign", "above_last", "above_size", "above_fresh", "below_starts"),
    *("at_depth", "at_step", "at_place", "opened"),
)


_NAME, _STRING, _OPEN, _CLOSE = int(Kind.NAME), int(Kind.STRING), int(Kind.OPEN), int(Kind.CLOSE)


@dataclass(frozen=True, slots=True)
class LineJudge:
    """`rough` (len(ROUGH),) weighs every line nearby, `trees` the best of them."""

    rough: Floats
    trees: Trees


def load_line_judge() -> LineJudge:
    return LineJudge(load_array("lines.npz", "rough"), load_trees("lines.npz"))


def judged(model: Model, start: Start, judge: LineJudge) -> Iterator[Guess]:
    """Whole lines with their chances, likeliest first. Never the line above once more: of 8,020 such lines two were right."""
    found = compared(model, start, judge.rough)
    if not len(found):
        return
    chances = judge.trees.chance(features(found, model, start))
    above = model.pool.lines.text[found.at.above] if found.at.above >= 0 else None
    for number in np.argsort(-chances, kind="stable").tolist():
        if found.chosen.text[number] != above:
            yield found.guess(number, float(chances[number]))


@dataclass(frozen=True, slots=True)
class Compared:
    """The lines that are compared at a place."""

    chosen: Chosen
    at: Here
    model: Model

    def __len__(self) -> int:
        return len(self.chosen.line)

    def guess(self, number: int, chance: float) -> Guess:
        """One of them, to be offered."""
        pool, found = self.model.pool, self.chosen
        low = int(pool.lines.start[found.line[number]]) + CONTEXT
        begins = (*found.begins.tolist(), len(found.tokens))
        steps = []
        for place, token in enumerate(found.tokens[begins[number] : begins[number + 1]].tolist(), low):
            text = self.model.vocabulary.text(token)
            if place > low and pool.shelf.space[place]:
                text = " " + text
            steps.append(Step(text, chance, token, 1.0, 0.0))
        return Guess(tuple(steps), True, chance)


def compared(model: Model, start: Start, rough: Floats) -> Compared:
    pool, context = model.pool, start.context
    at = here(pool, context)
    first = model.next(State(context, (), start.opened, "", END))
    chances = dict(zip(first.tokens, first.chance, strict=True))
    stand = chosen(pool, at, context, shape_of(context, model.vocabulary), chances, rough)
    return Compared(with_made(pool, at, stand, model.vocabulary), at, model)


def features(compared: Compared, model: Model, start: Start) -> Floats:
    """(lines, len(NAMES)): what the rough score knows, what each line is, and what sort of place it is."""
    found, at, size = compared.chosen, compared.at, len(compared)
    out = np.zeros((size, len(NAMES)), np.float32)
    if not size:
        return out
    rough = len(ROUGH)
    out[:, :rough] = found.rough
    out[:, rough] = found.score
    out[:, rough + 1] = found.rank
    out[:, rough + 2] = found.score - found.score[0]
    alike = _alike(model, at, found.text)
    lines = _of_lines(model, at, found)
    column = rough + 3
    for values in (*alike, *lines, *found.made.T, size, float(np.exp(found.score).sum()), *_of_place(model, at, start)):
        out[:, column] = np.asarray(values)
        column += 1
    return out


def _alike(model: Model, at: Here, texts: Hashes) -> tuple[object, ...]:
    """How often each line stands nearby, in its own file and in the cursor's block; whether it is the one above or below."""
    pool = model.pool
    own = pool.lines.text[pool.after :]
    order = np.argsort(texts)
    ordered = texts[order]
    which = np.minimum(np.searchsorted(ordered, own), len(ordered) - 1)
    same = ordered[which] == own
    in_own, in_block = np.empty(len(texts), np.int64), np.empty(len(texts), np.int64)
    in_own[order] = np.bincount(which[same], minlength=len(texts))
    block = max(at.parent, pool.before) - pool.after
    in_block[order] = np.bincount(which[block:][same[block:]], minlength=len(texts))
    near = pool.shelf.near.texts
    in_near = np.searchsorted(near, texts, side="right") - np.searchsorted(near, texts)
    return (
        [log(1 + often) for often in (in_own + in_near).tolist()],
        in_own,
        in_block,
        texts == pool.lines.text[at.above] if at.above >= 0 else False,
        texts == pool.lines.text[at.below] if at.below >= 0 else False,
    )


def _of_lines(model: Model, at: Here, chosen: Chosen) -> tuple[object, ...]:
    """What each line is: its size, its names and where they were used before, how it begins and ends."""
    usage, words = model.usage, model.vocabulary
    tokens, begins, many = chosen.tokens, chosen.begins, len(chosen.line)
    size = np.diff(begins, append=len(tokens))
    line = np.repeat(np.arange(many), size)
    kinds, ago = words.kinds(tokens), usage.ago(tokens)
    names = (kinds == _NAME) | (kinds == _STRING)
    used = names & (ago < NEVER)

    def number(of: NDArray[np.bool_]) -> NDArray[np.int64]:
        return np.bincount(line[of], minlength=many)

    oldest = np.maximum.reduceat(np.where(used, ago, -1), begins)
    assigned = _assigned(model, at.above)
    first, last = tokens[begins].tolist(), tokens[begins + size - 1].tolist()
    second = tokens[np.minimum(begins + 1, len(tokens) - 1)].tolist()
    return (
        size,
        number(names),
        number(names & ~used & ~np.isin(tokens, list(usage.ahead))),
        number(names & np.isin(tokens, _names(model, at.above))),
        number(names & np.isin(tokens, _names(model, at.second))),
        np.minimum.reduceat(np.where(used, ago, FAR), begins),
        np.where(oldest < 0, FAR, oldest),
        np.logical_or.reduceat(names & (tokens == assigned), begins) if assigned >= 0 else -1,
        kinds[begins + size - 1],
        [words.look(token).sign for token in last],
        [words.look(token).begins for token in first],
        [words.look(token).sign if more else 0 for token, more in zip(second, (size > 1).tolist(), strict=True)],
        number(kinds == _OPEN) - number(kinds == _CLOSE),
    )


def _of_place(model: Model, at: Here, start: Start) -> tuple[object, ...]:
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


def _names(model: Model, line: int) -> list[int]:
    return [token for token in _tokens(model, line) if model.vocabulary.kind(token) == _NAME]


def _assigned(model: Model, line: int) -> int:
    """The name that a line gives a value to, -1 for none."""
    for name, sign in pairwise(_tokens(model, line)[:5]):
        if model.vocabulary.text(sign) in ("=", ":="):
            return name
    return -1


def _text(model: Model, line: int, number: int) -> str:
    tokens = _tokens(model, line)
    return model.vocabulary.text(tokens[number]) if number < len(tokens) and tokens else ""
