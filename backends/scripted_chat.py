"""A backend that talks by a script: for tests and demonstrations."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Sequence

from backends.api import Calls, Card, ChatRequest, Done, Finish, Text, Usage
from backends.errors import BackendError
from context.clock import Clock

Step = Text | Calls | Done | BackendError | float | str
"""What to do next: yield a piece (a bare string is one), ask for tools, end, fail, or wait so many seconds."""


class ScriptedChatter:
    """Plays one script after another, the last one again and again, or what `script` returns for a request.

    A script without a `Done` of its own ends with one. `requests` keeps what was asked, `open` how many answers are being read.
    """

    def __init__(
        self, scripts: Sequence[Sequence[Step]] | Callable[[ChatRequest], Iterable[Step]], clock: Clock
    ) -> None:
        self._scripts, self._clock = scripts, clock
        self.requests: list[ChatRequest] = []
        self.open = 0

    def card(self, request: ChatRequest | None = None) -> Card:
        return Card(name="scripted", model="script", sends=False, context_tokens=32_768)

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Text | Calls | Done, None]:
        self.requests.append(request)
        self.open += 1
        pieces = 0
        try:
            for step in self._script(request):
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
                    case Calls():
                        yield step
            yield Done(Finish.STOP, Usage(completion=pieces, estimated=True))
        finally:
            self.open -= 1

    async def aclose(self) -> None:
        pass

    def _script(self, request: ChatRequest) -> Iterable[Step]:
        if callable(self._scripts):
            return self._scripts(request)
        return self._scripts[min(len(self.requests), len(self._scripts)) - 1] if self._scripts else ()
