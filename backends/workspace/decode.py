"""From next tokens to a line: the most likely line is found exactly, by always growing the likeliest beginning.

Chances only fall as a beginning grows, so the first line that comes out whole is the best one, and where one beginning is
much likelier than all others no time is spent on the rest.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log

from backends.workspace.counts import END, UNSEEN
from backends.workspace.features import State
from backends.workspace.model import Candidates, Model
from backends.workspace.spacing import spaced

LONGEST = 40
"""Tokens of a line, at most."""
REMEMBERED = 40
"""Tokens of context that a question carries."""
QUESTIONS = 8
"""Asked of the model before the search is narrowed."""
WIDE = 5
"""Ways on that are followed from one beginning."""

OVER = 0.35
"""Of each gap in a line the judge was shown the end and one of some three tokens in it, so that it takes a rest to begin at once
about three times too readily."""

OPENERS = frozenset(
    ["async", "class", "def", "elif", "else", "except", "finally", "for", "if", "match", "try", "while", "with"]
)
"""Words that begin a line which opens a block."""

_CLOSES: Mapping[str, str] = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Step:
    """One token of a guess: the text it adds (with white space before it), the chance of the whole beginning so far, its own
    chance after what was before it, and that of the next less likely token there."""

    text: str
    chance: float
    token: int
    own: float
    rival: float


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
    space stands before the cursor, the brackets open there, and the tokens after the cursor on its line, `then` the first
    of them (END where there is none); `colons` where blocks are opened by a colon; `loose`
    where white space stands before the last token."""

    context: tuple[int, ...]
    line: tuple[int, ...]
    started: str
    spaced: bool
    opened: str
    rest: tuple[int, ...] = ()
    colons: bool = False
    loose: bool = False

    @property
    def then(self) -> int:
        return self.rest[0] if self.rest else END


def states_of(start: Start, guess: Guess) -> Iterator[tuple[State, int]]:
    """Each token of a guess with the place it was foretold for."""
    said: tuple[int, ...] = ()
    for step in guess.steps:
        yield state_at(start, said, start.opened), step.token
        said += (step.token,)


def state_at(start: Start, said: tuple[int, ...], opened: str) -> State:
    """The place after some tokens that were said at the cursor."""
    context = (start.context + said)[-REMEMBERED:]
    return State(context, start.line + said, opened, "" if said else start.started, start.then, len(start.rest))


def guesses(model: Model, start: Start) -> Iterator[Guess | None]:
    """Whole lines, likeliest first; None after each question to the model, so that the caller may let others run."""
    queue: list[tuple[float, int, tuple[Step, ...], str, bool]] = [(0.0, 0, (), start.opened, False)]
    order = asked = 0
    while queue:
        cost, _, steps, opened, whole = heapq.heappop(queue)
        if whole:
            yield Guess(steps, True, exp(-cost))
            continue
        if len(steps) >= LONGEST:
            continue
        if asked >= QUESTIONS:  # Only the likeliest beginning is still followed to its end.
            queue = [entry for entry in queue if entry[-1]]
            heapq.heapify(queue)
        asked += 1
        width = WIDE if asked <= QUESTIONS else 1
        for way in _ways(model, start, steps, opened, width):
            order += 1
            entry = (
                cost - log(way.own),
                order,
                (*steps, way.step) if way.step else steps,
                way.opened,
                way.step is None,
            )
            heapq.heappush(queue, entry)
        yield None


def greedy(model: Model, start: Start, lowest: float) -> Iterator[Guess | None]:
    """The likeliest next token again and again, while the whole is at least as likely as `lowest`. Yields None after each
    question, then the guess, if any. The judge is not told of the line's rest: what it says of lines without one is surer."""
    steps: tuple[Step, ...] = ()
    opened, chance, whole = start.opened, 1.0, False
    while len(steps) < LONGEST:
        ways = _ways(model, start, steps, opened, 1, heeds_rest=False)
        yield None
        if not ways or chance * ways[0].own < lowest:
            break
        chance *= ways[0].own
        step = ways[0].step
        if step is None:
            whole = True
            break
        steps, opened = (*steps, step), ways[0].opened
    if steps:
        yield Guess(steps, whole, chance)


@dataclass(frozen=True, slots=True)
class _Way:
    """A way on from a beginning: one more step, or None for the end of the line; the brackets open then."""

    step: Step | None
    own: float
    opened: str


def _ways(
    model: Model, start: Start, steps: tuple[Step, ...], opened: str, width: int, *, heeds_rest: bool = True
) -> list[_Way]:
    """The likeliest ways on from a beginning, at most `width`, likeliest first. What syntax forbids cannot come next, so the
    others are as much likelier. Where the line's rest is not heeded, it only says where a guess is over."""
    state = state_at(start, tuple(step.token for step in steps), opened)
    heeded = heeds_rest and bool(start.rest)
    candidates = model.next(state if heeded else replace(state, then=END, rest=0))
    chances = _with_rest(candidates, start.then) if heeded else candidates.chance
    so_far = steps[-1].chance if steps else 1.0
    possible: list[tuple[int, str, str | None]] = []
    allowed = 1.0
    for number, token in enumerate(candidates.tokens):
        if token == start.then and (token == END or opened == start.opened):
            if not _may_end(model, start, steps, opened):
                allowed -= chances[number]
            elif steps:
                possible.append((number, "", None))
            continue
        text = model.vocabulary.text(token)
        after = _brackets(opened, text)
        if not text or after is None:
            allowed -= chances[number]
        else:
            possible.append((number, text, after))
    possible.sort(key=lambda way: -chances[way[0]])
    scale = max(allowed, 0.1)
    found: list[_Way] = []
    ends = [way for way in possible[width:] if way[2] is None]
    for number, text, after in (*possible[:width], *(ends if heeded else ())):
        own = min(max(chances[number], 1e-9) / scale, 1.0)
        if after is None:
            found.append(_Way(None, own, opened))
            continue
        if not steps and start.started:
            text = text[len(start.started) :]
        elif (steps or not start.spaced) and _spaced(model, start, steps, text, candidates.spaced[number]):
            text = " " + text
        rival = max((other for other in chances if other < chances[number]), default=0.0)
        found.append(_Way(Step(text, so_far * own, candidates.tokens[number], own, rival), own, after))
    return found


def _with_rest(candidates: Candidates, then: int) -> tuple[float, ...]:
    """The chances where the line has a rest that begins with `then`."""
    chance = dict(zip(candidates.tokens, candidates.chance, strict=True)).get(then, 0.0)
    scale = 1.0 / (1.0 - chance + chance * OVER)
    return tuple(
        one * scale * (OVER if token == then else 1.0)
        for token, one in zip(candidates.tokens, candidates.chance, strict=True)
    )


def _spaced(model: Model, start: Start, steps: tuple[Step, ...], text: str, share: float) -> bool:
    if share != UNSEEN:
        return share > 0.5
    before = steps[-1].token if steps else start.line[-1] if start.line else None
    loose = steps[-1].text.startswith(" ") if steps else start.loose
    return before is not None and spaced(model.vocabulary.text(before), text, loose)


def _may_end(model: Model, start: Start, steps: tuple[Step, ...], opened: str) -> bool:
    """Whether the line may be over, or go on with its rest: in Python, what opens a block ends with a colon, unless a bracket is
    still open."""
    if not start.colons or opened:
        return True
    line = (*start.line, *(step.token for step in steps), *start.rest)
    return not line or model.vocabulary.text(line[0]) not in OPENERS or model.vocabulary.text(line[-1]) == ":"


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
