"""A chat request as plain turns of text, and what its answer is held to: a JSON schema, or the call of a function."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from backends.host.bodies import AssistantMessage, ChatBody, Tool, ToolChoice, ToolMessage, text_of
from backends.host.chat import NoConversation
from backends.host.replies import Refused

ANY_OBJECT: Mapping[str, object] = {"type": "object"}
"""The schema of `json_object`."""


def turns(body: ChatBody) -> list[dict[str, str]]:
    """The messages as role and text, neighbours of one role as one: templates know no more in common. What a tool found is the
    user's turn, and the calls of an assistant are part of its text."""
    said: list[dict[str, str]] = []
    for message in body.messages[:-1] if begun(body) else body.messages:
        text = text_of(message.content)
        if isinstance(message, ToolMessage):
            _add(said, "user", f"Result of {message.name or message.tool_call_id or 'the tool'}:\n{text}")
        elif isinstance(message, AssistantMessage) and message.tool_calls:
            _add(said, "assistant", text + json.dumps([call.function.model_dump() for call in message.tool_calls]))
        else:
            _add(said, message.role, text)
    if tools := forced(body):
        listed = json.dumps([tool.function.model_dump(exclude={"strict"}) for tool in tools])
        _add(said, "user", f"Answer with a call of one of these functions, as JSON: {listed}")
    if not said:
        raise NoConversation("The conversation has no message before the one that is to be continued.")
    return said


def _add(said: list[dict[str, str]], role: str, text: str) -> None:
    if said and said[-1]["role"] == role:
        said[-1]["content"] += f"\n\n{text}"
    else:
        said.append({"role": role, "content": text})


def begun(body: ChatBody) -> str:
    """How the answer has to begin: the last message, where it is the assistant's own and says so."""
    last = body.messages[-1]
    return text_of(last.content) if isinstance(last, AssistantMessage) and last.prefix else ""


def forced(body: ChatBody) -> tuple[Tool, ...]:
    """The tools of which one has to be called; none where the model may just talk, which it then does."""
    tools = tuple(body.tools or ())
    if isinstance(body.tool_choice, ToolChoice):
        name = body.tool_choice.function.name
        if not (named := tuple(tool for tool in tools if tool.function.name == name)):
            raise Refused(400, "`tool_choice` names a function that is not among the tools.")
        return named
    return tools if body.tool_choice in ("any", "required") else ()


def schema(body: ChatBody) -> Mapping[str, object] | None:
    """What the answer is held to; None where it is free text."""
    if tools := forced(body):
        calls = [_call(tool.function.name, tool.function.parameters) for tool in tools]
        return calls[0] if len(calls) == 1 else {"anyOf": calls}
    asked = body.response_format
    if asked is None or asked.type == "text":
        return None
    if asked.type == "json_object":
        return ANY_OBJECT
    if asked.json_schema is None:
        raise Refused(422, "`response_format` of type json_schema needs a `json_schema`.")
    return asked.json_schema.schema_


def _call(name: str, parameters: Mapping[str, Any]) -> dict[str, object]:
    properties = {"name": {"const": name}, "arguments": {"type": "object", **parameters}}
    return {
        "type": "object",
        "properties": properties,
        "required": ["name", "arguments"],
        "additionalProperties": False,
    }


def called(said: str) -> list[dict[str, Any]] | None:
    """The tool calls of an answer that was held to one, in the API's form; None where it was cut before its end."""
    try:
        call = json.loads(said)
    except ValueError:
        return None
    function = {"name": call["name"], "arguments": json.dumps(call["arguments"])}
    return [{"id": secrets.token_hex(5)[:9], "type": "function", "function": function, "index": 0}]
