"""No connection, no trust, no patience: each failure before an answer as a named row with a real socket."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from backends.errors import (
    BackendError,
    BadReply,
    BadRequest,
    TimedOut,
    Unreachable,
)
from backends.keys import Secret
from backends.mistral import Mistral
from backends.wiring import Wiring
from context.clock import MonotonicClock
from editors.headless.self_test.endpoint import (
    Answer,
    Asked,
    endless,
    head_of,
    reply,
    serving,
    silence,
    stream,
)
from tests.mistral_asking import EVENT_STREAM, SOON, ask, failed, failed_at, piece
from tests.requests import fim_request
from tests.tls import Authority

IN_ALL = Wiring(connect=30, read=30, total=0.5)
"""However late the machine is with a single byte, the end comes from the time for all of them."""


class TestNoConnection:
    async def test_refused(self) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            await failed_at(f"http://127.0.0.1:{unused.getsockname()[1]}", Unreachable, "No connection")

    async def test_a_name_that_does_not_exist(self) -> None:
        await failed_at("http://no-such-host.invalid", Unreachable)

    async def test_a_listener_that_never_accepts(self) -> None:
        with socket.socket() as full, socket.socket() as first, socket.socket() as second:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            for filler in (first, second):
                filler.setblocking(False)
                filler.connect_ex(full.getsockname())
            await failed_at(f"http://127.0.0.1:{full.getsockname()[1]}", Unreachable, "0.4 s", wiring=SOON)

    async def test_a_unix_socket_that_is_not_there(self, tmp_path: Path) -> None:
        await failed_at("http://localhost", Unreachable, wiring=Wiring(socket=tmp_path / "none.sock"))


@pytest.mark.parametrize("key", ["two\nlines", "schlüssel", "half \udcff", "\ud83d"])
async def test_a_key_that_no_header_can_carry_is_said(key: str) -> None:
    async with serving(stream([piece("x", "stop")])) as server:
        mistral = Mistral(server.url, key=Secret(key), clock=MonotonicClock())
        with pytest.raises(BadRequest, match="visible ASCII") as caught:
            [each async for each in mistral.stream(fim_request(prefix=""))]
        assert key not in str(caught.value)
        assert server.asked == []
        assert Secret(key) == Secret(key)


class TestCertificates:
    async def test_of_an_unknown_authority(self, tmp_path: Path) -> None:
        async with serving(reply(), tls=Authority(tmp_path).server()) as server:
            await failed_at(server.url, Unreachable, "not trusted", "ca_file")
            assert server.asked == []

    async def test_of_a_company_whose_authority_is_given(self, tmp_path: Path) -> None:
        authority = Authority(tmp_path)
        async with serving(stream([piece("x", "stop")]), tls=authority.server()) as server:
            assert (await ask(server.url, Wiring(ca_file=str(authority.file))))[0] == "x"

    async def test_expired(self, tmp_path: Path) -> None:
        authority = Authority(tmp_path)
        async with serving(reply(), tls=authority.server(expired=True)) as server:
            await failed_at(server.url, Unreachable, "expired", wiring=Wiring(ca_file=str(authority.file)))

    async def test_for_another_name(self, tmp_path: Path) -> None:
        authority = Authority(tmp_path)
        async with serving(reply(), tls=authority.server("other.example")) as server:
            await failed_at(server.url, Unreachable, "not trusted", wiring=Wiring(ca_file=str(authority.file)))

    @pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
    async def test_of_an_old_protocol_version(self, tmp_path: Path) -> None:
        authority = Authority(tmp_path)
        old = authority.server()
        old.minimum_version, old.maximum_version = ssl.TLSVersion.MINIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_1
        async with serving(reply(), tls=old) as server:
            await failed_at(server.url, Unreachable, "secure", wiring=Wiring(ca_file=str(authority.file)))

    async def test_an_authority_file_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "ca.pem").write_text("not a certificate")
        await failed_at("https://127.0.0.1:9", BadRequest, "ca.pem", wiring=Wiring(ca_file=str(tmp_path / "ca.pem")))

    async def test_tls_asked_of_a_server_without(self) -> None:
        async with serving(reply()) as server:
            await failed_at(server.url.replace("http:", "https:"), Unreachable, wiring=SOON)

    async def test_plain_http_asked_of_a_server_with_tls(self, tmp_path: Path) -> None:
        async with serving(reply(), tls=Authority(tmp_path).server()) as server:
            await failed_at(server.url.replace("https:", "http:"), BadReply)


class TestProxies:
    async def test_requests_for_other_machines_go_through_it(self) -> None:
        async with serving(stream([piece("x", "stop")])) as proxy:
            text, _ = await ask("http://model.invalid", Wiring(proxy=proxy.url))
            assert (text, proxy.asked[0].path) == ("x", "http://model.invalid/v1/fim/completions")

    async def test_requests_for_this_machine_do_not(self) -> None:
        async with serving(reply()) as proxy, serving(stream([piece("x", "stop")])) as server:
            assert (await ask(server.url, Wiring(proxy=proxy.url)))[0] == "x"
            assert proxy.asked == []

    async def test_of_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        async with serving(stream([piece("x", "stop")])) as proxy:
            monkeypatch.setenv("http_proxy", proxy.url)
            monkeypatch.setenv("no_proxy", "other.invalid")
            assert (await ask("http://model.invalid"))[0] == "x"
            await failed_at("http://other.invalid", Unreachable)
            assert len(proxy.asked) == 1

    async def test_that_wants_a_password(self) -> None:
        await failed_through(reply(407), Unreachable, "407", "proxy")

    async def test_that_refuses_the_tunnel(self) -> None:
        await failed_through(reply(403), Unreachable, "proxy", url="https://model.invalid")

    async def test_that_is_down_is_named_without_its_password(self) -> None:
        said = await failed_at(
            "http://model.invalid", Unreachable, "127.0.0.1:9", wiring=Wiring(proxy="http://user:hunter2@127.0.0.1:9")
        )
        assert "hunter2" not in str(said)

    async def test_with_an_address_that_makes_no_sense(self) -> None:
        await failed_at("http://model.invalid", BadRequest, "proxy", wiring=Wiring(proxy="gopher://127.0.0.1"))


async def failed_through(answer: Answer, kind: type[BackendError], *words: str, url: str = "http://m.invalid") -> None:
    async with serving(answer) as proxy:
        await failed_at(url, kind, *words, wiring=Wiring(proxy=proxy.url))


class TestTooSlow:
    async def test_silence(self) -> None:
        await failed(silence, TimedOut, wiring=SOON)

    async def test_headers_that_drip(self) -> None:
        await failed(endless(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n", pause=0.05), TimedOut, "0.5 s", wiring=IN_ALL)

    async def test_a_body_that_drips_within_every_read_timeout(self) -> None:
        await failed(endless(head_of(200, EVENT_STREAM), b":", pause=0.05), TimedOut, "0.5 s", wiring=IN_ALL)

    async def test_silence_after_some_text(self) -> None:
        async def answer(asked: Asked, writer: asyncio.StreamWriter) -> None:
            writer.write(head_of(200, EVENT_STREAM) + piece("some"))
            await asyncio.Event().wait()

        await failed(answer, TimedOut, wiring=SOON)
