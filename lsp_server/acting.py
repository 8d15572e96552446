"""What the editor asks for by hand and what comes of it: edits, explanations, a conversation about code.

A handler takes the document as it is when the request arrives. A model's edit goes to the editor only to be confirmed: as an
annotated edit where the editor shows those, else after a question of ours; and only while the document is still the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from backends.errors import BackendError
from context.snapshot import Snapshot
from lsp_server import act_replies
from lsp_server.act_replies import Json
from lsp_server.actions.outcome import Declined, Proposal
from lsp_server.connection import Connection
from lsp_server.convert import uri_of
from lsp_server.params import BadParams, natural, obj, objects, optional, string

if TYPE_CHECKING:
    from lsp_server.actions.explain import Turn

GONE = Declined("The document is not open.")
CANCELLED = Declined("It was cancelled.")
"""By the user, who needs no message about it."""
CHANGED = Declined("The document has changed meanwhile, so the edit was not made.")

Place = tuple[Snapshot, int, int]
"""A document as it was when it was asked about, and the offsets of a selection in it."""
Result = TypeVar("Result")
Report = Callable[[str], None]


def resolve(at: Connection, params: object) -> object:
    """The edit of a code action that was chosen. One that cannot be had leaves the action without an edit, and a message.

    Neovim asks for the edits of actions too that are commands and have none; these it gets back as they are.
    """
    if optional(params, "data") is None:
        return params
    argument = obj(params, "data")
    return _resolved(at, params, _proposal(at, argument, None))


def chat(at: Connection, params: object) -> object:
    """`infill/chat {textDocument, range, messages, links}`: explains, and answers what is asked then. The editor keeps the
    messages."""
    argument = {"uri": uri_of(params), "range": obj(params, "range")}
    turns = (
        [(string(each, "role"), string(each, "text")) for each in objects(params, "messages")]
        if optional(params, "messages")
        else []
    )
    token, links = optional(params, "partialResultToken"), optional(params, "links") is True

    def watch(text: str) -> None:
        if isinstance(token, int | str):
            at.editor.partial(token, {"markdown": text})

    return _told(at, place_of(at, argument), turns, watch, optional(params, "workDoneToken"), links=links)


def explain(at: Connection, argument: object, token: object) -> object:
    """`infill.explain {uri, range}`"""
    return _explained(at, _told(at, place_of(at, argument), [], _unwatched, token))


def refactor(at: Connection, argument: object, token: object) -> object:
    """`infill.refactor {uri, range, name | wish | problem}`; without any of the three the user is asked for a wish."""
    return _confirmed(at, _proposal(at, argument, token))


def fix(at: Connection, argument: object, token: object) -> object:
    """`infill.fix {uri, finding}`"""
    return _confirmed(at, _proposal(at, argument, token))


def tests(at: Connection, argument: object, token: object) -> object:
    """`infill.tests {uri, range}`: tests for the function or type there, as an edit to confirm. Nothing is run."""
    return _tested(at, place_of(at, argument), token)


def _proposal(at: Connection, argument: object, token: object) -> Coroutine[Any, Any, Proposal | Declined]:
    """The edit that an action's argument asks for. The document is taken now, not when the model has answered."""
    number = optional(argument, "finding")
    if number is not None:
        return _fixed(at, string(argument, "uri"), natural(argument, "finding"))
    place = place_of(at, argument)
    found = (optional(argument, name) for name in ("name", "wish", "problem"))
    wishes = [value if isinstance(value, str) else "" for value in found]
    return _refactored(at, place, wishes, token)


async def _refactored(at: Connection, place: Place | None, wishes: list[str], token: object) -> Proposal | Declined:
    acts = at.session.acts
    if acts is None or place is None:
        return nobody(at) if acts is None else GONE
    name, wish, problem = wishes
    if not any(wishes) and at.client and at.client.takes_input:
        wish = await at.editor.ask("What shall be changed?")
        if not wish.strip():
            return CANCELLED
    result = await shown(
        at,
        "Infill: working out an edit",
        token,
        lambda report: acts.refactor(*place, name=name, wish=wish, problem=problem, report=report),
    )
    if isinstance(result, Proposal) and at.documents.get(place[0].uri) is not place[0]:
        return CHANGED
    return result


async def _fixed(at: Connection, uri: str, number: int) -> Proposal | Declined:
    from lsp_server.actions import review

    found, snapshot = at.findings.get(uri, ()), at.documents.get(uri)
    if snapshot is None or number >= len(found):
        return Declined("This finding is gone.")
    return review.fix(snapshot, found[number])


async def _resolved(at: Connection, action: object, work: Coroutine[Any, Any, Proposal | Declined]) -> Json:
    proposal = await work
    whole: Json = dict(action) if isinstance(action, dict) else {}
    if isinstance(proposal, Declined):
        declined(at, proposal)
        return {**whole, "disabled": {"reason": proposal.reason}}
    return {**whole, "edit": act_replies.workspace_edit(proposal, at.encoding, annotated=True)}


