"""The ledger of what left: every request that carries text is in it before it leaves, and no text is."""

from __future__ import annotations

import json
import os
import stat
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from backends.api import FimRequest
from backends.audit import LARGEST, AuditLog, Part
from backends.errors import BackendError, BadRequest
from backends.registry import SERVERS, BackendConfig, build
from backends.wiring import Wiring
from context.clock import MonotonicClock
from context.privacy import MASK, Excerpt, FimContext, Gate
from editors.headless.exits import Exit
from editors.headless.self_test.endpoint import reply, serving, stream
from tests.acting import block
from tests.chat_server import chat_server
from tests.provider import fim
from tests.shell import new_user, run

SECRET = "ghp_" + "a1B2c3D4e5" * 4


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def request_with_a_secret() -> FimRequest:
    gate = Gate()
    excerpt = Excerpt("other.py", gate.clear(f"token = '{SECRET}'"), "open files")
    return FimRequest(FimContext("src/ä.py", "python", gate.clear("total = "), gate.clear("\n"), (excerpt,)))


async def ask(name: str, url: str, audit: AuditLog) -> None:
    config = BackendConfig(name=name, base_url=url, model="codestral", fim_template="codestral", audit=audit)
    backend = build(config, roots=(), gate=Gate(), clock=MonotonicClock(), environment={})
    try:
        async for _ in backend.stream(request_with_a_secret()):
            pass
    except BackendError as error:
        if not isinstance(error, BadRequest) or "audit" not in str(error):
            return
        raise
    finally:
        await backend.aclose()


@pytest.mark.parametrize("name", SERVERS)
async def test_a_completion_is_booked_with_its_files_and_the_hash_of_what_left(name: str, tmp_path: Path) -> None:
    path = tmp_path / "data" / "audit.jsonl"
    async with serving(stream(fim("1"))) as server:
        await ask(name, server.url, AuditLog(path, wall=lambda: 12.5))
        [sent] = [asked for asked in server.asked if asked.method == "POST"]
    [line] = lines(path)
    assert (line["at"], line["backend"], line["destination"]) == (12.5, name, server.url)
    assert (line["bytes"], line["sha256"]) == (len(sent.body), sha256(sent.body).hexdigest())
    around, excerpt = line["parts"]
    assert (around["files"], around["bytes"], around["masks"]) == (["src/ä.py"], len("total = \n"), 0)
    assert around["sha256"] == sha256(b"total = \n").hexdigest()
    assert (excerpt["files"], excerpt["masks"]) == (["other.py"], 1)


async def test_neither_text_nor_secret_nor_mask_is_in_it(tmp_path: Path) -> None:
    async with serving(stream(fim("1"))) as server:
        await ask("mistral", server.url, AuditLog(tmp_path / "audit.jsonl"))
    kept = (tmp_path / "audit.jsonl").read_text()
    assert not any(text in kept for text in (SECRET, SECRET[4:], MASK, "total", "token ="))


async def test_a_request_that_is_refused_has_left_all_the_same(tmp_path: Path) -> None:
    async with serving(reply(401, {})) as server:
        await ask("mistral", server.url, AuditLog(tmp_path / "audit.jsonl"))
        assert len(lines(tmp_path / "audit.jsonl")) == len(server.asked) == 1


@pytest.mark.parametrize("name", SERVERS)
async def test_where_it_cannot_be_written_nothing_is_sent(name: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    async with serving(stream(fim("1"))) as server:
        with pytest.raises(BadRequest, match="nothing was sent") as caught:
            await ask(name, server.url, AuditLog(tmp_path / "file" / "audit.jsonl"))
        assert "infill audit" in caught.value.mend
        assert not [asked for asked in server.asked if asked.method == "POST"]


def test_a_full_disk_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open
    monkeypatch.setattr("backends.audit.os.open", lambda path, flags, mode=0o600: real("/dev/full", os.O_WRONLY))
    with pytest.raises(OSError):
        AuditLog(tmp_path / "audit.jsonl").record("mistral", "https://m.invalid", b"{}", ())


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "audit.jsonl").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        AuditLog(tmp_path / "audit.jsonl").record("mistral", "https://m.invalid", b"{}", ())
    assert not (tmp_path / "elsewhere").exists()


def test_it_is_the_users_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        AuditLog(tmp_path / "data" / "audit.jsonl").record("mistral", "https://m.invalid", b"{}", ())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "data" / "audit.jsonl").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700


def test_a_ledger_that_has_grown_large_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    path.write_bytes(b"{}\n" + b" " * LARGEST)
    AuditLog(path).record("mistral", "https://m.invalid", b"{}", (Part(("a.py",), "x"),))
    assert len(lines(path)) == 1
    assert (tmp_path / "audit.1.jsonl").stat().st_size > LARGEST


def test_wiring_of_completions_and_of_actions_has_it() -> None:
    audit = AuditLog(Path("nowhere"))
    config = BackendConfig(audit=audit)
    assert (config.wiring.audit, config.chat_wiring.audit, Wiring().audit) == (audit, audit, None)


class TestTheCommand:
    @pytest.fixture(autouse=True)
    def home(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        home = new_user(tmp_path, monkeypatch)
        Path("mean.py").write_text("def mean(values):\n    return sum(values)\n")
        return home

    def test_what_an_action_sent_is_shown_by_file(self, capsys: pytest.CaptureFixture[str]) -> None:
        with chat_server(block("def mean(values):\n    return 0\n")) as server:
            flags = ("--backend", "openai", "--base-url", server.url, "--set", "audit=true")
            code, _, err = run(capsys, "act", "refactor", "mean.py:2", "--say", "zero", *flags)
            assert (code, err) == (Exit.DONE, "")
        code, out, _ = run(capsys, "audit", "--set", "audit=true")
        assert code == Exit.DONE and f"{server.url}: mean.py" in out and "1 requests" in out
        code, out, _ = run(capsys, "audit", "--file", "other.py", "--set", "audit=true")
        assert (code, out) == (Exit.NOTHING, "")
        _, out, _ = run(capsys, "audit", "--json", "--set", "audit=true")
        assert json.loads(out)[0]["parts"][0]["files"] == ["mean.py"]

    def test_nothing_is_kept_where_nobody_asked_for_it(self, capsys: pytest.CaptureFixture[str], home: Path) -> None:
        with chat_server("It is zero.") as server:
            run(capsys, "act", "explain", "mean.py:2", "--backend", "openai", "--base-url", server.url)
        code, out, err = run(capsys, "audit")
        assert (code, out) == (Exit.NOTHING, "") and "`audit` is off" in err
        assert not list(home.rglob("audit*"))

    def test_a_line_that_a_crash_left_unfinished_is_passed_over(
        self, capsys: pytest.CaptureFixture[str], home: Path
    ) -> None:
        path = home / "data" / "infill" / "audit.jsonl"
        AuditLog(path).record("mistral", "https://m.invalid\x1b[2J", b"{}", (Part(("a.py",), "x"),))
        with path.open("a") as file:
            file.write('{"at": 1')
        code, out, _ = run(capsys, "audit")
        assert code == Exit.DONE and "1 requests" in out and "\x1b" not in out
