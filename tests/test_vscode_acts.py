"""What is asked of a model by hand, in a real VS Code: seen before anything is done, and nothing done that was not confirmed."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from editors.headless.self_test.endpoint import Answer, Asked, endless, head_of
from tests.acting import block
from tests.chat_requests import answer_of
from tests.provider import Provider, provider
from tests.vscode import Code, code

INFILL = Path(sys.executable).parent / "infill"
pytestmark = pytest.mark.timeout(400)  # a page of an editor, on a machine that does much else
NAMES = (f"mean{number}.py" for number in count())
TEXT = "import os\n\n\ndef mean(values):\n    return sum(values) / len(values)\n\n\nprint(mean([1]))\n"
BETTER = "def mean(values):\n    return sum(values) / max(len(values), 1)\n"
FIXED = TEXT.replace("len(values)", "max(len(values), 1)")
FINDING = {
    "quote": "sum(values) / len(values)",
    "severity": "warning",
    "category": "bug",
    "message": "Divides by zero.",
    "replacement": "sum(values) / max(len(values), 1)",
}
FINDINGS = json.dumps({"findings": [FINDING]})
PREVIEW = ".bulk-edit-panel"


@pytest.fixture(scope="module")
def fake() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture(scope="module")
def window(fake: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Code]:
    folder = tmp_path_factory.mktemp("code")
    project = folder / "project"
    project.mkdir()
    (project / "old.py").write_text("a = 1\n\n\n\n\n\n\n\n\n\nb = 2\n")
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "."], [*who, "commit", "-qm", "first"]):
        subprocess.run(["git", "-C", str(project), *words], check=True)
    settings = {"infill.server.path": str(INFILL), "infill.backend": "mistral", "infill.base_url": fake.url}
    with code(folder, settings, {"MISTRAL_API_KEY": "sk-test-of-vscode"}) as running:
        running.until_status("Infill: mistral")
        yield running


@pytest.fixture
def file(window: Code) -> Iterator[Path]:
    """Open, the cursor in its function; its editor is closed in the end, so that each test has the page to itself."""
    path = window.folder / next(NAMES)
    window.open(path.name, TEXT)
    window.press("Control+Home", *["ArrowDown"] * 4)
    yield path
    window.close_all()


def apply(window: Code) -> None:
    """Ticks what is proposed, and has it made."""
    window.until_seen("Refactor Preview")
    window.do("click", f"{PREVIEW} .monaco-list-row .edit-checkbox")
    window.do("click", f"{PREVIEW} .monaco-button:has-text('Apply')")


def simplify(window: Code) -> None:
    window.command("Infill: Refactor…")
    window.until_asked("which refactoring?")
    assert window.choose("Simplify")


def in_two_parts(first: str, second: str, go_on: threading.Event) -> Answer:
    """A streamed answer that stops half way until the test has seen the first part."""
    start, end = answer_of(first, "")[:1], answer_of(second)

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(head_of(200, {"Content-Type": "text/event-stream", "Connection": "close"}))
        writer.writelines(start)
        await writer.drain()
        await asyncio.to_thread(go_on.wait, 60)
        writer.writelines(end)
        await writer.drain()
        writer.close()

    return answer


def test_an_explanation_grows_beside_the_code_and_leads_back_to_it(window: Code, fake: Provider, file: Path) -> None:
    go_on = threading.Event()
    fake.says(in_two_parts(f"It divides, see {file.name}:4.\n", "\nA mean of nothing fails.\n", go_on))
    window.command("Infill: Explain")
    window.until_explained("It divides")
    assert "nothing fails" not in window.preview()
    window.until_told("Infill: explaining")  # with a way to cancel it
    go_on.set()
    window.until_explained("A mean of nothing fails.")
    window.until(lambda: "Infill: explaining" not in window.toasts(), "the end of the progress")
    window.do("follow", f"{file.name}:4")
    window.until_status("Ln 4, Col 1")
    fake.says("It raises an error.\n")
    window.do("click", ".tab:has-text('Explanation of')")
    window.do("click", ".editor-actions .action-label[aria-label*='Ask a Follow-up Question']")
    window.until_asked("a question about")
    window.type("What of none?")
    window.press("Enter")
    window.until_explained("It raises an error.")
    assert "What of none?" in window.preview()
    said = [(message["role"], message["content"]) for message in fake.talks[-1]["messages"]]
    assert [role for role, _ in said] == ["system", "user", "assistant", "user"]
    assert said[2][1] == f"It divides, see {file.name}:4.\n\nA mean of nothing fails.\n", (
        "as it was said, without our links"
    )
    assert said[3][1] == "What of none?"


def test_cancelling_ends_the_request_at_once(window: Code, fake: Provider, file: Path) -> None:
    head = head_of(200, {"Content-Type": "text/event-stream", "Connection": "close"})
    fake.says(endless(head, b": not yet\n\n", pause=0.05))
    before, dropped = len(fake.talks), fake.dropped
    window.command("Infill: Explain")
    window.until(lambda: len(fake.talks) > before, "the question")
    window.until_told("Infill: explaining")
    window.do("hover", ".notification-toast:has-text('Infill: explaining')")
    window.do("click", ".notification-toast:has-text('Infill: explaining') .monaco-button:has-text('Cancel')")
    window.until(lambda: fake.dropped > dropped, "the end of the connection")
    window.until_explained("It was cancelled.")


def test_a_refactoring_is_seen_and_then_made(window: Code, fake: Provider, file: Path) -> None:
    fake.says(block(BETTER))
    simplify(window)
    window.until_seen("Refactor Preview")
    assert file.read_text() == TEXT
    apply(window)
    window.until_saved(file.name, FIXED)


def test_a_refactoring_that_is_discarded_leaves_every_byte(window: Code, fake: Provider, file: Path) -> None:
    fake.says(block(BETTER))
    simplify(window)
    window.until_seen("Refactor Preview")
    window.do("click", f"{PREVIEW} .monaco-button:has-text('Discard')")
    window.until_gone("Refactor Preview")
    window.do("click", ".editor-instance .view-lines")
    assert window.count(".tab.dirty") == 0 and file.read_bytes() == TEXT.encode()


def test_a_wish_in_own_words_reaches_the_model(window: Code, fake: Provider, file: Path) -> None:
    fake.says(block(BETTER))
    window.command("Infill: Change It as I Say…")
    window.until_asked("What shall be changed?")
    window.type("Guard the empty case.")
    window.press("Enter")
    apply(window)
    window.until_saved(file.name, FIXED)
    assert fake.talks[-1]["messages"][1]["content"].endswith("Guard the empty case.")


def test_a_review_is_a_problem_with_a_quick_fix(window: Code, fake: Provider, file: Path) -> None:
    fake.says(FINDINGS)
    window.command("Infill: Review the File")
    window.until_seen("Divides by zero.")
    window.until_seen("infill review")
    window.do("click", ".editor-instance .view-lines")
    looks, row = count(), ".action-widget .monaco-list-row:has-text('Infill: Fix: Divides by zero.')"

    def offered() -> int:
        if next(looks) % 100 == 0:  # a list that opens before the editor knows the problem stays without its fix
            window.press("Escape", "Control+Home", *["ArrowDown"] * 4, "Control+.")
        return window.count(row)

    window.until(offered, "the fix in the list")
    window.do("click", row)
    apply(window)
    window.until_saved(file.name, FIXED)
    window.until_gone("Divides by zero.")  # its line is another now


def test_a_review_is_cleared_by_command(window: Code, fake: Provider, file: Path) -> None:
    fake.says(FINDINGS)
    window.command("Infill: Review the File")
    window.until_seen("Divides by zero.")
    window.command("Infill: Clear All Reviews")
    window.until_gone("Divides by zero.")


def test_what_changed_since_the_commit_is_reviewed(window: Code, fake: Provider, file: Path) -> None:
    finding = {**FINDING, "quote": "values = 1 / 0", "message": "Never works.", "replacement": None}
    fake.says(json.dumps({"findings": [finding]}))
    old = window.folder / "old.py"
    old.write_text(old.read_text() + "values = 1 / 0\n")
    window.command("Infill: Review What Changed Since the Last Commit")
    window.until_seen("Never works.")
    asked = fake.talks[-1]["messages"][1]["content"]
    assert "values = 1 / 0" in asked and "a = 1" not in asked and "mean" not in asked
    window.command("Infill: Clear All Reviews")


def test_tests_are_seen_and_then_written(window: Code, fake: Provider, file: Path) -> None:
    module = file.stem
    code = f"import unittest\n\nfrom {module} import mean\n\n\nclass MeanTest(unittest.TestCase):\n    def test_mean(self):\n"
    code += "        self.assertEqual(mean([1, 3]), 2)\n"
    fake.says(block(code))
    window.command("Infill: Write Tests")
    window.until_seen("Refactor Preview")
    made = window.folder / f"test_{module}.py"
    assert not made.exists()
    apply(window)
    window.until(lambda: made.exists(), "the new file")
    window.command("File: Save All Files")
    window.until(lambda: made.read_text() == code, "the tests in it")


def test_a_hostile_answer_changes_nothing_and_says_so(window: Code, fake: Provider, file: Path) -> None:
    evil = "import os\n\nos.remove('/tmp/x')\n\n\n" + TEXT.replace("print(mean([1]))", "os.system('true')")
    fake.says(block(evil))
    simplify(window)
    window.until_told("The model gave no edit that can be offered")
    assert "Refactor Preview" not in window.everything()
    fake.says(
        '![x](https://evil.example/KEY) <img src="https://evil.example/"> [go](command:workbench.action.quit) done'
    )
    window.command("Infill: Explain")
    window.until_explained("done")
    markup = str(window.do("preview", "markup"))
    assert "<img" not in markup and 'href="command:' not in markup and 'href="https:' not in markup
    assert file.read_bytes() == TEXT.encode() and "os.system" not in window.everything()


def test_the_context_menu_offers_them(window: Code, fake: Provider, file: Path) -> None:
    window.do("rightClick", ".editor-instance .view-lines")
    window.do("hover", ".monaco-menu .action-item:has-text('Infill')")
    for entry in ("Explain", "Refactor…", "Change It as I Say…", "Write Tests", "Review the File"):
        window.do("wait", f".monaco-menu .action-item:has-text('{entry}')")
    assert window.count(".monaco-menu .action-item:has-text('Review the Selection')") == 0
    window.press("Escape", "Escape")
