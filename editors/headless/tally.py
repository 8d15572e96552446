"""What a bench of typing sessions comes to: the numbers of one policy, and how two compare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import inf, isfinite
from statistics import median, quantiles

from editors.headless.policy import Request
from editors.headless.session import AT_ONCE, Key, Record


@dataclass(frozen=True, slots=True)
class Tally:
    """Times in milliseconds from a key to what it brought on the screen, over the keys that brought something before the next.

    `asking` is the policy's own work from the key to the request's being out, `keeping` that for a key along ghost text.
    `fresh` ones were not there already; `through` is the share of keys along ghost text that had its rest within 5 ms;
    `at_once` the share of accepts that had the next suggestion as fast. `tokens` are those paid, of prompts and of answers.
    """

    keys: int
    shown: int
    visible_p50: float
    visible_p95: float
    fresh_p50: float
    fresh_p95: float
    through: float
    flickers: int
    accepts: int
    accepted: int
    at_once: float
    requests: int
    wasted: int
    prompt_tokens: int
    answer_tokens: int
    asking_p50: float
    asking_p99: float
    keeping_p50: float
    keeping_p99: float

    @property
    def requests_per_100(self) -> float:
        return 100 * self.requests / max(1, self.keys)

    @property
    def tokens_per_character(self) -> float:
        return (self.prompt_tokens + self.answer_tokens) / max(1, self.accepted)

    @property
    def answer_tokens_per_character(self) -> float:
        return self.answer_tokens / max(1, self.accepted)

    def as_json(self) -> Mapping[str, float | None]:
        derived = ("requests_per_100", "tokens_per_character", "answer_tokens_per_character")
        numbers = {**asdict(self), **{name: getattr(self, name) for name in derived}}
        return {name: round(number, 3) if isfinite(number) else None for name, number in numbers.items()}


def tally(records: Iterable[Record], requests: Iterable[Request]) -> Tally:
    records, requests = list(records), list(requests)
    keys = [key for record in records for key in record.keys]
    waits = [1000 * key.waited for key in keys if key.waited is not None]
    fresh = [1000 * key.waited for key in keys if key.waited is not None and key.fresh]
    along = [key for key in keys if key.expected and not key.accept]
    accepts = [key for key in keys if key.accept]
    kept = [1000 * key.waited for key in along if key.waited is not None]
    asking = [1000 * request.work for request in requests]
    return Tally(
        keys=len(keys),
        shown=len(waits),
        visible_p50=_at(waits, 50),
        visible_p95=_at(waits, 95),
        fresh_p50=_at(fresh, 50),
        fresh_p95=_at(fresh, 95),
        through=_share(along, lambda key: not _lost(key) and (key.waited or 0.0) <= AT_ONCE),
        flickers=sum(map(_lost, along)),
        accepts=len(accepts),
        accepted=sum(record.accepted for record in records),
        at_once=_share(accepts, lambda key: key.waited is not None and key.waited <= AT_ONCE),
        requests=len(requests),
        wasted=sum(not request.seen for request in requests),
        prompt_tokens=sum(request.prompt for request in requests),
        answer_tokens=sum(request.tokens for request in requests),
        asking_p50=_at(asking, 50),
        asking_p99=_at(asking, 99),
        keeping_p50=_at(kept, 50),
        keeping_p99=_at(kept, 99),
    )


def _lost(key: Key) -> bool:
    """Ghost text that agreed with the key was not there after it."""
    return key.waited is None or key.fresh


def _share(keys: list[Key], good: object) -> float:
    assert callable(good)
    return sum(bool(good(key)) for key in keys) / len(keys) if keys else 1.0


def _at(values: list[float], percent: int) -> float:
    if len(values) < 2:
        return values[0] if values else inf
    return median(values) if percent == 50 else quantiles(values, n=100, method="inclusive")[percent - 1]


@dataclass(frozen=True, slots=True)
class Goal:
    what: str
    met: bool


def goals(ours: Tally, baseline: Tally) -> tuple[Goal, ...]:
    """What the policy is held to, against the baseline of the same run."""
    return (
        Goal("accepted characters within 2 % of the baseline's, or more", ours.accepted >= 0.98 * baseline.accepted),
        Goal("at most one third of its requests", 3 * ours.requests <= baseline.requests),
        Goal("at most half of its median time to visible", 2 * ours.visible_p50 <= baseline.visible_p50),
        Goal("fresh ones no later than its", ours.fresh_p50 <= baseline.fresh_p50),
        Goal("no flicker", ours.flickers == 0),
        Goal("95 % of keys along ghost text answered within 5 ms", ours.through >= 0.95),
    )
