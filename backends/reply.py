"""Reading a completion: chunks of a stream, or one whole reply, leniently, since servers that speak one contract differ.

Seen and accepted: text, finish reason and usage in one last chunk (Mistral) or in two (others); `text`, `delta` or `message`;
`content` absent, null, "" or a list of typed chunks; `usage` null, all zeros or with further fields; no `[DONE]`.
"""

from __future__ import annotations

import json
from typing import Any

from backends import refusal
from backends.api import Done, Finish, Usage
from backends.errors import AGAIN, BackendError, BadReply

CHARS_PER_TOKEN = 4.5
"""Of code in Mistral's tekken tokenizer, for replies that do not count; other code models come to 3.5 and more."""

FINISHES = (("length", Finish.LENGTH), ("model_length", Finish.LENGTH))


class Reply:
    """One answer as it grows. `sent` is the text of the request, for estimates and so that no message repeats it. A server with
    chunks of its own form has a subclass that overrides `_take_chunk`."""

    def __init__(self, backend: str, origin: str, sent: str) -> None:
        self._backend, self._origin, self._sent = backend, origin, sent
        self._usage: Usage | None = None
        self._length = 0
        self.finish: Finish | None = None

    @property
    def begun(self) -> bool:
        return self._length > 0

    def take(self, data: str) -> str:
        """The text of one event, "" where it has none. Raises `BadReply`, or what an error in the stream means."""
        try:
            chunk = json.loads(data)
        except (ValueError, RecursionError):
            raise self._malformed("no JSON") from None
        if not isinstance(chunk, dict):
            raise self._malformed("no object")
        if chunk.get("error") or chunk.get("object") == "error" or "message" in chunk or "detail" in chunk:
            raise self._failed(chunk, data)
        text = self._take_chunk(chunk)
        self._length += len(text)
        return text

    def done(self, finish: Finish | None = None) -> Done:
        usage = self._usage or Usage(
            prompt=_estimate(len(self._sent)), completion=_estimate(self._length), estimated=True
        )
        return Done(finish or self.finish or Finish.STOP, usage)

    def unended(self) -> Done:
        """How a stream ends that stops without the server's end mark. Raises `BadReply` where nothing had come."""
        if self.finish is None and not self.begun:
            mend = f"{AGAIN} Where that never helps, lower `context_tokens`."
            raise BadReply(self._backend, f"{self._origin} ended its answer before it began.", mend)
        return self.done(self.finish or Finish.CUT)

    def _take_chunk(self, chunk: dict[str, Any]) -> str:
        self._take_usage(chunk.get("usage"))
        choices = chunk.get("choices")
        return "".join(self._take_choice(choice) for choice in choices[:1]) if isinstance(choices, list) else ""

    def _take_choice(self, choice: Any) -> str:
        if not isinstance(choice, dict):
            raise self._malformed("a choice that is no object")
        reason = choice.get("finish_reason")
        if reason == "error":
            raise BadReply(self._backend, f"{self._origin} gave up in the middle.", AGAIN)
        if isinstance(reason, str) and reason:
            self.finish = dict(FINISHES).get(reason, Finish.STOP)
        if isinstance(choice.get("text"), str):
            return str(choice["text"])
        message = choice.get("delta") or choice.get("message") or {}
        if not isinstance(message, dict):
            raise self._malformed("a delta that is no object")
        return _text(message.get("content"))

    def _take_usage(self, usage: Any) -> None:
        if not isinstance(usage, dict):
            return
        details = usage.get("prompt_tokens_details") or usage.get("prompt_token_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else usage.get("num_cached_tokens")
        self._take_counts(usage.get("prompt_tokens"), usage.get("completion_tokens"), cached)

    def _take_counts(self, prompt: Any, completion: Any, cached: Any) -> None:
        """Counts that are all nothing were not counted."""
        counted = Usage(_count(prompt), _count(completion), _count(cached))
        if counted != Usage():
            self._usage = counted

    def _malformed(self, what: str) -> BadReply:
        mend = "Check that `base_url` is a server that completes code."
        return BadReply(self._backend, f"{self._origin} sent {what} in its stream.", mend)

    def _failed(self, chunk: dict[str, Any], data: str) -> BackendError:
        """An error that came with status 200: as if it had come with its own status."""
        inner = chunk["error"] if isinstance(chunk.get("error"), dict) else chunk
        numbers = (inner.get("raw_status_code"), inner.get("status"), inner.get("code"))
        status = next((each for each in numbers if isinstance(each, int) and 400 <= each < 600), 500)
        refused = refusal.read(status, {}, data.encode("utf-8", errors="replace"), sent=self._sent)
        return refusal.as_error(self._backend, self._origin, refused)


def _text(content: Any) -> str:
    """Text of a `content`: a string, or the `text` chunks of a list; thinking and the rest are not for the editor."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") for part in content if isinstance(part, dict) and part.get("type", "text") == "text")
    return "".join(text for text in texts if isinstance(text, str))


def _count(number: Any) -> int:
    return number if isinstance(number, int) and not isinstance(number, bool) and number > 0 else 0


def _estimate(characters: int) -> int:
    return round(characters / CHARS_PER_TOKEN)
