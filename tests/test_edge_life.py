"""How the server starts and how it ends: exit codes, dead editors, signals, also while it is busy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.raw_client import PATIENCE, ROOT, SERVER, RawClient, frame, inline, replace

State = Callable[[RawClient], None] | None
NOT_INITIALIZED, INVALID_REQUEST, REQUEST_CANCELLED = -32002, -32600, -32800


def busy(client: RawClient) -> None:
    """200 requests that never end, each for its own document."""
    for number in range(200):
        client.open("wait", uri=f"file:///{number}")
        client.ask("textDocument/inlineCompletion", inline(0, 4, f"file:///{number}"))
    client.request("infill/status", None)


def blocked(client: RawClient) -> None:
    """The event loop itself is held up, as by a bug."""
    client.open("block")
    client.ask("textDocument/inlineCompletion", inline(0, 5))
    client.wait_until(lambda: b"blocked" in client.stderr)


def test_before_initialize_requests_are_refused_and_notifications_ignored() -> None:
    with RawClient(start=False) as client:
        client.notify("textDocument/didOpen", {"textDocument": {"uri": "file:///a", "text": "a", "version": 1}})
        assert client.request("textDocument/inlineCompletion", inline(0, 0))["error"]["code"] == NOT_INITIALIZED
        assert client.request("shutdown", None)["error"]["code"] == NOT_INITIALIZED
        assert client.request("initialize", {"capabilities": {}})["result"]["serverInfo"]["name"] == "infill"
        assert client.end() == 0


def test_initialize_without_capabilities_can_be_tried_again() -> None:
    with RawClient(start=False) as client:
        for params in (None, [], {}, {"capabilities": 5}):
            assert client.request("initialize", params)["error"]["code"] == -32602
        assert client.request("initialize", {"capabilities": {}})["result"]


def test_after_shutdown_requests_are_refused_and_what_waited_has_been_answered() -> None:
    with RawClient() as client:
        client.open("wait")
        waiting = client.ask("textDocument/inlineCompletion", inline(0, 4))
        assert client.request("shutdown", None)["result"] is None
        assert client.reply(waiting)["error"]["code"] == REQUEST_CANCELLED
        for method in ("shutdown", "initialize", "textDocument/inlineCompletion", "unknown"):
            assert client.request(method, {})["error"]["code"] == INVALID_REQUEST
        client.notify("exit", None)
        assert client.gone() == 0


def test_exit_without_shutdown_is_a_failure() -> None:
    with RawClient() as client:
        client.notify("exit", None)
        assert client.gone() == 1


def test_exit_before_initialize_is_a_failure() -> None:
    with RawClient(start=False) as client:
        client.notify("exit", None)
        assert client.gone() == 1


def test_all_in_one_write_is_answered_before_the_end() -> None:
    with RawClient(start=False) as client:
        messages: list[dict[str, object]] = [
            {"id": 1, "method": "initialize", "params": {"capabilities": {}}},
            {"id": 2, "method": "infill/status"},
            {"id": 3, "method": "shutdown"},
            {"method": "exit"},
        ]
        client.send(b"".join(frame({"jsonrpc": "2.0", **message}) for message in messages))
        assert client.process.stdin is not None
        client.process.stdin.close()
        assert "result" in client.reply(3)
        assert client.gone() == 0


@pytest.mark.parametrize("state", [None, busy, blocked])
def test_the_end_of_stdin_is_the_end(state: State) -> None:
    with RawClient() as client:
        if state is not None:
            state(client)
        assert client.process.stdin is not None
        client.process.stdin.close()
        client.gone()
        assert client.process.returncode == 1


def test_a_closed_stdout_is_the_end() -> None:
    with subprocess.Popen(SERVER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(frame({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}))
        process.stdout.read(1)
        process.stdout.close()
        process.stdin.write(frame({"jsonrpc": "2.0", "id": 2, "method": "infill/status"}))
        assert process.wait(PATIENCE) == 1


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (signal.SIGINT, None),
        (signal.SIGHUP, None),
        (signal.SIGTERM, None),
        (signal.SIGTERM, busy),
        (signal.SIGTERM, blocked),
    ],
)
def test_a_signal_is_a_clean_end(number: signal.Signals, state: State) -> None:
    with RawClient() as client:
        if state is not None:
            state(client)
        client.process.send_signal(number)
        client.gone()
        assert client.process.returncode == 1
        assert b"Traceback" not in client.stderr


@pytest.mark.parametrize("state", [None, blocked])
def test_the_death_of_the_editor_is_the_end_though_the_pipes_stay_open(state: State) -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as editor,
        RawClient(processId=editor.pid) as client,
    ):
        if state is not None:
            state(client)
        editor.kill()  # not waited for: a process that nobody has buried is dead too
        client.gone()
        assert client.process.returncode == 1


def test_an_editor_that_is_dead_from_the_start_is_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as editor:
        editor.wait()
        with RawClient(start=False) as client:
            client.request("initialize", {"processId": editor.pid, "capabilities": {}})
            client.gone()


STUCK = """
import asyncio, re
from lsp_server.watchdog import end_when_stuck

