"""A model's end of HTTP, as bytes: an event stream in chunks, in the words of Mistral's API, and replies of one piece."""

from __future__ import annotations

import json
from collections.abc import Mapping

HEADERS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def event_of(text: str, prompt_tokens: int, answer_tokens: int, *, last: bool) -> bytes:
    """One piece of an answer; the last one tells what the whole took, and ends the stream."""
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": answer_tokens}
    usage["total_tokens"] = prompt_tokens + answer_tokens
    choice = {"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": "stop" if last else None}
    said = {"id": "bench", "object": "chat.completion.chunk", "created": 0, "model": "codestral-latest"}
    data = json.dumps({**said, "choices": [choice], **({"usage": usage} if last else {})})
    return event(data) if not last else chunk(f"data: {data}\n\ndata: [DONE]\n\n".encode()) + END


def event(data: str) -> bytes:
    return chunk(f"data: {data}\n\n".encode())


def chunk(raw: bytes) -> bytes:
    return b"%x\r\n" % len(raw) + raw + b"\r\n"


def reply(status: int, body: object, headers: Mapping[str, str] | None = None) -> bytes:
    """A whole reply with a JSON body."""
    content = json.dumps(body).encode()
    more = {"Content-Type": "application/json", "Content-Length": str(len(content)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in more.items())
    return f"HTTP/1.1 {status} -\r\n{head}\r\n".encode("latin-1") + content
