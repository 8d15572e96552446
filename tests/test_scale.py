"""A large and unfriendly workspace: typing stays answered while it is read, and the index is right afterwards."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from context.index import Index
from context.privacy import Gate
from tests.provider import provider
from tests.raw_client import RawClient

FILES = 1_000
SERVER = [sys.executable, "-P", "-m", "editors.headless", "lsp"]
TEXT = "def main(values):\n    total = \n    return total\n\nmid = wordinthemiddle\n"
PATIENCE = 240.0
"""Seconds for the index, which is read at the lowest priority on a machine that may have other work."""


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "commit.gpgsign=false", "-c", "gc.auto=0")
    subprocess.run(["git", "-C", str(root), *who, *arguments], check=True, capture_output=True)


def write(root: Path, word: str) -> None:
    for number in range(FILES):
        path = root / f"p{number // 100}" / f"m{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"def {word}_{number}(argument):\n    return argument + {number}\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two branches that differ in every file, and around them what is found on real disks."""
    root = tmp_path / "work"
    root.mkdir()
    git(root, "init", "-q", "-b", "old")
    write(root, "before")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "old")
    git(root, "checkout", "-qb", "new")
    write(root, "after")
    (root / "p0" / "m0.py").unlink()
    git(root, "commit", "-qam", "new")
    git(root, "checkout", "-q", "old")
    (root / "loop").symlink_to(root)
    (root / "p0" / "up").symlink_to("..")
    (root / "dark").mkdir(mode=0o000)
    (root / "invalid.py").write_bytes(b"def broken(): return '\xff\xfe\xc3'\n")
    for name in ("huge.log", "huge.py"):
        with (root / name).open("wb") as file:
            file.truncate(50_000_000)
    (root / "one_line.py").write_text("x = [" + "1, " * 300_000 + "]\n")
    return root


class Typist:
    """Asks the real server again and again, and takes the processor time that the server's process spends on it."""

    def __init__(self, client: RawClient, uri: str) -> None:
        self._client, self._uri = client, uri
        self.milliseconds: list[float] = []
        client.open(TEXT, uri=uri)
        self.ask(1, 12, 1)  # brings the answer that is there from now on
        self.milliseconds.clear()

    def ask(self, line: int, character: int, kind: int) -> None:
        place = {"textDocument": {"uri": self._uri}, "position": {"line": line, "character": character}}
        began = self._spent()
        reply = self._client.request("textDocument/inlineCompletion", {**place, "context": {"triggerKind": kind}})
        self.milliseconds.append(1000 * (self._spent() - began))
        assert "result" in reply

    def until(self, happened: Iterator[bool]) -> None:
        """Asks for what is known and for what is refused, in turns, until it has happened."""
        over = time.monotonic() + PATIENCE
        for done in happened:
            if done:
                return
            assert time.monotonic() < over, "the index was not read in time"
            self.ask(1, 12, 1)
            self.ask(4, 10, 2)

    def _spent(self) -> float:
        return time.clock_gettime((~self._client.process.pid << 3) | 2) if sys.platform == "linux" else 0.0


def reading(store: Path, root: Path, word: str, count: int) -> Iterator[bool]:
    """Whether the stored index has the definitions of one branch and none of the other."""
    index = Index(store, [root], Gate([root]))
    try:
        while True:
            right = index.defined(f"{word}_{FILES - 1}") and index.defined(f"{word}_1")
            yield bool(right) and len(index.paths()) == count
    finally:
        index.close()


def test_typing_is_answered_while_a_large_workspace_is_read_and_after_a_branch_switch(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    store = tmp_path / "cache" / "infill" / "index"
    with provider() as asked:
        asked.answers("sum(values)")
        options = {"settings": {"backend": "mistral", "base_url": asked.url, "prefetch": False}, "api_key": "test"}
        start = {"rootUri": root.as_uri(), "workspaceFolders": [{"uri": root.as_uri(), "name": "work"}]}
        named = {"clientInfo": {"name": "Neovim"}}  # whose number for an explicit request is known
        capabilities = {"textDocument": {"inlineCompletion": {}}, "window": {"workDoneProgress": True}}
        with RawClient(
            SERVER, capabilities=capabilities, initializationOptions={**options, "ledger": False}, **start, **named
        ) as client:
            typist = Typist(client, (root / "p0" / "open.py").as_uri())
            typist.until(reading(store, root, "before", FILES + 1))
            git(root, "checkout", "-q", "new")
            asked_before = asked.asked
            client.change({"text": TEXT + "\n"}, uri=(root / "p0" / "open.py").as_uri())
            typist.until(reading(store, root, "after", FILES))
            times = sorted(typist.milliseconds)
            assert asked.asked <= asked_before + 1, "what is known was asked for again"
    index = Index(store, [root], Gate([root]))
    assert not index.defined("before_1") and index.defined("broken") and not index.defined("after_0")
    assert not any("huge" in path or "loop" in path or "up/" in path for path in index.paths())
    assert times[int(len(times) * 0.99)] < 20, f"{len(times)} answers, the slowest took {times[-1]:.1f} ms"
