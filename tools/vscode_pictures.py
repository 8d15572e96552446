"""Pictures of VS Code, as code-server shows it in a headless Chromium."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.provider import Provider
from tests.vscode import Code, code
from tools.shop import ANSWER, BETTER, EXPLANATION, FINDINGS, FOLLOW_UP, GHOST, LABEL, QUESTION, SOURCE

KEY = {"MISTRAL_API_KEY": "sk-of-a-picture"}
ROW_OF_NET = 6  # lines above the one that divides


def take(fake: Provider, folder: Path, pictures: Path) -> None:
    """All pictures of VS Code, into the folder `pictures`."""
    settings = {
        "infill.server.path": str(Path(sys.executable).parent / "infill"),
        "infill.backend": "mistral",
        "infill.base_url": fake.url,
    }
    with code(folder / "vscode", settings, KEY) as window:
        window.until_status("Infill: mistral")
        _ghost_text(fake, window, pictures)
        window.open("prices.py", f"{SOURCE.rstrip()}\n\n\n{LABEL}")
        window.press("Control+b", "Control+Home", *["ArrowDown"] * ROW_OF_NET)  # without the list of files
        _explanation(fake, window, pictures)
        window.press("Control+b")
        window.do("open", "prices.py")
        window.do("click", ".editor-instance .view-lines")
        window.press("Control+Home", *["ArrowDown"] * ROW_OF_NET)
        _refactoring(fake, window, pictures)
        _review(fake, window, pictures)


def _ghost_text(fake: Provider, window: Code, pictures: Path) -> None:
    fake.answers(ANSWER)
    window.open("shop.py", SOURCE)
    window.type("def gross(net: Decimal, rate: Decimal) -> Decimal:")
    window.press("Enter")
    window.until_ghost(GHOST)
    window.do("screenshot", str(pictures / "vscode.png"))
    window.do("click", ".statusbar-item:has-text('Infill')")
    window.until_asked("Snooze 10 minutes")
    window.do("screenshot", str(pictures / "vscode-menu.png"))
    window.press("Escape", "Escape")
    window.close_all()


def _explanation(fake: Provider, window: Code, pictures: Path) -> None:
    fake.says(EXPLANATION, FOLLOW_UP)
    window.command("Infill: Explain")
    window.until_explained("does at prices.py:11.")
    window.command("Infill: Ask a Follow-up Question")
    window.until_asked("a question about")
    window.type(QUESTION)
    window.press("Enter")
    window.until_explained("does not catch it.")
    window.until(lambda: not window.toasts(), "the end of the progress")
    window.do("screenshot", str(pictures / "vscode-explanation.png"))
    window.close_all()


def _refactoring(fake: Provider, window: Code, pictures: Path) -> None:
    fake.says(f"```python\n{BETTER}```")
    window.command("Infill: Change It as I Say…")
    window.until_asked("What shall be changed?")
    window.type("guard against a rate of -1")
    window.press("Enter")
    window.until_seen("Refactor Preview")
    window.do("wait", ".bulk-edit-panel .edit-checkbox")
    window.do("click", ".bulk-edit-panel .edit-checkbox")
    window.until(lambda: not window.toasts(), "the end of the progress")
    window.do("screenshot", str(pictures / "vscode-refactor.png"))
    window.do("click", ".bulk-edit-panel .monaco-button:has-text('Discard')")
    window.until_gone("Refactor Preview")


def _review(fake: Provider, window: Code, pictures: Path) -> None:
    fake.says(FINDINGS)
    window.command("Infill: Review the File")
    window.until_seen("infill review")
    window.until(lambda: "1 finding" in window.toasts(), "what came of it")
    window.do("click", ".editor-instance .view-lines")
    window.press("Control+Home", *["ArrowDown"] * ROW_OF_NET, "Control+.")
    window.do("wait", ".action-widget .monaco-list-row:has-text('Fix: ')")
    window.do("screenshot", str(pictures / "vscode-review.png"))
