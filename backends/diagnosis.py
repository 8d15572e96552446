"""Why an OpenAI-compatible server refuses, in one sentence with its mend.

A 404 alone does not tell a wrong address from a missing model or a server that only chats; its words do, and so does whether
the same server lists models.
"""

from __future__ import annotations

from collections.abc import Sequence

from backends import refusal
from backends.errors import BackendError, BadRequest
from backends.refusal import Refusal
from backends.served import Served, listed
from backends.templates import SUFFIX, TEMPLATES

REFUSALS = (400, 404, 405, 422, 501)
CHAT_WORDS = ("chat model", "chat/completions", "not support completions", "does not support the completions")
NO_MODEL_WORDS = (
    "not found",
    "not exist",
    "invalid model",
    "unknown model",
    "no models loaded",
    "not loaded",
    "no such model",
)
TOO_LONG_WORDS = ("context length", "context size", "context window", "too long", "maximum context", "max_model_len")
NO_SUFFIX_WORDS = (
    "not support insert",
    "suffix is not",
    "suffix is only",
    "param: suffix",
    "fill-in-the-middle",
    "fim ",
)
FAMILIES = ", ".join(TEMPLATES)


class Refused(BadRequest):
    """A refusal whose reason is still to be found; it never leaves the backend."""

    def __init__(self, backend: str, refused: Refusal) -> None:
        super().__init__(backend, f"The server refuses the request ({refused.status}).", "")
        self.refused = refused


def diagnose(backend: str, root: str, model: str, refused: Refusal, models: Sequence[Served]) -> BackendError:
    """`models` is what the server lists, empty where it lists none."""
    words = refused.words.lower()
    offers = (
        f"It offers {listed(models)}; set `model` to one of them." if models else "Set `model` to one that it serves."
    )
    if any(said in words for said in CHAT_WORDS):
        return BadRequest(
            backend, f"{model} at {root} only chats.", "Choose a model that completes text, such as a base model."
        )
    if any(said in words for said in NO_SUFFIX_WORDS):
        return no_form(backend, model)
    if any(said in words for said in TOO_LONG_WORDS):
        return BadRequest(backend, f"The prompt is too long for {model} as {root} runs it.", "Lower `context_tokens`.")
    if "model" in words and any(said in words for said in NO_MODEL_WORDS):
        return BadRequest(backend, f"{root} has no model {model}.", offers)
    if refused.status not in (404, 405, 501):
        return refusal.as_error(backend, root, refused)
    if models and model not in {entry.name for entry in models}:
        return BadRequest(backend, f"{root} has no model {model}.", offers)
    if models:
        what = f"{root} lists models but has no /v1/completions: it only chats."
        mend = "Use a server that completes text, as vLLM, Ollama and LM Studio do; for Mistral's API set `backend` to `mistral`."
        return BadRequest(backend, what, mend)
    what = f"No OpenAI-compatible server answers at {root} ({refused.status})."
    return BadRequest(backend, what, "Set `base_url` to the address that /v1/completions stands behind.")


def no_form(backend: str, model: str) -> BadRequest:
    what = f"How {model} fills in the middle is not known."
    mend = f"Set `fim_template` to its family ({FAMILIES}), or to `{SUFFIX}` where the server marks the hole itself."
    return BadRequest(backend, what, mend)
