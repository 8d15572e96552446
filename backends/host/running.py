"""One job on its way: what is known of its text, what of it is read, and what the model's logits make of it."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from torch import Tensor

from backends.host.attention import Row
from backends.host.choosing import sample
from backends.host.drafts import AHEAD, Hope, Lookup
from backends.host.jobs import Finish, HostError, Job, Tally

Tell = Callable[[list[int], Tally, "Finish | HostError | None"], None]
"""Given the new tokens, the tally so far, and how it ended if it did; called on the thread of the model."""


class Running:
    """`ids` is the prompt and the answer so far; the sequence holds a beginning of it, the rest is to be read."""

    def __init__(self, job: Job, number: int, tell: Tell) -> None:
        self.job, self.number = job, number
        self.ids = list(job.ids)
        self.sequence: Any = None
        self.cancelled = False
        self._begun = False
        self.ended = False
        self.tally = Tally(len(job.ids))
        self._tell = tell
        self._random = Random(job.seed)
        self._lookup: Lookup | None = None
        self._hope = Hope()

    @property
    def room(self) -> int:
        """Tokens its sequence may come to hold: drafts are read before they are judged."""
        return len(self.job.ids) + self.job.max_tokens + AHEAD

    @property
    def left(self) -> int:
        return len(self.ids) - len(self.sequence.ids)

    @property
    def answered(self) -> int:
        return len(self.ids) - len(self.job.ids)

    def begin(self, sequence: Any) -> None:
        """`sequence` begins as `ids` does; what it holds of them was computed for others."""
        if not self._begun:
            self._count(cached=len(sequence.ids))
        self.sequence, self._begun = sequence, True

    def row(self, most: int, draft: int = 0, cost: float = 0.0) -> Row:
        """The next tokens to read, at most `most`; once all are read but the last, up to `draft` guesses with them if these are
        expected to bring more than `cost` tokens."""
        start = len(self.sequence.ids)
        part = self.ids[start : start + most]
        if start + len(part) < len(self.ids) or not self.job.max_tokens:
            return Row(self.sequence, part, 0)
        guessed = self._guess(min(draft, self.job.max_tokens - self.answered - 1), cost)
        return Row(self.sequence, part + guessed, 1 + len(guessed))

    def take(self, row: Row, logits: Tensor, best: list[int]) -> None:
        """Takes from `logits` (wanted, vocabulary) the token after each drafted one, for as long as the draft was right. `best`
        is the likeliest of each."""
        if not row.wanted:
            if not self.job.max_tokens and not self.left:
                self.end(Finish.LENGTH)
            return
        draft = row.ids[len(row.ids) - row.wanted + 1 :]
        tokens: list[int] = []
        finish: Finish | None = None
        for at, token in enumerate(self._chosen(logits, best)):
            if token is None or token in self.job.stop_ids:
                finish = Finish.STOP
                break
            tokens.append(token)
            if self.job.constraint is not None:
                self.job.constraint.accept(token)
            if self.answered + len(tokens) == self.job.max_tokens:
                finish = Finish.LENGTH
                break
            if at < len(draft) and token != draft[at]:
                break
        right = sum(1 for _ in _agreeing(tokens, draft))
        if right < len(draft):
            self.sequence.crop(len(self.sequence.ids) - len(draft) + right)
        if draft:
            self._hope.learn(right)
        self.ids += tokens
        if self._lookup is not None:
            self._lookup.extend(tokens)
        self._count(completion=len(tokens), drafted=len(draft), accepted=right)
        if finish is not None:
            self.end(finish, tokens)
        elif tokens:
            self._tell(tokens, self.tally, None)

    def end(self, how: Finish | HostError, tokens: list[int] | None = None) -> None:
        if not self.ended:
            self.ended = True
            self._tell(tokens or [], self.tally, how)
            self._tell = _nobody  # whose stream knows this job: a circle would live until the collector comes round

    def _guess(self, count: int, cost: float) -> list[int]:
        if count < 1 or not self._hope.pays(cost):
            return []
        if self._lookup is None:
            self._lookup = Lookup(self.ids)
        guessed = self._lookup.propose(count)
        stop = next((at for at, token in enumerate(guessed) if token in self.job.stop_ids), len(guessed))
        return guessed[:stop]

    def _chosen(self, logits: Tensor, best: list[int]) -> Any:
        """The token after each position, lazily: a mask depends on the tokens before. None where nothing is allowed."""
        job = self.job
        if job.constraint is None and job.temperature <= 0:
            yield from best
            return
        for row in logits:
            mine = row
            if job.constraint is not None:
                mine = row.cpu()
                job.constraint.mask(mine)
                if not bool(mine.isfinite().any()):
                    yield None
                    return
            if job.temperature <= 0:
                yield int(mine.argmax())
            else:
                yield sample(mine, job.temperature, job.top_p, self._random)

    def _count(self, *, cached: int = 0, completion: int = 0, drafted: int = 0, accepted: int = 0) -> None:
        old = self.tally
        self.tally = Tally(
            old.prompt,
            old.cached + cached,
            old.completion + completion,
            old.drafted + drafted,
            old.accepted + accepted,
        )


def _nobody(tokens: list[int], tally: Tally, end: Finish | HostError | None) -> None:
    pass


def _agreeing(tokens: list[int], draft: list[int]) -> Any:
    for token, guess in zip(tokens, draft, strict=False):
        if token != guess:
            return
        yield token
