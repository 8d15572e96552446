"""The contract of `backends.api.Infiller`, held by every backend there is, built as the registry builds it.

A new backend is a row of `REMOTE` or `EMBEDDED` here. The remote ones talk to one loopback server that speaks all their
protocols; its replies are synthetic.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import psutil
import pytest

from backends import discovery
from backends.api import Done, Infiller, Text
from backends.discovery import Host
from backends.errors import BackendError, Unreachable
from backends.keys import Secret
from backends.registry import NAMES, SERVERS, BackendConfig, build
from backends.running_host import RunningHost
from backends.to_host import ToHost
from backends.wiring import Wiring
from context.clock import MonotonicClock
from context.privacy import Gate
from editors.headless.self_test.endpoint import LAST_CHUNK, Answer, Asked, chunk, event, head_of, reply, serving
from tests.requests import fim_request

PIECES = ("add", "(a, ", "b)")
LISTS: Mapping[str, object] = {
    "/v1/models": {"data": [{"id": "codestral-latest"}, {"id": "qwen2.5-coder"}]},
    "/props": {"model_path": "qwen2.5-coder.gguf", "default_generation_settings": {"n_ctx": 4096}},
    "/health": {"status": "ok"},
}
SHAPES: Mapping[str, Callable[[str, bool], object]] = {
    "/v1/fim/completions": lambda text, last: {
        "choices": [{"delta": {"content": text}, "finish_reason": "stop" if last else None}]
    },
    "/v1/completions": lambda text, last: {"choices": [{"text": text, "finish_reason": "stop" if last else None}]},
    "/infill": lambda text, last: {"content": text, "stop": last, "stop_type": "eos"},
}


def speaking(pause: float = 0.0) -> Answer:
    """A server of every protocol that completes with `PIECES`, `pause` seconds before each."""

    async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
        if asked.path.startswith("/infill/proof/"):
            await reply(200, discovery.proof(Secret("t"), asked.path.rpartition("/")[2]).join('""'))(asked, writer)
            return
        if asked.method == "GET":
            await (reply(200, LISTS[asked.path]) if asked.path in LISTS else reply(404))(asked, writer)
            return
        writer.write(head_of(200, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}))
        for each in PIECES:
            await asyncio.sleep(pause)
            writer.write(chunk(event(SHAPES[asked.path](each, each is PIECES[-1]))))
            await writer.drain()
        writer.write(chunk(event("[DONE]")) + LAST_CHUNK)

    return answer


class Bench:
    """Makes backends for one test, and ends them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.made: list[Infiller] = []

    def build(self, name: str, url: str = "", **settings: object) -> Infiller:
        backend = self._made(name, url, settings)
        self.made.append(backend)
        return backend

    def _made(self, name: str, url: str, settings: dict[str, object]) -> Infiller:
        if name == "host":
            runtime = self.folder / "run"
            runtime.mkdir(mode=0o700, exist_ok=True)
            port = int(url.rpartition(":")[2])
            discovery.announce(Host(os.getpid(), "tiny", 4096, port=port, token=Secret("t")), runtime)
            return RunningHost(ToHost(clock=MonotonicClock(), wiring=Wiring(connect=2, total=5), folder=runtime))
        named = {"model": "qwen2.5-coder"} if name in ("openai", "scripted") else {}
        config = BackendConfig(name, url, api_key=Secret("k"), **{**named, **settings})  # type: ignore[arg-type]
        return build(config, roots=(), gate=Gate(), clock=MonotonicClock(), store=self.folder / "store", environment={})


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "nothing runs here"))
    made = Bench(tmp_path)
    yield made
    for each in made.made:
        await each.aclose()


REMOTE = (*SERVERS, "host", "auto")
EMBEDDED = ("workspace", "scripted")


@asynccontextmanager
async def a_backend(name: str, bench: Bench, pause: float = 0.0) -> AsyncIterator[Infiller]:
    async with serving(speaking(pause)) as server:
        yield bench.build(name, server.url if name in REMOTE else "")


def sockets() -> int:
    return sum(1 for each in psutil.Process().net_connections("tcp") if each.status == "ESTABLISHED")


def test_every_backend_is_held_to_the_contract() -> None:
    assert sorted((*REMOTE, *EMBEDDED)) == sorted(NAMES)


