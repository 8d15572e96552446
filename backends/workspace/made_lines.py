"""Lines that stand nowhere yet: a line nearby with other names in it, those that the cursor's surroundings say.

Two sorts. *Series*: the line above with the next member of a list that is gone through, as `series.py` finds it. *Carried*: a
line that stands under one like the line above the cursor, or in a block that begins like the cursor's, with the names of here
where the names of there stand: `item.run()` under `for item in items:` is `job.run()` under `for job in jobs:`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from backends.workspace.index import CONTEXT
from backends.workspace.lexer import HOLE
from backends.workspace.lines import hash_of
from backends.workspace.pool import LONGEST, Chosen, Here, Pool
from backends.workspace.series import following
from backends.workspace.vocabulary import Kind, Vocabulary

SOURCES = 16
"""Of the lines that are compared, so many of the likeliest are looked at for names to carry."""
FROM_SERIES = 2
"""Members that are tried for each name of the line above."""
MOST = 12
"""Lines made, at most."""


class Sort(IntEnum):
    STANDS = 0
    SERIES = 1
    CARRIED = 2


@dataclass(frozen=True, slots=True)
class _Made:
    """`line` with other names; `sure` is how much speaks for them."""

    line: int
    tokens: list[int]
    sort: Sort
    sure: int


def with_made(pool: Pool, at: Here, found: Chosen, vocabulary: Vocabulary) -> Chosen:
    """The lines that are compared, and after them those made of them and of the line above."""
    known = set(found.text.tolist())
    made: list[_Made] = []
    texts: list[int] = []
    for one in _possible(pool, at, found, vocabulary):
        text = hash_of(np.array(one.tokens, np.int32))
        if text not in known:
            known.add(text)
            made.append(one)
            texts.append(text)
            if len(made) == MOST:
                break
    if not made:
        return found
    lines = np.array([one.line for one in made])
    score = found.scores[lines]
    size = np.array([len(one.tokens) for one in made])
    return Chosen(
        np.concatenate((found.line, lines)),
        np.concatenate((found.rough, found.all_rough[lines])),
        np.concatenate((found.score, score)),
        np.concatenate((found.rank, np.searchsorted(-found.score, -score))),
        np.concatenate((found.text, np.array(texts, np.uint64))),
        np.concatenate((found.tokens, np.concatenate([np.array(one.tokens, np.int32) for one in made]))),
        np.concatenate((found.begins, len(found.tokens) + np.cumsum(size) - size)),
        np.concatenate((found.made, np.array([(one.sort, one.sure) for one in made], np.float32))),
        found.all_rough,
        found.scores,
    )


def _possible(pool: Pool, at: Here, found: Chosen, vocabulary: Vocabulary) -> Iterator[_Made]:
    if at.above < 0:
        return
    yield from _series(pool, at, vocabulary)
    above, parent = _tokens(pool, at.above), _tokens(pool, at.parent) if 0 <= at.parent != at.above else []
    for line in found.line[:SOURCES].tolist():
        if pool.lines.new[line]:
            continue
        there = int(pool.lines.parent[line])
        names = _names_for(_tokens(pool, there), parent, vocabulary) if parent and 0 <= there != line - 1 else {}
        sure = int(bool(names))
        if closer := _names_for(_tokens(pool, line - 1), above, vocabulary):
            names, sure = names | closer, sure + 2
        if names:
            tokens = _tokens(pool, line)
            put = [names.get(token, token) for token in tokens]
            if put != tokens:
                yield _Made(line, put, Sort.CARRIED, sure)


def _series(pool: Pool, at: Here, vocabulary: Vocabulary) -> Iterator[_Made]:
    above = _tokens(pool, at.above)
    if HOLE in above:
        return
    second = _tokens(pool, at.second) if at.second >= 0 else []
    goes_on = _names_for(second, above, vocabulary)
    for name in dict.fromkeys(token for token in above if vocabulary.kind(token) is Kind.NAME):
        before = next((old for old, new in goes_on.items() if new == name), None)
        if second and goes_on and before is None:
            continue  # Of two lines alike, what is the same in both stays so.
        rows = following(pool.shelf, (name,) if before is None else (name, before), 0, vocabulary)
        weight: dict[int, int] = {}
        for token, length in zip(rows.token.tolist(), rows.length.tolist(), strict=True):
            weight[token] = weight.get(token, 0) + length**2
        for token in sorted(weight, key=lambda token: -weight[token])[:FROM_SERIES]:
            put = [token if one == name else one for one in above]
            yield _Made(at.above, put, Sort.SERIES, min(weight[token], 30))


def _names_for(there: Sequence[int], here: Sequence[int], vocabulary: Vocabulary) -> dict[int, int]:
    """Which name here stands for which there, in two lines that are the same but for names; {} where they are not."""
    if len(there) != len(here):
        return {}
    found: dict[int, int] = {}
    for one, other in zip(there, here, strict=True):
        named = vocabulary.kind(one) is vocabulary.kind(other) is Kind.NAME
        if (one != other and not named) or (named and found.setdefault(one, other) != other):
            return {}
    return {one: other for one, other in found.items() if one != other}


def _tokens(pool: Pool, line: int) -> list[int]:
    """None of a line that is too long to be offered."""
    low, high = int(pool.lines.start[line]) + CONTEXT, int(pool.lines.stop[line]) + CONTEXT
    if high - low > LONGEST:
        return []
    tokens: list[int] = pool.shelf.tokens[low:high].tolist()
    return tokens
