"""A session's actions over a scripted model, for tests: what is asked, what comes of it, and that no file is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from backends.api import ChatRequest
from backends.scripted_chat import ScriptedChatter, Step
from context.desk import Desk
from context.edits import EditLog
from context.privacy import Gate
from context.snapshot import Snapshot
from context.syntax import Trees
from lsp_server.actions.acts import Acts, Models
from lsp_server.usage import Ledger
from tests.fake_clock import FakeClock

ENDINGS = {"python": "py", "typescript": "ts", "go": "go", "rust": "rs", "plaintext": "txt"}


@dataclass
class Stage:
    """`acts` to try, the chatter that recorded what was asked, and the one document."""

    acts: Acts
    chatter: ScriptedChatter
    snapshot: Snapshot
    ledger: Ledger

    @property
    def asked(self) -> str:
        """Everything that left, in one string."""
        return "\n".join(message.text for request in self.chatter.requests for message in request.messages)

    def span(self, words: str) -> tuple[int, int]:
        start = self.snapshot.text.index(words)
        return start, start + len(words)


def stage(
    text: str,
    scripts: Sequence[Sequence[Step]] | Callable[[ChatRequest], Iterable[Step]],
    *,
    root: Path = Path("/project"),
    name: str = "",
    language: str = "python",
    exclude: Sequence[str] = (),
) -> Stage:
    path = root / (name or f"sample.{ENDINGS.get(language, language)}")
    snapshot = Snapshot(path.as_uri(), path, language, 7, text)
    clock, trees, gate = FakeClock(), Trees(), Gate([root], exclude=exclude)
    chatter, ledger = ScriptedChatter(scripts, clock), Ledger(None)

    def desk() -> Desk:
        return Desk((root,), (snapshot,), EditLog(), gate, trees, None, clock)

    return Stage(Acts(chatter, desk, clock, ledger, Models()), chatter, snapshot, ledger)


def block(code: str, language: str = "python") -> str:
    """The answer of a model that does as it was told."""
    return f"```{language}\n{code}\n```" if not code.endswith("\n") else f"```{language}\n{code}```"