async def _confirmed(at: Connection, work: Coroutine[Any, Any, Proposal | Declined]) -> Json:
    """Hands the edit over, to be confirmed: by the editor where it does that, else by a question."""
    proposal = await work
    if isinstance(proposal, Declined):
        return declined(at, proposal)
    annotated = at.client is not None and at.client.annotates_edits
    if not annotated and not await at.editor.confirm(_question(proposal), "Apply"):
        return {"applied": False}
    if at.documents.get(proposal.snapshot.uri) is not proposal.snapshot:
        return declined(at, CHANGED)
    edit = act_replies.workspace_edit(proposal, at.encoding, annotated=annotated)
    return {"applied": await at.editor.apply(f"Infill: {proposal.title}", edit)}


async def _tested(at: Connection, place: Place | None, token: object) -> Json:
    acts, client = at.session.acts, at.client
    if acts is None or place is None:
        return declined(at, nobody(at) if acts is None else GONE)
    result = await shown(at, "Infill: writing tests", token, lambda report: acts.write_tests(*place, report=report))
    if isinstance(result, Declined):
        return declined(at, result)
    if client is None or (result.before is None and not client.creates_files):
        return declined(at, Declined("This editor takes no edit that makes a file: use `infill act tests`."))
    question = f"{len(result.names)} new tests, not run yet, for {result.path.name}. Write them?"
    if not client.annotates_edits and not await at.editor.confirm(" ".join([question, *result.notes]), "Write"):
        return {"applied": False}
    edit = act_replies.tests_edit(result, at.encoding, annotated=client.annotates_edits)
    return {"applied": await at.editor.apply("Infill: new tests", edit)}


async def _told(
    at: Connection,
    place: Place | None,
    turns: Sequence[tuple[str, str]],
    watch: Callable[[str], None],
    token: object,
    *,
    links: bool = False,
) -> Json:
    """`links`: what `watch` gets has the places that it names as links; the reply has it both ways."""
    acts = at.session.acts
    if acts is None or place is None:
        return declined(at, nobody(at) if acts is None else GONE)
    history, linker = _history(turns), acts.linker() if links else None

    def show(text: str) -> None:
        watch(linker.feed(text) if linker else text)

    told = await shown(
        at,
        "Infill: explaining",
        token,
        lambda report: acts.explain(*place, history=history, watch=show, report=report),
    )
    if isinstance(told, Declined):
        return declined(at, told)
    return {"markdown": told.markdown, **({"linked": acts.linker().feed(told.markdown)} if links else {})}


async def _explained(at: Connection, work: Coroutine[Any, Any, Any]) -> Json:
    """Shows the explanation where the editor does not do it by itself; the reply has it in any case."""
    reply: Json = await work
    acts = at.session.acts
    wants_page = at.client is not None and at.client.shows_documents and not at.client.shows_chat
    if wants_page and acts is not None and "markdown" in reply:
        uri = acts.page(reply["markdown"])
        if uri is not None:
            await at.editor.show_document(uri)
    return reply


async def shown(
    at: Connection, title: str, token: object, work: Callable[[Report], Coroutine[Any, Any, Result | Declined]]
) -> Result | Declined:
    """Does the work under a progress that the user can cancel, which ends it at once. A failing backend declines."""
    progress = at.editor.progress(title, token if isinstance(token, int | str) else None)
    task = asyncio.ensure_future(work(progress.report))
    progress.when_cancelled(task.cancel)
    try:
        return await task
    except BackendError as error:
        return Declined(f"{error.what} {error.mend}".strip())
    except asyncio.CancelledError:
        current = asyncio.current_task()
        if current is not None and current.cancelling():
            raise  # the request itself was cancelled, and is answered by the protocol
        return CANCELLED
    finally:
        progress.end()


def place_of(at: Connection, argument: object) -> Place | None:
    """The document of now and the offsets of a range in it; None for a document that is not held."""
    uri, span = string(argument, "uri"), obj(argument, "range")
    ends = [obj(span, name) for name in ("start", "end")]
    cursors = [at.documents.cursor(uri, natural(each, "line"), natural(each, "character")) for each in ends]
    start, end = cursors
    if start is None or end is None:
        return None
    return start.snapshot, min(start.offset, end.offset), max(start.offset, end.offset)


def _history(turns: Sequence[tuple[str, str]]) -> list[Turn]:
    from lsp_server.actions.explain import Turn

    if any(role not in ("user", "assistant") for role, _ in turns):
        raise BadParams("messages: a role is user or assistant")
    return [Turn(role == "user", text) for role, text in turns]


def declined(at: Connection, result: Declined) -> Json:
    """Says why: the user has asked for it and waits."""
    if result is not CANCELLED:
        at.editor.show_message(f"Infill: {result.reason}")
    return {"declined": result.reason}


def nobody(at: Connection) -> Declined:
    """Why no backend can be asked by hand, and what to set."""
    return Declined(f"{at.session.status().mute} See `infill doctor`.".lstrip())


def _question(proposal: Proposal) -> str:
    text = proposal.snapshot.text
    removed = sum(len(text[edit.start : edit.end].splitlines()) for edit in proposal.edits)
    added = sum(len(edit.text.splitlines()) for edit in proposal.edits)
    name = proposal.snapshot.uri.rpartition("/")[2]
    return " ".join([f"{proposal.title}: {removed} lines of {name} become {added}.", *proposal.notes, "Apply it?"])


def _unwatched(_text: str) -> None:
    """For an explanation that is shown when it is whole."""
