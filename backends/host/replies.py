"""Answers and refusals as Mistral's API writes them: one object, the chunks of a stream, and the shapes of its errors."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backends.host.jobs import Finish, Tally

FINISHES: Mapping[Finish | None, str] = {Finish.STOP: "stop"}
"""Everything else ended an answer that could have gone on, and is called `length`."""
LAST = "data: [DONE]\n\n"


class Refused(Exception):
    """A request that is not answered, as status and error body. `after`: seconds to wait, 0 where waiting does not help."""

    def __init__(
        self, status: int, message: str, *, kind: str = "invalid_request_error", code: str = "", after: float = 0
    ):
        super().__init__(message)
        self.status, self.kind, self.code, self.after = status, kind, code or str(status), after

    @property
    def body(self) -> dict[str, object]:
        return {"object": "error", "message": str(self), "type": self.kind, "param": None, "code": self.code}


def invalid(entries: Sequence[Mapping[str, Any]]) -> dict[str, object]:
    """The body of a 422 from pydantic's entries. What was sent is not repeated."""
    return {
        "detail": [{"type": each["type"], "loc": ["body", *each["loc"]], "msg": each["msg"]} for each in entries],
    }


@dataclass(frozen=True, slots=True)
class Form:
    """What all pieces of one answer have in common. `created` in seconds since 1970."""

    model: str
    created: int
    id: str = field(default_factory=lambda: secrets.token_hex(16))

    def whole(
        self, text: str, finish: str, tally: Tally, calls: list[dict[str, Any]] | None = None
    ) -> dict[str, object]:
        message = {"role": "assistant", "content": text, "tool_calls": calls, "prefix": False}
        return {
            "id": self.id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.model,
            "choices": [{"index": 0, "message": message, "finish_reason": finish}],
            "usage": usage(tally),
        }

    def first(self) -> str:
        return self._chunk({"role": "assistant", "content": ""}, None)

    def piece(self, text: str) -> str:
        return self._chunk({"content": text}, None)

    def last(self, text: str, finish: str, tally: Tally, calls: list[dict[str, Any]] | None = None) -> str:
        """As Mistral does, the last text, the reason of the end and the usage in one chunk."""
        delta: dict[str, object] = {"content": text}
        return self._chunk(delta | ({"tool_calls": calls} if calls else {}), finish, usage=usage(tally))

    def _chunk(self, delta: Mapping[str, object], finish: str | None, **more: object) -> str:
        chunk = {
            "id": self.id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            **more,
        }
        return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"


def usage(tally: Tally) -> dict[str, int]:
    return {
        "prompt_tokens": tally.prompt,
        "completion_tokens": tally.completion,
        "total_tokens": tally.prompt + tally.completion,
    }


def model_card(
    name: str, aliases: Sequence[str], *, fills: bool, talks: bool, context_tokens: int
) -> dict[str, object]:
    return {
        "id": name,
        "object": "model",
        "owned_by": "infill",
        "capabilities": {"completion_chat": talks, "completion_fim": fills, "function_calling": False},
        "name": name,
        "max_context_length": context_tokens,
        "aliases": list(aliases),
        "default_model_temperature": 0.0,
        "type": "base",
    }
