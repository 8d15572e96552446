"""The parts of the completion path, made from the settings in force. Imported after `initialize` was answered: it is heavy."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from backends.api import Infiller
from context.clock import Clock
from context.documents import Documents
from context.privacy import FimContext
from context.snapshot import Cursor
from lsp_server.api import Editor
from lsp_server.cache import Cache
from lsp_server.completer import Completer, Manner
from lsp_server.debounce import Rhythm
from lsp_server.eagerness import DIALS, Eagerness
from lsp_server.feedback import Feedback
from lsp_server.flight import Flights
from lsp_server.from_settings import limits, prompt_tokens, small_vocabulary
from lsp_server.gate import Gate
from lsp_server.settings import Settings
from lsp_server.showing import Screen
from lsp_server.status import StatusBoard
from lsp_server.usage import Ledger
from lsp_server.workbench import Workbench


@dataclass(frozen=True, slots=True)
class Folders:
    """Where Infill keeps what it learns and counts. None keeps nothing on disk."""

    cache: Path | None
    data: Path | None

    @classmethod
    def of_user(cls) -> Folders:
        import platformdirs

        return cls(
            platformdirs.user_cache_path("infill", appauthor=False),
            platformdirs.user_data_path("infill", appauthor=False),
        )


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a change of settings replaces, and what survives it: screen, rhythm and ledger."""

    backend: Infiller
    completer: Completer
    feedback: Feedback
    cache: Cache
    screen: Screen
    rhythm: Rhythm
    ledger: Ledger
    status: StatusBoard


def assemble(
    settings: Settings,
    backend: Infiller,
    bench: Workbench,
    documents: Documents,
    clock: Clock,
    editor: Editor,
    folders: Folders,
    before: Parts | None,
    *,
    mute: str = "",
) -> Parts:
    """The completion path for `settings` and `backend`. `before` is what they replace; its counts and its screen go on. `mute`
    is for the status: why nothing can be asked by hand."""
    dial = DIALS[Eagerness(settings.eagerness)]
    ledger = before.ledger if before else Ledger(folders.data / "usage.sqlite" if folders.data else None)
    rhythm = before.rhythm if before else Rhythm(clock)
    screen = before.screen if before else Screen()
    cache = before.cache if before else Cache(clock)
    feedback = before.feedback if before else Feedback(screen, ledger, clock, documents.get)
    status = StatusBoard(lambda: backend.card, editor.show_status, mute=mute)

    def spent() -> float:
        if not backend.card.origin or not (settings.daily_tokens or settings.daily_cost):
            return 0.0
        today = ledger.today()
        tokens = today.tokens / settings.daily_tokens if settings.daily_tokens else 0.0
        return max(tokens, today.cost / settings.daily_cost if settings.daily_cost else 0.0)

    gate = Gate(limits(settings), clock, excluded=bench.excluded, scope=bench.scope, spent=spent)
    manner = Manner(dial, max_tokens=settings.max_tokens, prefetch=settings.prefetch)

    async def gather(cursor: Cursor) -> FimContext:
        card = backend.card  # asked each time: a host may have been started meanwhile, or another one
        return await bench.gather(cursor, prompt_tokens(settings, card), small=small_vocabulary(card))

    completer = Completer(
        backend,
        gather,
        bench.view,
        manner,
        gate=gate,
        cache=cache,
        flights=Flights(clock),
        screen=screen,
        feedback=feedback,
        rhythm=rhythm,
        ledger=ledger,
        status=status,
        clock=clock,
    )
    return Parts(backend, completer, feedback, cache, screen, rhythm, ledger, status)
