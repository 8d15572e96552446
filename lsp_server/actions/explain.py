"""Explain the chosen lines, or the function at the cursor, and answer questions that follow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from backends.api import Role
from context.desk import Desk
from lsp_server.actions.around import around, chosen_piece
from lsp_server.actions.chosen import Chosen
from lsp_server.actions.data import DATA_RULE, as_data, files_of
from lsp_server.actions.markdown import Cleaner
from lsp_server.actions.outcome import Declined, Told
from lsp_server.actions.talker import Said, Talker, silent
from lsp_server.actions.tools import Toolbox

SYSTEM = (
    "You explain code to the programmer who is reading it. Answer in Markdown, short and concrete: what it does, why it may be "
    "written so, what to watch out for. Name places as path:line. Say so where you are not sure. "
    f"{DATA_RULE} You may look around with the tools; they only read."
)
ASK = "Explain the chosen lines: what they do, how they are used, and which other types and functions matter for them."
LARGEST = 60_000
"""Characters of chosen text; more does not explain better."""
MOST_HISTORY = 40
MAX_TOKENS = 2_000


@dataclass(frozen=True, slots=True)
class Turn:
    """A message of the conversation so far, as the client keeps it."""

    by_user: bool
    text: str


async def explain(
    chosen: Chosen,
    desk: Desk,
    talker: Talker,
    *,
    history: Sequence[Turn] = (),
    watch: Callable[[str], None] = silent,
) -> Told | Declined:
    """`history` ends with the user's latest question; without one, the first explanation is asked for. `watch` gets the Markdown
    line by line. Raises `BackendError`."""
    if not chosen.text.strip():
        return Declined("There is nothing to explain here: put the cursor into code, or select some.")
    if len(chosen.text) > LARGEST:
        return Declined(f"More than {LARGEST} characters are chosen. Choose a smaller stretch.")
    cleaner, out = Cleaner(), []

    def grow(text: str) -> None:
        if text:
            out.append(text)
            watch(text)

    answer = await talker.ask(
        conversation(chosen, desk, history),
        tools=Toolbox(desk) if desk.roots else None,
        max_tokens=MAX_TOKENS,
        watch=lambda piece: grow(cleaner.feed(piece)),
    )
    grow(cleaner.finish())
    if not answer.text.strip():
        return Declined("The model had nothing to say.")
    if not answer.whole:
        grow("\n\n(The answer was cut off here.)\n")
    return Told("".join(out), answer.usage)


def conversation(chosen: Chosen, desk: Desk, history: Sequence[Turn]) -> list[Said]:
    """The code stands in the first message; what follows is as the user and the model said it."""
    pieces = [*around(chosen, desk), chosen_piece(chosen, desk)]
    said = [Said(Role.SYSTEM, SYSTEM)]
    turns = history[-MOST_HISTORY:]
    first = turns[0].text if turns and turns[0].by_user else ASK
    said.append(Said(Role.USER, f"{as_data(pieces)}\n\n{first}", files_of(pieces)))
    rest = turns[1:] if turns and turns[0].by_user else turns
    return [*said, *(Said(Role.USER if turn.by_user else Role.ASSISTANT, turn.text) for turn in rest)]
