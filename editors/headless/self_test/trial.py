"""One fault after the other against one real server process: what it showed, what it said, and whether it works again at once.

The session has a home of its own, a key that is a canary and a document that is another: neither may come back in anything that
the server says. It is asked by hand, as a user would who wonders, so no pause after a failure stands in between.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editors.headless.client import Client, RequestFailed, ServerGone
from editors.headless.scratch import Scratch
from editors.headless.self_test.endpoint import FaultServer, serving
from editors.headless.self_test.faults import ENDPOINT, QUOTES, Fault, healthy

KEY = "canary-key-of-the-self-test"
RECOVERED = "works_again"
PATIENCE = 20.0  # seconds for one answer, far more than any fault may take


@dataclass(frozen=True, slots=True)
class Verdict:
    """`wrong` says what did not hold, "" when all did; `said` is what the user was told."""

    fault: str
    wrong: str
    said: str = ""


async def trials(faults: Iterable[Fault]) -> AsyncIterator[Verdict]:
    """Starts the server once and yields a verdict for each fault. A server that ends is a verdict too, and the last."""
    with Scratch("self-test") as home, tempfile.TemporaryFile() as errors:
        async with serving(healthy(RECOVERED)) as endpoint:
            session = _Session(endpoint, Path(home))
            fault_name = "the start of the server"
            try:
                async with Client(
                    Path(home),
                    settings=session.settings({}),
                    errors=errors,
                    ledger=False,
                    environment=_environment(Path(home)),
                    hears=session.hears,
                ) as client:
                    for fault in faults:
                        fault_name = fault.name
                        yield await session.trial(client, fault)
            except (ServerGone, RequestFailed, TimeoutError) as error:
                yield Verdict(fault_name, f"the server did not answer: {error or 'too late'}")
            errors.seek(0)
            if KEY.encode() in (written := errors.read()) or QUOTES.strip().encode() in written:
                yield Verdict("the log", "it holds the key or the user's text")


class _Session:
    """The state of one editor: what it has open, and what it was told."""

    def __init__(self, endpoint: FaultServer, home: Path) -> None:
        self._endpoint, self._home = endpoint, home
        self._documents = 0
        self._popups: list[str] = []

    def settings(self, changes: Mapping[str, object]) -> dict[str, object]:
        at = self._endpoint.url.partition("://")[2]
        wanted = {"backend": "mistral", "base_url": ENDPOINT, "prefetch": False, "timeout_ms": 5_000, **changes}
        return {
            name: value.replace(ENDPOINT, self._endpoint.url).replace("{at}", at) if isinstance(value, str) else value
            for name, value in wanted.items()
        }

    def hears(self, method: str, params: Any) -> None:
        if method in ("window/showMessage", "window/showDocument"):
            self._popups.append(str(params))

    async def trial(self, client: Client, fault: Fault) -> Verdict:
        self._popups.clear()
        self._endpoint.answer = fault.answer
        if fault.settings:
            await client.configure(self.settings(fault.settings))
        shown = await self._ask(client)
        status = await client.request("infill/status", None)
        said = str(status["message"])
        self._endpoint.answer = healthy(RECOVERED)
        if fault.settings or fault.rests:
            await client.configure(self.settings({"timeout_ms": 5_000 + self._documents}))
        recovered = await self._ask(client)
        return Verdict(fault.name, "; ".join(self._wrong(fault, shown, status, recovered)), said)

    def _wrong(self, fault: Fault, shown: str, status: Mapping[str, Any], recovered: str) -> Iterable[str]:
        said = str(status["message"])
        if shown != fault.shows:
            yield f"it showed {shown!r} in place of {fault.shows!r}"
        if missing := [word for word in fault.said if word not in said]:
            yield f"the status says {said!r}, without {', '.join(missing)}"
        if bool(fault.said) != (status["health"] in ("warning", "error")):
            yield f"the status is {status['health']}: {said!r}"
        if KEY in said or QUOTES.strip() in said or "hunter2" in said:
            yield "the status tells the key, the password or the user's text"
        if self._popups:
            yield f"it popped up {len(self._popups)} times"
        if recovered != RECOVERED:
            yield f"afterwards a healthy endpoint was answered with {recovered!r}"

    async def _ask(self, client: Client) -> str:
        """The ghost text by hand in a document of its own, so that no cache answers."""
        self._documents += 1
        uri = (self._home / f"document_{self._documents}.py").as_uri()
        document = {"uri": uri, "languageId": "python", "version": 1, "text": f"{QUOTES}\n"}
        await client.notify("textDocument/didOpen", {"textDocument": document})
        place = {"line": 0, "character": len(QUOTES)}
        wanted = {"textDocument": {"uri": uri}, "position": place, "context": {"triggerKind": 1}}
        async with asyncio.timeout(PATIENCE):
            answer = await client.request("textDocument/inlineCompletion", wanted)
        await client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})
        items = answer["items"] if isinstance(answer, dict) else answer or []
        return str(items[0]["insertText"]) if items else ""


def _environment(home: Path) -> dict[str, str]:
    """Ours, with a home that is empty and a key that is none, and no proxy."""
    own = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().endswith("_PROXY") and not name.startswith(("INFILL_", "XDG_")) and "API_KEY" not in name
    }
    return {**own, "HOME": str(home), "XDG_RUNTIME_DIR": str(home), "MISTRAL_API_KEY": KEY}
