"""A backend that says what it is told to say: for tests, demos and benches."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence

from backends.api import Card, Done, FimRequest, Finish, Text, Usage
from backends.errors import BackendError
from context.clock import Clock

Step = Text | Done | BackendError | float | str
"""What to do next: yield a piece (a bare string is one), end, fail, or wait so many seconds."""


class ScriptedInfiller:
    """Plays `script` for every request, or what it returns for the request when it is a function.

    A script without a `Done` of its own ends with one. `requests` keeps what was asked, `open` how many streams are being
    read right now, so that a test sees whether a stream was closed.
    """

    def __init__(
        self,
        script: Sequence[Step] | Callable[[FimRequest], Iterable[Step]],
        clock: Clock,
        *,
        card: Card | None = None,
    ) -> None:
        self._script, self._clock = script, clock
        self._card = card or Card(name="scripted", model="script", sends=False, context_tokens=8192)
        self.requests: list[FimRequest] = []
        self.open = 0
        self.closed = False

    @property
    def card(self) -> Card:
        return self._card

    async def stream(self, request: FimRequest) -> AsyncGenerator[Text | Done, None]:
        self.requests.append(request)
        self.open += 1
        pieces = 0
        try:
            for step in self._script(request) if callable(self._script) else self._script:
                match step:
                    case float() | int():
                        await self._clock.sleep(step)
                    case BackendError():
                        raise step
                    case Done():
                        yield step
                        return
                    case str() | Text():
                        pieces += 1
                        yield Text(step) if isinstance(step, str) else step
            yield Done(Finish.STOP, Usage(completion=pieces, estimated=True))
        finally:
            self.open -= 1

    async def check(self) -> str:
        return "The scripted backend says what it is told."

    async def aclose(self) -> None:
        self.closed = True
