"""What the host counts, as Prometheus reads it. No label holds a document, a client or a text."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from backends.host.jobs import Tally
from context.clock import Clock

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)


class Metrics:
    """`active` requests now, and what became of them."""

    def __init__(self, model: str, clock: Clock) -> None:
        self._registry = CollectorRegistry()
        made = {"registry": self._registry}
        Gauge("infill_model_info", "The model that is loaded.", ["model"], **made).labels(model).set(1)
        self._active = Gauge("infill_requests_active", "Requests that are being answered.", **made)
        self._ended = Counter("infill_requests", "Requests by path and how they ended.", ["path", "outcome"], **made)
        self._first = Histogram(
            "infill_first_text_seconds", "From request to first text.", ["path"], buckets=SECONDS, **made
        )
        self._tokens = Counter("infill_tokens", "Tokens by what they were.", ["kind"], **made)
        self.active, self._clock = 0, clock
        self._last = clock.now()

    def idle_for(self) -> float:
        """Seconds since the last request ended, 0 while one is answered."""
        return 0.0 if self.active else self._clock.now() - self._last

    def begun(self) -> None:
        self.active += 1
        self._active.set(self.active)

    def first(self, path: str, seconds: float) -> None:
        self._first.labels(path).observe(seconds)

    def ended(self, path: str, outcome: str) -> None:
        """`outcome`: a finish reason, `cancelled`, or the status of a refusal."""
        self.active, self._last = self.active - 1, self._clock.now()
        self._active.set(self.active)
        self._ended.labels(path, outcome).inc()

    def cost(self, tally: Tally) -> None:
        """What one answer has cost, however it ended."""
        for kind, count in (
            ("prompt", tally.prompt), ("cached", tally.cached), ("completion", tally.completion),
            ("drafted", tally.drafted), ("accepted", tally.accepted),
        ):  # fmt: skip
            self._tokens.labels(kind).inc(count)

    def text(self) -> bytes:
        return bytes(generate_latest(self._registry))
