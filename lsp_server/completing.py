"""The two requests that offer something: ghost text, and the ordinary completion list for editors without it."""

from __future__ import annotations

from context.snapshot import Cursor
from lsp_server.connection import Connection
from lsp_server.convert import EMPTY_INLINE, EMPTY_LIST, Asked, asked, completion_reply, cursor_of, inline_reply
from lsp_server.outcome import Trigger
from lsp_server.params import path_of


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
    return inline_reply(outcome, where, at.encoding)


async def _listed(at: Connection, cursor: Cursor) -> object:
    outcome = await at.session.complete(cursor, Trigger.AUTOMATIC, None)
    return completion_reply(outcome, cursor, at.encoding)
