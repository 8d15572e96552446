"""The two requests that offer something: ghost text, and the ordinary completion list for editors without it."""

from __future__ import annotations

from dataclasses import replace

from context.snapshot import Cursor, Snapshot
from lsp_server.connection import Connection
from lsp_server.convert import (
    EMPTY_INLINE,
    EMPTY_LIST,
    Asked,
    asked,
    completion_reply,
    cursor_of,
    inline_reply,
    typed_since,
)
from lsp_server.outcome import Offered, Outcome, Trigger
from lsp_server.params import path_of
from lsp_server.protocol import Outdated


def inline_completion(at: Connection, params: object) -> object:
    """Takes the text as it is now; what is typed while the session works does not change what it was asked."""
    cursor = cursor_of(at.documents, params)
    trigger = at.numbering.trigger(path_of(params, "context", "triggerKind"))
    if cursor is None:
        return EMPTY_INLINE
    return _inline(at, asked(at.documents, params, cursor), trigger)


def completion(at: Connection, params: object) -> object:
    """Always automatic: trigger kind 1 is typing as well as asking by hand."""
    cursor = cursor_of(at.documents, params)
    if not at.fallback:
        return None
    if cursor is None:
        return EMPTY_LIST
    return _listed(at, cursor)


async def _inline(at: Connection, where: Asked, trigger: Trigger) -> object:
    outcome = await at.session.complete(where.cursor, trigger, where.selected)
    now = at.documents.get(where.real.snapshot.uri)
    if now is not where.real.snapshot:
        where, outcome = _brought_up_to_date(where, outcome, now)
    return inline_reply(outcome, where, at.encoding)


async def _listed(at: Connection, cursor: Cursor) -> object:
    outcome = await at.session.complete(cursor, Trigger.AUTOMATIC, None)
    now = at.documents.get(cursor.snapshot.uri)
    if now is None or typed_since(cursor, now) is None:
        raise Outdated
    return completion_reply(outcome, cursor, at.encoding)


def _brought_up_to_date(where: Asked, outcome: Outcome, now: Snapshot | None) -> tuple[Asked, Outcome]:
    """The same for the text of now, so far as what was typed meanwhile begins what is offered; raises `Outdated` otherwise.

    Neovim draws whatever answer comes, into whatever text it has by then.
    """
    typed = typed_since(where.real, now) if now else None
    if now is None or typed is None or (typed and where.selected):
        raise Outdated
    offered = outcome.suggestions if isinstance(outcome, Offered) else ()
    fitting = tuple(suggestion for suggestion in offered if suggestion.text.startswith(typed))
    if typed and not fitting:
        raise Outdated
    return replace(where, real=Cursor(now, where.real.offset), typed=len(typed)), Offered(fitting)
