"""The two requests that the host takes, as strict as Mistral's: an unknown field is refused, also inside a message.

The fields are those of the public API description. A body that does not fit raises pydantic's `ValidationError`, whose entries
have the very form of Mistral's 422.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _whole(number: object) -> object:
    """JSON has one kind of number: 5.0 is a whole one."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


Whole = Annotated[int, BeforeValidator(_whole)]
Count = Annotated[Whole, Field(ge=0)]
Stop = str | list[str] | None


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, frozen=True)


class Asked(Strict):
    """What both requests have in common."""

    model: str
    temperature: Annotated[float, Field(ge=0, le=1.5)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    max_tokens: Count | None = None
    stream: bool = False
    stop: Stop = None
    random_seed: Count | None = None
    metadata: dict[str, Any] | None = None
    prompt_cache_key: str | None = None

    @property
    def stops(self) -> tuple[str, ...]:
        """The stop strings, none of them empty."""
        given = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(stop for stop in given if stop)


class FimBody(Asked):
    """POST /v1/fim/completions."""

    prompt: str
    suffix: str | None = ""
    min_tokens: Count | None = None


class TextChunk(Strict):
    type: Literal["text"] = "text"
    text: str


Content = str | list[TextChunk]


class FunctionCall(Strict):
    name: str
    arguments: dict[str, Any] | str


class ToolCall(Strict):
    id: str = "null"
    type: str = "function"
    function: FunctionCall
    index: Whole = 0


class SystemMessage(Strict):
    role: Literal["system"]
    content: Content


class UserMessage(Strict):
    role: Literal["user"]
    content: Content | None


class AssistantMessage(Strict):
    role: Literal["assistant"]
    content: Content | None = None
    tool_calls: list[ToolCall] | None = None
    prefix: bool = False


class ToolMessage(Strict):
    role: Literal["tool"]
    content: Content | None = None
    tool_call_id: str | None = None
    name: str | None = None


Message = Annotated[SystemMessage | UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")]


class JsonSchema(Strict):
    name: str
    description: str | None = None
    schema_: dict[str, Any] = Field(alias="schema")
    strict: bool = False


class ResponseFormat(Strict):
    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: JsonSchema | None = None


class Function(Strict):
    name: str
    description: str = ""
    strict: bool = False
    parameters: dict[str, Any]


class Tool(Strict):
    type: str = "function"
    function: Function


class FunctionName(Strict):
    name: str


class ToolChoice(Strict):
    type: str = "function"
    function: FunctionName


class Prediction(Strict):
    type: Literal["content"] = "content"
    content: str = ""


class ChatBody(Asked):
    """POST /v1/chat/completions."""

    messages: Annotated[list[Message], Field(min_length=1)]
    response_format: ResponseFormat | None = None
    tools: list[Tool] | None = None
    tool_choice: Literal["auto", "none", "any", "required"] | ToolChoice = "auto"
    presence_penalty: Annotated[float, Field(ge=-2, le=2)] = 0.0
    frequency_penalty: Annotated[float, Field(ge=-2, le=2)] = 0.0
    n: Annotated[Whole, Field(ge=1)] | None = None
    prediction: Prediction | None = None
    parallel_tool_calls: bool = True
    reasoning_effort: str | None = None
    prompt_mode: Literal["reasoning"] | None = None
    guardrails: list[dict[str, Any]] | None = None
    service_tier: Literal["auto", "standard_only"] | None = None
    safe_prompt: bool = False


def text_of(content: Content | None) -> str:
    """The words of a message, whose chunks are one text."""
    return content if isinstance(content, str) else "".join(chunk.text for chunk in content or ())
