"""One status for the whole server, with the reason and what to do: never a pop-up, never once per keystroke."""

from __future__ import annotations

from collections.abc import Callable

from backends.api import Card
from backends.errors import BackendError, RateLimited, TimedOut, Unreachable
from lsp_server.api import Health, Status


class StatusBoard:
    """What the status bar shows now. `show` drops a status that equals the one before; `card` is of whoever answers now;
    `mute` says why nobody can be asked by hand, "" where somebody can."""

    def __init__(self, card: Callable[[], Card], show: Callable[[Status], None], *, mute: str = "") -> None:
        self._card = card
        self._show = show
        self._mute = mute
        self._notice = ""  # what stays true while all else is well: a backend stepped in, a setting was refused
        self.now = Status(Health.READY, mute=mute)
        self.ready()

    def notice(self, sentence: str) -> None:
        """Shown until the next notice; an empty one says that all is well again."""
        self._notice = sentence
        self.ready()

    def thinking(self) -> None:
        if self.now.health is not Health.ERROR:
            self._set(Health.BUSY, self.now.message)

    def ready(self) -> None:
        self._set(Health.WARNING if self._notice else Health.READY, self._notice)

    def rested(self) -> None:
        """The last stream was given up: nothing new is known."""
        if self.now.health is Health.BUSY:
            self.ready()

    def paused(self, sentence: str) -> None:
        self._set(Health.WARNING, sentence)

    def off(self, sentence: str) -> None:
        self._set(Health.OFF, sentence)

    def failed(self, error: BackendError) -> None:
        passing = isinstance(error, RateLimited | TimedOut | Unreachable)
        self._set(Health.WARNING if passing else Health.ERROR, f"{error.what} {error.mend}")

    def _set(self, health: Health, message: str) -> None:
        card = self._card()
        self.now = Status(health, message, card.name, card.model, self._mute)
        self._show(self.now)
