"""Gaps in a line that goes on after the cursor, as they are asked about by hand and learned from.

`closed`: all of a bracket's inside that is still to be written, with the closing brackets there, as an editor puts them.
`inside`: some tokens anywhere in the line, the first of which may be begun already.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from backends.workspace.vocabulary import Kind
from editors.headless.past import AddedLine, token_spans

_CLOSER: Mapping[str, str] = {"(": ")", "[": "]", "{": "}"}
LONGEST = 6
"""Tokens taken out of the inside of a line, at most."""
TYPED = 3
"""Characters of its first word that may be there already, at most."""
RARELY = 0.4
"""The share of words at the cursor that are begun."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What is taken out of a line: `truth`, between `before` and `rest`."""

    kind: str
    before: str
    truth: str
    rest: str


def gaps(line: AddedLine, chance: random.Random) -> Iterator[Gap]:
    text = line.text.rstrip()
    spans = token_spans(text, line.language)
    inner = list(_brackets(text, spans))
    if inner:
        start, end, closers = chance.choice(inner)
        yield Gap("closed", text[:start], text[start:end], closers)
    if len(spans) > 2:
        first = chance.randrange(1, len(spans) - 1)
        last = min(first + chance.randint(1, LONGEST), len(spans) - 1)
        start, stop, kind = spans[first]
        if kind == Kind.NAME and stop - start > 1 and chance.random() < RARELY:
            start += chance.randint(1, min(TYPED, stop - start - 1))
        end = spans[last - 1][1]
        yield Gap("inside", text[:start], text[start:end], text[end:])


def _brackets(text: str, spans: list[tuple[int, int, Kind]]) -> Iterator[tuple[int, int, str]]:
    """Where one may stand in a bracket, where what is in it ends, and what closes it and those around it."""
    opened: list[tuple[str, list[int]]] = []
    for start, end, kind in spans:
        word = text[start:end]
        if opened and word == _CLOSER[opened[-1][0]]:
            _, places = opened.pop()
            closers = word + "".join(_CLOSER[bracket] for bracket, _ in reversed(opened))
            yield from ((place, start, closers) for place in places if text[place:start].strip())
        elif opened and kind != Kind.CLOSE:
            opened[-1][1].append(start)
        if word in _CLOSER:
            opened.append((word, [end]))
