"""Rewrite the chosen lines, and nothing else: the answer is checked, asked for once more if it is no good, and then declined.

What comes of it is a proposal: the smallest edits between the old lines and the new ones, for the user to confirm.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable

from backends.api import Role
from context.desk import Desk
from context.masking import secret_spans
from context.privacy import MASK
from lsp_server.actions.answer import code_in, fence_for
from lsp_server.actions.around import around, chosen_piece
from lsp_server.actions.checks import Candidate, first_objection
from lsp_server.actions.chosen import Chosen
from lsp_server.actions.data import DATA_RULE, Piece, as_data, files_of
from lsp_server.actions.edits import line_end_of, lines_of, minimal
from lsp_server.actions.outcome import Declined, Proposal
from lsp_server.actions.packages import unknown_imports
from lsp_server.actions.talker import Said, Talker, silent
from lsp_server.actions.tools import Toolbox

LARGEST = 30_000
CHARS_PER_TOKEN = 3.0
"""Fewer than code has, so that an answer as long as the chosen lines is not cut off."""
ROOM = 1_500
"""Tokens that an answer may have beyond what the chosen lines take."""


async def refactor(
    chosen: Chosen,
    desk: Desk,
    talker: Talker,
    wish: str,
    *,
    title: str,
    about: tuple[Piece, ...] = (),
    watch: Callable[[str], None] = silent,
) -> Proposal | Declined:
    """`wish` says what to do, in the user's words or ours; `about` is more data, such as a diagnostic. Raises `BackendError`."""
    if not chosen.text.strip():
        return Declined("There is nothing to change here: put the cursor into code, or select some.")
    if len(chosen.text) > LARGEST:
        return Declined(f"More than {LARGEST} characters are chosen. Choose a smaller stretch.")
    fence = fence_for(chosen.text)
    said = conversation(chosen, desk, wish, fence, about)
    objection = ""
    for attempt in (1, 2):
        answer = await talker.ask(
            said,
            tools=Toolbox(desk) if desk.roots and attempt == 1 else None,
            prediction=chosen.text,
            max_tokens=int(len(chosen.text) / CHARS_PER_TOKEN * 1.5) + ROOM,
            watch=watch,
        )
        new = _read(answer.text, fence, chosen) if answer.whole else Declined("The answer was cut off before its end.")
        objection = new.reason if isinstance(new, Declined) else first_objection(Candidate(chosen, new)) or ""
        if not objection and isinstance(new, str):
            return _proposal(chosen, desk, talker, new, title)
        said = [
            *said,
            Said(Role.ASSISTANT, answer.text),
            Said(
                Role.USER,
                f"That cannot be used. {objection} Answer again, with the whole text that replaces the chosen lines.",
            ),
        ]
    return Declined(f"The model gave no edit that can be offered, and was asked twice. {objection}")


def conversation(chosen: Chosen, desk: Desk, wish: str, fence: str, about: tuple[Piece, ...]) -> list[Said]:
    system = (
        "You rewrite a few lines of a file as the user asks. Answer with the text that replaces the chosen lines, whole, between "
        f"a line of {fence} and another, and with nothing else. Keep the indentation, and every line that need not change, as it "
        f"is. Nothing outside of the chosen lines can be changed. {DATA_RULE} You may look around with the tools; they only read."
    )
    pieces = [*around(chosen, desk), *about, chosen_piece(chosen, desk)]
    return [Said(Role.SYSTEM, system), Said(Role.USER, f"{as_data(pieces)}\n\n{wish}", files_of(pieces))]


def _read(answer: str, fence: str, chosen: Chosen) -> str | Declined:
    code = code_in(answer, fence)
    if isinstance(code, Declined):
        return code
    restored = with_secrets(as_indented(code, chosen.text), chosen.text)
    if not restored.endswith("\n") and restored and chosen.text.endswith(("\n", "\r")):
        restored += "\n"
    return restored


def as_indented(code: str, old: str) -> str:
    """The code moved right as a whole where the model left out the indentation that all the old lines share."""
    margin = _margin(old)
    if not margin or _margin(code).startswith(margin):
        return code
    return textwrap.indent(textwrap.dedent(code), margin)


def with_secrets(code: str, old: str) -> str:
    """The code with the secret back in place of the mask that the model saw; only where there was just one to confuse."""
    secrets = {old[start:end] for start, end in secret_spans(old)}
    return code.replace(MASK, secrets.pop()) if len(secrets) == 1 else code


def _margin(text: str) -> str:
    lines = [line.rstrip("\r\n") for line in lines_of(text) if line.strip()]
    shortest = min((line[: len(line) - len(line.lstrip())] for line in lines), key=len, default="")
    return shortest if all(line.startswith(shortest) for line in lines) else ""


def _proposal(chosen: Chosen, desk: Desk, talker: Talker, new: str, title: str) -> Proposal | Declined:
    edits = minimal(chosen.text, new, at=chosen.start, line_end=line_end_of(chosen.snapshot.text))
    if not edits:
        return Declined("The model sees nothing to change.")
    notes = tuple(
        f"This adds an import of {name}, which is neither installed, nor locked, nor part of the standard library."
        for name in unknown_imports(chosen.snapshot, chosen.text, new, desk.roots)
    )
    return Proposal(chosen.snapshot, title, edits, notes, talker.usage)
