"""What a server says it serves: `/v1/models`, read leniently, because no two servers fill it in alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from backends.models import Model, recognise

SIZES = ("max_model_len", "max_context_length", "max_input_tokens")
"""What vLLM, LM Studio and LiteLLM call the context; llama.cpp has `meta.n_ctx`."""


@dataclass(frozen=True, slots=True)
class Served:
    """One entry. `root` is the model behind an alias where the server tells (vLLM does); `context_tokens` 0 where it does not."""

    name: str
    root: str = ""
    context_tokens: int = 0
    by_ollama: bool = False

    @property
    def known(self) -> Model | None:
        return recognise(self.name) or recognise(self.root)


def read(reply: Any) -> tuple[Served, ...]:
    """The entries of a parsed reply: a list, or an object with `data` or `models`. Entries without a name are passed over."""
    entries = reply
    if isinstance(reply, dict):
        entries = reply.get("data") or reply.get("models")
    if not isinstance(entries, list):
        return ()
    return tuple(_entry(entry) for entry in entries if isinstance(entry, dict) and _text(entry.get("id")))


def listed(served: Sequence[Served], most: int = 5) -> str:
    """The names for a message."""
    names = [entry.name for entry in served]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _entry(entry: dict[str, Any]) -> Served:
    meta = entry.get("meta")
    sizes = [*(entry.get(name) for name in SIZES), meta.get("n_ctx") if isinstance(meta, dict) else None]
    size = next((size for size in sizes if isinstance(size, int) and size > 0), 0)
    name = _text(entry["id"])
    return Served(name, _text(entry.get("root")), size, _is_ollamas(name, entry.get("owned_by")))


def _is_ollamas(name: str, owner: Any) -> bool:
    """Ollama's names end in a tag, and it gives the namespace before it as the owner, "library" where there is none."""
    model, _, tag = name.rpartition(":")
    namespace = ("library", *model.split("/"))[-2]
    return bool(tag) and bool(model) and owner == namespace


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
