"""A chat request as it goes over the wire: Mistral's strict form, and OpenAI's, which servers read leniently.

Mistral refuses whatever it does not know, also inside a message; `tests/wire/chat_request.schema.json` holds its form to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backends.api import ChatRequest, Message, Role, Schema, Tool


def mistral(request: ChatRequest, model: str, *, predicts: bool) -> dict[str, Any]:
    """`predicts`: the model takes a predicted output."""
    body = _body(request, model)
    if request.prediction and predicts:
        body["prediction"] = {"type": "content", "content": str(request.prediction)}
    return body


def openai(request: ChatRequest, model: str, *, strict: bool) -> dict[str, Any]:
    """`strict` False leaves the schema to the prompt, for servers that cannot hold an answer to one."""
    body = _body(request, model)
    if not strict:
        body.pop("response_format", None)
    if request.streamed:
        body["stream_options"] = {"include_usage": True}
    return body


def sent(body: Mapping[str, Any]) -> str:
    """The text in a body, which no message may repeat."""
    return "\n".join(str(message["content"]) for message in body["messages"])


def _body(request: ChatRequest, model: str) -> dict[str, Any]:
    """What both forms have in common. What is not set is not sent."""
    body: dict[str, Any] = {
        "model": model,
        "messages": [_message(message) for message in request.messages],
        "max_tokens": request.max_tokens,
        "stream": request.streamed,
    }
    if request.temperature is not None:
        body["temperature"] = min(max(request.temperature, 0.0), 1.5)
    if request.schema:
        body["response_format"] = _format(request.schema)
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    return body


def _message(message: Message) -> dict[str, Any]:
    written: dict[str, Any] = {"role": message.role.value, "content": str(message.text)}
    if message.calls:
        written["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.calls
        ]
    if message.role is Role.TOOL:
        written["tool_call_id"] = message.call_id
    return written


def _format(schema: Schema) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": schema.name, "schema": dict(schema.schema), "strict": True}}


def _tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
    return {"type": "function", "function": function}
