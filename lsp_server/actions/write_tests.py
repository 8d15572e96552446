"""Write tests for the function or type at the cursor, as this project writes them: text for a new file or the end of one.

Nothing is written or run here. Whether the tests pass is not known until somebody runs them; `infill act tests --run` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from backends.api import Role, Usage
from context.desk import Desk
from context.privacy import LeftOut
from context.snapshot import Snapshot
from context.walker import read
from lsp_server.actions.answer import code_in, fence_for
from lsp_server.actions.around import around, chosen_piece
from lsp_server.actions.checks import LEFT_OUT, faults
from lsp_server.actions.chosen import Chosen
from lsp_server.actions.data import DATA_RULE, Piece, as_data, files_of
from lsp_server.actions.edits import line_end_of
from lsp_server.actions.frameworks import Framework, Project, find
from lsp_server.actions.outcome import Declined
from lsp_server.actions.packages import unknown_imports
from lsp_server.actions.talker import Said, Talker
from lsp_server.rules.invisible import first_hidden

EXAMPLE_LINES = 80
LARGEST = 40_000
MAX_TOKENS = 4_000


@dataclass(frozen=True, slots=True)
class NewTests:
    """`text` goes to the end of `path`, whose text is `before`, None where there is no such file yet. `names` are the tests."""

    framework: Framework
    project: Project
    path: Path
    before: str | None
    text: str
    names: tuple[str, ...]
    notes: tuple[str, ...]
    usage: Usage

    @property
    def after(self) -> str:
        return (self.before or "") + self.text


async def write_tests(
    chosen: Chosen, desk: Desk, talker: Talker, *, failed: NewTests | None = None, output: str = ""
) -> NewTests | Declined:
    """`failed` tests and the `output` of their run ask for a repair. Raises `BackendError`."""
    source = chosen.snapshot.path
    if chosen.definition is None or source is None:
        return Declined(
            "Tests are written for a function or a type: put the cursor into one, in a file of the workspace."
        )
    found = find(chosen.snapshot.language, source, desk)
    if found is None:
        return Declined("No test framework is known for this language, or the file is outside of the workspace.")
    framework, project = found
    path = framework.file(project)
    reason = desk.gate.refusal(path, cross_file=True)
    if reason is not None:
        return Declined(f"The tests would go where no model may look: {reason}.")
    before = failed.before if failed else _text_of(path, desk)
    fence = fence_for(chosen.text)
    said = _conversation(chosen, desk, framework, project, path, before, fence)
    if failed is not None:
        pieces = [Piece("your tests", path.name, failed.text), Piece("what their run printed", "", output)]
        wish = "These tests fail. Write them anew, right this time, as one block."
        said.append(Said(Role.USER, f"{as_data(pieces)}\n\n{wish}", files_of(pieces)))
    objection = ""
    for _ in (1, 2):
        answer = await talker.ask(said, max_tokens=MAX_TOKENS)
        code = code_in(answer.text, fence) if answer.whole else Declined("The answer was cut off before its end.")
        objection = (
            code.reason if isinstance(code, Declined) else _objection(chosen.snapshot, framework, before, code) or ""
        )
        if not objection and isinstance(code, str):
            return _made(chosen.snapshot, framework, project, path, before, code, desk, talker.usage)
        said = [
            *said,
            Said(Role.ASSISTANT, answer.text),
            Said(Role.USER, f"That cannot be used. {objection} Answer again."),
        ]
    return Declined(f"The model wrote no tests that can be offered, and was asked twice. {objection}")


def _conversation(
    chosen: Chosen, desk: Desk, framework: Framework, project: Project, path: Path, before: str | None, fence: str
) -> list[Said]:
    where = "the end of that file" if before is not None else "that file, which is new"
    system = (
        f"You write tests with {framework.name}, in the way this project writes them. Their file is named below; answer with the "
        f"text for {where}, imports included, between a line of {fence} and another, and with nothing else. Test what the "
        f"chosen code promises, its edges and its errors. {DATA_RULE}"
    )
    goal = Piece("the file of the tests, by its name alone", desk.gate.relative(path), "")
    example, code = _example(desk, project, path), chosen_piece(chosen, desk, "the code to test")
    pieces = [*around(chosen, desk), *example, goal, code]
    assert chosen.definition is not None, "checked before"
    return [
        Said(Role.SYSTEM, system),
        Said(Role.USER, f"{as_data(pieces)}\n\nWrite tests for {chosen.definition.name}.", files_of(pieces)),
    ]


def _example(desk: Desk, project: Project, path: Path) -> list[Piece]:
    """How the project writes tests: the file that they go into, else the nearest one."""
    for test in (path, *project.tests[:3]):
        text = _text_of(test, desk)
        if text:
            shown = desk.gate.excerpt(
                test, "".join(text.splitlines(keepends=True)[:EXAMPLE_LINES]), "a test of the project"
            )
            if not isinstance(shown, LeftOut):
                return [Piece("how the project writes tests", shown.path, shown.text, 1)]
    return []


def _objection(snapshot: Snapshot, framework: Framework, before: str | None, code: str) -> str | None:
    if len(code) > LARGEST:
        return "The tests are longer than anybody would read."
    names = framework.test.findall(code)
    if not names:
        return f"The answer holds no test of {framework.name}."
    if before and set(names) & set(framework.test.findall(before)):
        return "A test of that name is already in the file."
    hidden = first_hidden(code)
    if hidden is not None:
        return f"The answer holds an invisible character, U+{ord(hidden):04X}."
    if LEFT_OUT.search(code):
        return "The answer leaves out code and says so in a comment."
    if faults(snapshot.language, code):
        return "The tests do not parse."
    return None


def _made(
    snapshot: Snapshot,
    framework: Framework,
    project: Project,
    path: Path,
    before: str | None,
    code: str,
    desk: Desk,
    usage: Usage,
) -> NewTests:
    text = code.strip("\n") + "\n"
    if before:
        text = ("" if before.endswith(("\n", "\r")) else "\n") + "\n\n" + text
        text = text.replace("\n", line_end_of(before))
    notes = tuple(
        f"This adds an import of {name}, which is neither installed, nor locked, nor part of the standard library."
        for name in unknown_imports(snapshot, before or "", code, desk.roots)
        if name != "pytest"
    )
    return NewTests(framework, project, path, before, text, tuple(framework.test.findall(code)), notes, usage)


def _text_of(path: Path, desk: Desk) -> str | None:
    """As it is open in the editor, else as it lies on disk; None where there is no such file."""
    opened = next((each.text for each in desk.open_files if each.path == path), None)
    if opened is not None:
        return opened
    return (read(path) or "") if path.exists() else None