@pytest.mark.parametrize("name", [*REMOTE, *EMBEDDED])
async def test_a_stream_is_pieces_that_are_not_empty_and_one_end(name: str, bench: Bench) -> None:
    async with a_backend(name, bench) as backend:
        *pieces, end = [each async for each in backend.stream(fim_request())]
        assert isinstance(end, Done)
        assert all(isinstance(each, Text) and each.text for each in pieces)
        if name in REMOTE:
            assert "".join(each.text for each in pieces if isinstance(each, Text)) == "".join(PIECES)


@pytest.mark.parametrize("name", [*REMOTE, *EMBEDDED])
async def test_streams_at_once_do_not_mix(name: str, bench: Bench) -> None:
    async with a_backend(name, bench, 0.001) as backend:

        async def text() -> str:
            return "".join([each.text async for each in backend.stream(fim_request()) if isinstance(each, Text)])

        assert len(set(await asyncio.gather(*(text() for _ in range(5))))) == 1


@pytest.mark.parametrize("name", REMOTE)
async def test_closing_a_stream_frees_its_connection(name: str, bench: Bench) -> None:
    async with a_backend(name, bench, 0.02) as backend:
        before = sockets()
        events = backend.stream(fim_request())
        assert await anext(events) == Text(PIECES[0])
        await events.aclose()
        await _until(lambda: sockets() <= before)


@pytest.mark.parametrize("name", REMOTE)
async def test_cancelling_passes_as_itself_and_frees_the_connection(name: str, bench: Bench) -> None:
    async with a_backend(name, bench, 5.0) as backend:
        before = sockets()

        async def ask() -> None:
            async for _ in backend.stream(fim_request()):
                pass

        task = asyncio.create_task(ask())
        await _until(lambda: sockets() > before)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await _until(lambda: sockets() <= before)


@pytest.mark.parametrize("name", REMOTE)
@pytest.mark.parametrize("to_the_end", [True, False])
async def test_a_stream_read_up_to_its_end_keeps_its_connection(name: str, to_the_end: bool, bench: Bench) -> None:
    async with serving(speaking()) as server:
        backend = bench.build(name, server.url)
        for _ in range(4):
            async with aclosing(backend.stream(fim_request())) as events:
                async for each in events:
                    if isinstance(each, Done) and not to_the_end:
                        break
        assert server.connections <= 2


@pytest.mark.parametrize("name", REMOTE)
async def test_a_server_that_is_not_there_is_said_with_its_mend(name: str, bench: Bench) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        backend = bench.build(name, f"http://127.0.0.1:{unused.getsockname()[1]}", failover=False)
        with pytest.raises(Unreachable) as caught:
            await anext(backend.stream(fim_request()))
        assert caught.value.what.endswith(".")
        assert caught.value.mend.endswith(".")
        with pytest.raises(BackendError):
            await backend.check()


@pytest.mark.parametrize("name", [*REMOTE, *EMBEDDED])
async def test_check_is_a_sentence_for_a_person(name: str, bench: Bench) -> None:
    async with a_backend(name, bench) as backend:
        sentence = await backend.check()
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert "None" not in sentence


@pytest.mark.parametrize("name", [*REMOTE, *EMBEDDED])
async def test_the_card_is_filled_in(name: str, bench: Bench) -> None:
    async with a_backend(name, bench) as backend:
        card = backend.card
        assert card.name == ("mistral" if name == "auto" else name)
        assert card.context_tokens > 0
        assert not card.sends
        assert card.origin.startswith("http://127.0.0.1:") or name in EMBEDDED


@pytest.mark.parametrize("name", [*REMOTE, *EMBEDDED])
async def test_closing_twice_is_closing_once(name: str, bench: Bench) -> None:
    async with a_backend(name, bench) as backend:
        assert [each async for each in backend.stream(fim_request())]
        await backend.aclose()
        await backend.aclose()


def test_building_a_backend_loads_no_http_and_opens_nothing() -> None:
    script = """if True:
        import sys
        from backends.registry import NAMES, BackendConfig, build
        from backends.keys import Secret
        from context.clock import MonotonicClock
        from context.privacy import Gate
        for name in NAMES:
            build(BackendConfig(name, api_key=Secret("k")), roots=(), gate=Gate(), clock=MonotonicClock(), environment={})
        print(sorted({"httpx2", "numpy", "sqlite3", "tree_sitter", "torch"} & sys.modules.keys()))
    """
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


async def _until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not reached():
            await asyncio.sleep(0.005)
