"""Rows to train the workspace model on: what it would see at a line of a real commit, and what its author truly wrote.

Every function here yields tables of `x` (candidates, features), `y` (which of them was right) and `w` (how many it stands for).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backends.workspace import pool, whole_lines
from backends.workspace.choose import SHORTEST, whole_guesses
from backends.workspace.counts import END
from backends.workspace.decode import greedy, state_at
from backends.workspace.features import State, features
from backends.workspace.library import Library, Place
from backends.workspace.lines import hash_of
from backends.workspace.offers import Cursor, rows_of_guesses
from backends.workspace.shape import shape_of
from editors.headless.past import AddedLine, points, token_spans
from tools.workspace_gaps import gaps

Rows = dict[str, NDArray[Any]]
Maker = Callable[[Library, AddedLine, random.Random], Iterator[Rows]]

STEPS = 4
"""Places asked about in a line, besides its first and those in gaps."""
SURE_FROM, FLOORS = 0.2, (0.45, 0.55, 0.65, 0.75, 0.85)
"""Guesses are followed down to the first; offers are taken at each of the others."""


class Now:
    """A clock that never waits."""

    def now(self) -> float:
        return 0.0

    async def sleep(self, seconds: float) -> None:
        pass


def asked(library: Library, line: AddedLine, begun: str, rest: str = "") -> Cursor | None:
    before, after = line.around()
    return library.at(Place(line.path, line.language, before + begun, rest + after))


def starts(library: Library, line: AddedLine) -> Cursor | None:
    return asked(library, line, line.text[: len(line.text) - len(line.text.lstrip())])


def token_rows(library: Library, line: AddedLine, chance: random.Random) -> Iterator[Rows]:
    """Candidates for the first token of a line and for some others, as the decoder would meet them; in gaps too."""
    spans = [(start, line.text[start:end]) for start, end, _ in token_spans(line.text, line.language)]
    spans.append((len(line.text.rstrip()), ""))
    for start, truth in [spans[0], *chance.sample(spans[1:], min(STEPS, len(spans) - 1))]:
        cut = start
        if len(truth) > 2 and (truth[0].isalpha() or truth[0] in "_\"'") and chance.random() < 0.4:
            cut += chance.randint(1, min(4, len(truth) - 1))
        space = " " if not truth and line.text[:cut][-1:].isalnum() else ""
        yield from _candidates(asked(library, line, line.text[:cut] + space), truth)
    for gap in gaps(line, chance):
        whole, first = gap.before + gap.truth, len(gap.before)
        inner = [(start, whole[start:end]) for start, end, _ in token_spans(whole, line.language) if end > first]
        followed = token_spans(gap.rest, line.language)
        ends = [(len(whole), gap.rest[followed[0][0] : followed[0][1]])] if followed else []
        for start, truth in [*chance.sample(inner, min(1, len(inner))), *ends]:
            cut = max(start, first)
            space = " " if cut == len(whole) and whole[-1:].isalnum() else ""
            yield from _candidates(asked(library, line, whole[:cut] + space, gap.rest), truth)


def _candidates(found: Cursor | None, truth: str) -> Iterator[Rows]:
    if found is None or not truth.startswith(found.start.started):
        return
    model = found.model
    state = state_at(found.start, (), found.start.opened)
    weighed = model.weighed(state)
    if weighed is not None:
        counts, mixture, chosen = weighed
        table = features(counts, mixture, chosen, state, model.usage, model.vocabulary, model.suffix_token)
        right = np.array([model.vocabulary.text(token) == truth for token in counts.tokens[chosen].tolist()])
        yield {"x": table, "y": right, "w": np.ones(len(right), np.float32)}


def place_rows(library: Library, line: AddedLine, chance: random.Random) -> Iterator[Rows]:
    """The place where the line stands already, the places most like the cursor's, and a weighted sample of all others."""
    found = starts(library, line)
    if found is None or not len(found.model.pool.lines):
        return
    model, context = found.model, found.start.context
    at = pool.here(model.pool, context)
    first = model.next(State(context, (), found.start.opened, "", END))
    chances = dict(zip(first.tokens, first.chance, strict=True))
    table = pool.rough_of(model.pool, at, context, shape_of(context, model.vocabulary), chances)
    tokens = [model.vocabulary.intern(line.text[a:b]) for a, b, _ in token_spans(line.text, line.language)]
    same = model.pool.lines.text == np.uint64(hash_of(np.array(tokens, np.int32)))
    if not same.any():
        return
    score = table[:, pool.ROUGH.index("same_log")] + table[:, pool.ROUGH.index("shape_log")]
    best = np.flatnonzero(same)[np.argmax(score[same])]
    others = np.flatnonzero(~same)
    others = others[np.argsort(-score[others], kind="stable")]
    hard, rest = others[:60], others[60:].tolist()
    easy = chance.sample(rest, min(150, len(rest)))
    chosen = np.array([best, *hard.tolist(), *easy])
    weights = [1.0] * (1 + len(hard)) + [len(rest) / max(len(easy), 1)] * len(easy)
    yield {"x": table[chosen], "y": chosen == best, "w": np.array(weights, np.float32)}


def line_rows(rough: NDArray[np.float32]) -> Maker:
    return partial(_line_rows, rough)


def _line_rows(rough: NDArray[np.float32], library: Library, line: AddedLine, chance: random.Random) -> Iterator[Rows]:
    found = starts(library, line)
    if found is not None:
        compared = whole_lines.compared(found.model, found.start, rough)
        texts = [compared.guess(number, 1.0).text for number in range(len(compared))]
        right = np.array([text == line.text.strip() for text in texts], np.bool_)
        table = whole_lines.features(compared, found.model, found.start)
        yield {"x": table, "y": right, "w": np.ones(len(right), np.float32)}


def offer_rows(library: Library, line: AddedLine, chance: random.Random) -> Iterator[Rows]:
    cursors = [(line.text[: point.column], point.truth.rstrip(), "") for point in points(line, chance)[1:]]
    cursors += [(gap.before, gap.truth, gap.rest) for gap in gaps(line, chance)]
    for begun, truth, rest in cursors:
        found = asked(library, line, begun, rest)
        guesses = asyncio.run(whole_guesses(found, Now())) if found is not None else []
        if found is not None and guesses:
            right = np.array([guess.text == truth for guess in guesses], np.bool_)
            yield {"x": rows_of_guesses(guesses, found), "y": right, "w": np.ones(len(right), np.float32)}


def sure_rows(library: Library, line: AddedLine, chance: random.Random) -> Iterator[Rows]:
    """For each floor the longest beginning that is as likely: (kind of cursor, its log odds), and whether it was right."""
    for point in points(line, chance):
        found = asked(library, line, line.text[: point.column])
        if found is None:
            continue
        *_, guess = (None, *greedy(found.model, found.start, SURE_FROM))
        if guess is None:
            continue
        kind = ("start", "mid", "part").index(point.kind)
        for floor in FLOORS:
            steps = [step for step in guess.steps if step.chance >= floor]
            text = "".join(step.text for step in steps)
            if len(text.strip()) >= SHORTEST:
                sure = min(max(steps[-1].chance, 1e-4), 1 - 1e-4)
                row = np.array([[kind, np.log(sure / (1 - sure))]], np.float32)
                yield {"x": row, "y": np.array([point.truth.startswith(text)]), "w": np.ones(1, np.float32)}
