"""A review over the protocol: findings as diagnostics, which move with their lines and go when these are changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING

from context.documents import Change
from context.snapshot import Snapshot
from lsp_server import act_replies, diagnosing
from lsp_server.act_replies import Json
from lsp_server.acting import GONE, Place, declined, nobody, place_of, shown
from lsp_server.actions.outcome import Declined
from lsp_server.connection import Connection
from lsp_server.params import objects, optional, string

if TYPE_CHECKING:
    from lsp_server.actions.acts import Acts
    from lsp_server.actions.review import Reviewed

LARGE = 20_000
"""Tokens from which a review is agreed to first."""

Job = tuple[Snapshot, list[tuple[int, int]]]
"""A document, and the stretches of it to review."""


def review(at: Connection, argument: object, token: object) -> object:
    """`infill.review {uri, range?}`: the whole document where there is no range; or `{changes: [{uri, ranges}]}`."""
    if optional(argument, "changes") is not None:
        jobs = [job for each in objects(argument, "changes") if (job := _changes(at, each))]
        return _reviewed(at, jobs, "the changed lines", token)
    uri = string(argument, "uri")
    if optional(argument, "range") is None:
        snapshot = at.documents.get(uri)
        place = (snapshot, 0, len(snapshot.text)) if snapshot else None
    else:
        place = place_of(at, argument)
    return _reviewed(at, [_job(at, place)] if place else [], "the lines to review", token)


def clear_review(at: Connection, argument: object, token: object) -> object:
    """`infill.clearReview {uri?}`: of every document where none is named."""
    uri = optional(argument, "uri")
    for each in [uri] if isinstance(uri, str) else list(at.findings):
        clear(at, each)
    return None


def changed(at: Connection, uri: str, changes: Sequence[Change]) -> None:
    """Findings move with their lines, and go when these are changed."""
    if uri in at.findings:
        from lsp_server.actions.findings import after

        before = at.findings[uri]
        at.findings[uri] = after(before, changes)
        if at.findings[uri] != before:
            _publish(at, uri)


def closed(at: Connection, uri: str) -> None:
    """Called while the document is still held. Its findings stay as long as the file says what was reviewed: a review of many
    files would lose them with every tab that is closed."""
    snapshot = at.documents.get(uri)
    if snapshot is None or snapshot.path is None:
        clear(at, uri)
    elif uri in at.findings:
        at.reviewed[uri] = _digest(snapshot)


def opened(at: Connection, snapshot: Snapshot) -> None:
    """Findings in a document that was closed go, where it is not what it was."""
    if at.reviewed.pop(snapshot.uri, None) not in (None, _digest(snapshot)):
        clear(at, snapshot.uri)


def changed_on_disk(at: Connection, uri: str) -> None:
    """Findings in a file that is not open go when a program changes it; one that is open is what the editor shows."""
    if uri in at.reviewed:
        clear(at, uri)


def clear(at: Connection, uri: str) -> None:
    at.reviewed.pop(uri, None)
    if at.findings.pop(uri, None) is not None:
        at.editor.publish(uri, None, [])
        diagnosing.reviewed(at, uri)


def _changes(at: Connection, argument: object) -> Job | None:
    """The changed stretches of one document; None where it is not held."""
    uri = string(argument, "uri")
    places = [place_of(at, {"uri": uri, "range": each}) for each in objects(argument, "ranges")]
    found = [place for place in places if place]
    return (found[0][0], [(start, end) for _, start, end in found]) if found else None


def _job(at: Connection, place: Place) -> Job:
    """A bare cursor means the definition around it."""
    snapshot, start, end = place
    acts = at.session.acts
    if start == end and acts is not None:
        chosen = acts.chosen(snapshot, start, end)
        start, end = chosen.start, chosen.end
    return snapshot, [(start, end)]


async def _reviewed(at: Connection, jobs: Sequence[Job], about: str, token: object) -> Json:
    acts = at.session.acts
    if acts is None or not jobs:
        return declined(at, nobody(at) if acts is None else GONE)
    estimates = [acts.estimate(*job) for job in jobs]
    tokens, requests = sum(each.tokens for each in estimates), sum(each.requests for each in estimates)
    question = f"This review takes about {tokens:,} tokens in {requests} requests. Go on?"
    if tokens >= LARGE and not await at.editor.confirm(question, "Review"):
        return declined(at, Declined("The review was not begun."))
    done = await shown(at, "Infill: reviewing", token, lambda report: _each(at, acts, jobs, about, report))
    if isinstance(done, Declined):
        return declined(at, done)
    results, refused = done
    if not results:
        return declined(at, Declined(" ".join(dict.fromkeys(each.reason for each in refused))))
    total = {
        "findings": sum(len(each.review.findings) for each in results),
        "dropped": sum(each.review.dropped for each in results),
        "malformed": sum(each.review.malformed for each in results),
        "unread": sum(each.unread for each in results),
    }
    at.editor.inform(_summary(total, refused))
    return {**total, "refused": len(refused)}


async def _each(
    at: Connection, acts: Acts, jobs: Sequence[Job], about: str, report: Callable[[str], None]
) -> tuple[list[Reviewed], list[Declined]]:
    """One document after another. What was found is shown at once, so that a cancelled review keeps it."""
    results: list[Reviewed] = []
    refused: list[Declined] = []
    for snapshot, spans in jobs:
        if len(jobs) > 1:
            report(snapshot.uri.rpartition("/")[2])
        result = await acts.review(snapshot, spans, about=about, report=report)
        if not isinstance(result, Declined) and at.documents.get(snapshot.uri) is not snapshot:
            result = Declined("The document has changed meanwhile, so the findings were dropped.")
        if isinstance(result, Declined):
            refused.append(result)
            continue
        results.append(result)
        at.findings[snapshot.uri] = result.review.findings
        _publish(at, snapshot.uri)
    return results, refused


def _publish(at: Connection, uri: str) -> None:
    diagnosing.reviewed(at, uri)
    snapshot = at.documents.get(uri)
    if snapshot is not None:
        found = act_replies.diagnostics(at.findings[uri], snapshot, at.encoding)
        at.editor.publish(uri, snapshot.version, found)


def _digest(snapshot: Snapshot) -> bytes:
    return blake2b(snapshot.text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _summary(total: Json, refused: Sequence[Declined]) -> str:
    count, dropped, unread = total["findings"], total["dropped"], total["unread"]
    words = [f"Infill: {count} finding{'' if count == 1 else 's'}."]
    words += [f"{dropped} were dropped: what they quote is not there."] if dropped else []
    words += [f"{unread} parts were not reviewed: no usable answer."] if unread else []
    words += [f"{len(refused)} files were left out. {refused[0].reason}"] if refused else []
    return " ".join(words)
