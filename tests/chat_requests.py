"""Chat requests and the bytes of chat answers, for tests. The exchanges are synthetic: built from the public API description."""

from __future__ import annotations

from typing import Any

from backends.api import ChatRequest, Message, Role, Schema, Tool, ToolCall
from context.privacy import Cleared
from editors.headless.self_test.endpoint import event

READ = Tool("read_lines", "Reads lines.", {"type": "object", "properties": {"path": {"type": "string"}}})
FINDINGS = Schema("findings", {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})


def message(role: Role, text: str, *calls: ToolCall, call_id: str = "") -> Message:
    return Message(role, Cleared(text), calls, call_id)


def chat_request(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(messages or (message(Role.SYSTEM, "Be brief."), message(Role.USER, "Why?")), **fields)


def chunk(delta: dict[str, Any], finish: str | None = None, **usage: int) -> bytes:
    counted = {"usage": usage} if usage else {}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"id": "x", "object": "chat.completion.chunk", "choices": [choice], **counted})


def answer_of(*pieces: str) -> list[bytes]:
    """A stream of these pieces, with finish reason and usage in the last chunk, as Mistral sends them."""
    usage = {"prompt_tokens": 30, "completion_tokens": len(pieces), "total_tokens": 30 + len(pieces)}
    texts = [chunk({"content": piece}) for piece in pieces[:-1]]
    return [*texts, chunk({"content": pieces[-1]}, "stop", **usage), event("[DONE]")]


def call_of(name: str, arguments: str, id: str = "call1") -> list[bytes]:
    """A stream that asks for one tool, its arguments in two pieces."""
    half = len(arguments) // 2
    first = {"id": id, "index": 0, "type": "function", "function": {"name": name, "arguments": arguments[:half]}}
    second = {"index": 0, "function": {"arguments": arguments[half:]}}
    return [chunk({"tool_calls": [first]}), chunk({"tool_calls": [second]}, "tool_calls"), event("[DONE]")]
