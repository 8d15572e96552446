"""What each part is told of the settings: one place where a setting's name meets the part that it steers."""

from __future__ import annotations

from pathlib import Path

from backends.api import Card
from backends.audit import AuditLog
from backends.keys import Secret
from backends.models import recognise
from backends.registry import BackendConfig
from lsp_server.gate import Limits
from lsp_server.settings import Settings

LEAST_PROMPT = 64  # tokens, where a backend's context is hardly larger than the answer


def backend_config(settings: Settings, key: Secret | None = None) -> BackendConfig:
    """`key`: the one that the editor handed over in memory, where it did."""
    return BackendConfig(
        name=settings.backend,
        base_url=settings.base_url,
        model=settings.model,
        local_only=settings.local_only,
        failover=settings.failover,
        timeout=settings.timeout_ms / 1000,
        ca_file=settings.ca_file,
        proxy=settings.proxy,
        api_key=key,
        fim_template=settings.fim_template,
        chat_model=settings.chat_model,
        chat_timeout=settings.chat_timeout_ms / 1000,
        audit=AuditLog(audit_path()) if settings.audit else None,
        host_idle=settings.host_idle_minutes * 60.0,
    )


def audit_path() -> Path:
    """Where the ledger of what left lies, for all servers of this user."""
    import platformdirs

    return platformdirs.user_data_path("infill", appauthor=False) / "audit.jsonl"


def limits(settings: Settings) -> Limits:
    return Limits(
        enabled=settings.enabled,
        languages=frozenset(settings.languages),
        languages_off=frozenset(settings.languages_off),
        in_comments=settings.in_comments,
        in_strings=settings.in_strings,
        max_file_bytes=settings.max_file_bytes,
    )


def why_off(settings: Settings, language: str) -> str | None:
    """Why nothing is done by hand in this language either; None where it may be."""
    if not settings.enabled:
        return "Infill is switched off by the setting `enabled`"
    if language in settings.languages_off or not {"*", language} & set(settings.languages):
        return "Infill is switched off for this language by a setting"
    return None


def small_vocabulary(card: Card) -> bool:
    """Whether the model is known to make more tokens of a text than most."""
    known = recognise(card.model)
    return known is not None and known.small


def prompt_tokens(settings: Settings, card: Card) -> int:
    """How long a prompt may be, so that the answer still fits into the backend's context and comes soon."""
    room = card.context_tokens - settings.max_tokens
    return max(LEAST_PROMPT, min(settings.context_tokens, room, card.quick_tokens or room))
