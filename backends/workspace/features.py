"""What the learned judge sees of a candidate token: counts by scope, how near it was used, and what sort of place it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backends.workspace.counts import BUCKETS, END, SCOPES, Counts
from backends.workspace.evidence import Scope
from backends.workspace.lexer import FIRST_WORD
from backends.workspace.usage import Usage
from backends.workspace.vocabulary import NO_LOOK, Vocabulary

Floats = NDArray[np.float32]

FAR = 100_000
"""Tokens to a use that there is not."""

_SHARES = (1, 2, 3, 5)
NAMES: tuple[str, ...] = (
    *(f"{what}_{scope.name.lower()}" for what in ("own", "longest", "share", "rows") for scope in Scope),
    *(f"share{bucket}_{scope.name.lower()}" for bucket in _SHARES for scope in Scope),
    *("mixed", "mixed_ratio", "mixed_rank", "mixed_best", "candidates", "agrees"),
    *("ago", "ahead", "above", "times", "in_line", "kind", "length", "started", "exact"),
    *(
        "before1",
        "before2",
        "before3",
        "sign1",
        "sign2",
        "line_tokens",
        "depth",
        "opened",
        "is_end",
        "is_suffix",
        "is_then",
        "sign",
        "begins",
        "above_begins",
        "step",
        "family",
        "like_line",
        "like_above",
        "rest",
        "then_sign",
    ),
)


@dataclass(frozen=True, slots=True)
class State:
    """A place in a guess: `context` before it (most recent last), `line` the tokens of its line so far, `opened` the
    brackets open there, `started` the beginning of the word that must follow, `then` the token after the cursor, `rest` how
    many there are on its line."""

    context: tuple[int, ...]
    line: tuple[int, ...]
    opened: str
    started: str
    then: int
    rest: int = 0


def features(
    counts: Counts,
    mixed: NDArray[np.float64],
    chosen: NDArray[np.int64],
    state: State,
    usage: Usage,
    words: Vocabulary,
    suffix: int,
) -> Floats:
    """(len(chosen), len(NAMES)); `chosen` are row numbers of `counts`, likeliest first by `mixed`."""
    size, scopes = len(chosen), SCOPES
    out = np.empty((size, len(NAMES)), np.float32)
    if not size:
        return out
    table, totals = counts.counts[chosen], counts.totals
    longest = (totals > 0).sum(1) - 1
    own = (table > 0).sum(2) - 1
    at = np.maximum(longest, 0)
    here = np.arange(scopes)
    rows = totals[here, at]
    out[:, :scopes] = own
    out[:, scopes : 2 * scopes] = longest
    out[:, 2 * scopes : 3 * scopes] = table[:, here, at] / np.maximum(rows, 1e-9)
    out[:, 3 * scopes : 4 * scopes] = np.log2(1 + rows)
    column = 4 * scopes
    shares = table[:, :, list(_SHARES)] / np.maximum(totals[:, list(_SHARES)], 1e-9)
    out[:, column : column + len(_SHARES) * scopes] = shares.transpose(0, 2, 1).reshape(size, -1)
    column += len(_SHARES) * scopes
    chance = mixed[chosen]
    best = float(chance[0])
    out[:, column] = chance
    out[:, column + 1] = chance / max(best, 1e-9)
    out[:, column + 2] = np.arange(size)
    out[:, column + 3] = best
    out[:, column + 4] = len(counts.tokens)
    out[:, column + 5] = counts.agrees[chosen]
    column += 6
    context, line, started = state.context, state.line, state.started
    tokens = counts.tokens[chosen].tolist()
    looks = [words.look(token) for token in tokens]
    end = usage.size + len(line)
    over = usage.above[len(line)] if len(line) < len(usage.above) else END
    last, ahead, times = usage.last, usage.ahead, usage.times
    out[:, column : column + 9] = [
        (
            _ago(token, line, last, end),
            ahead.get(token, FAR),
            token == over,
            times.get(token, 0),
            line.count(token),
            look.kind,
            len(look.text),
            len(started),
            look.text == started,
        )
        for token, look in zip(tokens, looks, strict=True)
    ]
    before = [words.look(token) for token in context[-1:-4:-1]] + [NO_LOOK] * 3
    opened = 1 + "([{".index(state.opened[-1]) if state.opened else 0
    out[:, column + 9 : column + 17] = (
        *(look.kind for look in before[:3]),
        *(look.sign for look in before[:2]),
        *(len(line), len(state.opened), opened),
    )
    out[:, column + 17 : column + 21] = [
        (token == END, token == suffix, token == state.then, look.begins)
        for token, look in zip(tokens, looks, strict=True)
    ]
    out[:, column + 21 : column + 25] = (
        words.look(line[0]).begins if line else 0,
        words.look(usage.above[0]).begins if usage.above else 0,
        context[-1] if not line and context and context[-1] < FIRST_WORD else -1,
        usage.family,
    )
    of_line, of_above = _letters(line, words), _letters(usage.above, words)
    out[:, column + 25 : column + 27] = [
        (_alike(look.letters, of_line), _alike(look.letters, of_above)) for look in looks
    ]
    out[:, column + 27 : column + 29] = (state.rest, words.look(state.then).sign)
    return out


def _letters(tokens: Sequence[int], words: Vocabulary) -> list[str]:
    return [letters for token in tokens if (letters := words.look(token).letters)]


def _alike(letters: str, others: Sequence[str]) -> int:
    """Whether a name is one of the others (1), stands within one (2), or one of them in it (3)."""
    if not letters:
        return 0
    found = 0
    for other in others:
        if letters == other:
            return 1
        if letters in other:
            found = 2
        elif not found and other in letters:
            found = 3
    return found


def _ago(token: int, line: tuple[int, ...], last: Mapping[int, int], end: int) -> int:
    if token in line:
        return len(line) - line.index(token)
    seen = last.get(token)
    return FAR if seen is None else end - seen


assert len(Scope) * (4 + len(_SHARES)) + 35 == len(NAMES) and FIRST_WORD > END and max(_SHARES) < BUCKETS
