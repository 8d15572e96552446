"""What GET /v1/models says of a model: whether it is there, fills in the middle, and for how long yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Model:
    """One row of the list. `fills` is None where the server does not say; `retires` is a date or ""."""

    id: str
    aliases: tuple[str, ...] = ()
    fills: bool | None = None
    context_tokens: int | None = None
    retires: str = ""
    replacement: str = ""

    def sentence(self, asked: str) -> str:
        """What the user should know of the model that they call `asked`."""
        name = asked if asked == self.id else f"{asked} ({self.id})"
        sentence = f"the model is {name}"
        if self.context_tokens:
            sentence += f", which reads up to {self.context_tokens:,} tokens"
        if self.retires:
            instead = f"; set `model` to {self.replacement}" if self.replacement else ""
            sentence += f". It is retired on {self.retires}{instead}"
        return f"{sentence}."


def models_in(reply: Any) -> tuple[Model, ...]:
    """The models of a reply, in its order; rows that make no sense are left out."""
    rows = reply.get("data") if isinstance(reply, dict) else reply
    return tuple(_model(row) for row in rows if _has_id(row)) if isinstance(rows, list) else ()


def named(models: tuple[Model, ...], name: str) -> Model | None:
    """The model of that id, else the one with that alias."""
    by_id = (model for model in models if model.id == name)
    return next(by_id, next((model for model in models if name in model.aliases), None))


def _has_id(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("id"), str)


def _model(row: dict[str, Any]) -> Model:
    aliases = row.get("aliases")
    able = row.get("capabilities")
    context = row.get("max_context_length")
    return Model(
        id=row["id"],
        aliases=tuple(alias for alias in aliases if isinstance(alias, str)) if isinstance(aliases, list) else (),
        fills=able.get("completion_fim") if isinstance(able, dict) and "completion_fim" in able else None,
        context_tokens=context if isinstance(context, int) and context > 0 else None,
        retires=str(row.get("deprecation") or "")[:10],
        replacement=str(row.get("deprecation_replacement_model") or ""),
    )
