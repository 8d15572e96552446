"""Requests as the completion path makes them, for the tests of backends."""

from __future__ import annotations

from backends.api import FimRequest
from context.privacy import Cleared, Excerpt, FimContext


def fim_request(
    prefix: str = "def add(a, b):\n    return ",
    suffix: str = "\n",
    *,
    path: str = "src/sums.py",
    excerpts: tuple[tuple[str, str], ...] = (),
    model: str = "",
    max_tokens: int = 64,
    stop: tuple[str, ...] = (),
    temperature: float | None = 0.0,
    seed: int | None = None,
) -> FimRequest:
    seen = tuple(Excerpt(path=name, text=Cleared(text), why="open file") for name, text in excerpts)
    context = FimContext(path, "python", Cleared(prefix), Cleared(suffix), seen)
    return FimRequest(context, model, max_tokens, stop, temperature, seed)