async def main():
    end_when_stuck(asyncio.get_running_loop(), 0.5)
    for turn in range(200):
        await asyncio.sleep(0)
        re.match("(a*)*b", "a" * 17 + "c")  # some 10 ms: 2 s of work in turns
    print("worked", flush=True)
    re.match("(a*)*b", "a" * 60)

asyncio.run(main())
"""


def test_a_search_that_holds_the_interpreter_for_ever_ends_the_process_and_much_work_does_not() -> None:
    command, environment = [sys.executable, "-P", "-c", STUCK], {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(command, env=environment, capture_output=True, timeout=120)
    assert ended.stdout == b"worked\n"
    assert ended.returncode == -signal.SIGPROF
    assert b"in main" in ended.stderr and b"aaaa" not in ended.stderr


def test_the_server_says_where_it_was_stuck() -> None:
    with RawClient() as client:
        client.process.send_signal(signal.SIGPROF)  # as the system does when the loop does not turn
        client.gone()
        assert client.process.returncode == -signal.SIGPROF
        assert b"most recent call first" in client.stderr


@pytest.mark.parametrize("command", [SERVER, [str(Path(sys.executable).with_name("infill")), "lsp"]])
def test_only_what_is_light_is_loaded_when_initialize_is_answered(
    command: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heavy = {"httpx2", "tree_sitter", "sqlite3", "numpy", "pathspec", "torch", "rich", "click", "keyring", "email"}
    heavy |= {"context.privacy", "lsp_server.session"}
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    with RawClient(command, start=False) as client:
        assert client.request("initialize", {"capabilities": {}})["result"]
        client.notify("exit", None)
        client.gone()
        loaded = {line.rpartition("|")[2].strip() for line in client.stderr.decode().splitlines()}
    assert "lsprotocol.types" in loaded
    assert loaded & heavy == set()


def test_code_in_the_working_directory_is_never_run(tmp_path: Path) -> None:
    for name in ("context", "backends", "pygls", "lsprotocol", "attrs", "editors"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('hostile code ran')")
    program = "import lsp_server.server, context.documents; print(context.documents.__file__)"
    for path in (None, f".:{ROOT}"):
        environment = {**os.environ, "PYTHONPATH": path} if path is not None else dict(os.environ)
        process = subprocess.run(
            [sys.executable, "-c", program],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        assert process.stdout.strip() == str(ROOT / "context" / "documents.py"), process.stderr


def test_layers_that_are_not_ours_are_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "context").mkdir()
    (tmp_path / "context" / "__init__.py").write_text("raise SystemExit('hostile code ran')")
    process = subprocess.run(
        [sys.executable, "-P", "-c", "import lsp_server"],
        cwd="/",
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert process.returncode == 1
    assert "Start it with the command `infill lsp`" in process.stderr


def test_no_text_and_no_key_is_logged_at_any_level() -> None:
    tests = str(ROOT / "tests")
    program = f"import sys; sys.path.insert(0, {tests!r}); import edge_server as s; s.main(s.EchoSession, log_level=1)"
    with RawClient([sys.executable, "-c", program], initializationOptions={"key": "canary-1"}) as client:
        client.open("x = 'canary-2'")
        client.change(replace((0, 0), (0, 0), "canary-3"), replace((9, 9), (0, 0), "canary-4"))
        client.change({"range": "canary-5", "text": 5})
        client.open("raise canary-6", uri="file:///b.py")
        client.ghost(0, 3)
        client.request("textDocument/inlineCompletion", inline(0, 14, "file:///b.py"))
        client.request("canary-7", {"canary-8": "canary-9"})
        client.request("workspace/executeCommand", {"command": "canary-10", "arguments": ["canary-11"]})
        client.send(frame(b'{"canary-12":') + frame(b'["canary-13"]') + b"canary-14\r\n\r\n")
        client.send(frame({"jsonrpc": "2.0", "id": "x", "error": {"code": 1, "message": "canary-15"}}))
        assert client.end() == 0
        assert b"ValueError" in client.stderr
        assert b"canary" not in client.stderr


def test_a_session_that_cannot_be_made_is_said_once_and_costs_empty_replies() -> None:
    program = "import lsp_server.__main__ as m\ndef factory(*_): raise OSError('canary')\nm.main(factory)"
    with RawClient([sys.executable, "-c", program]) as client:
        client.open("x")
        for _ in range(3):
            assert client.request("textDocument/inlineCompletion", inline(0, 1))["result"] is None
        assert [said["method"] for said in client.notified] == ["window/showMessage"]
        assert client.end() == 0
        assert b"canary" not in client.stderr
