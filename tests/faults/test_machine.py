"""What a machine can do to a server: no room, no home, damaged caches, no descriptors, a working folder that is gone, a twin.

A real process each time; it must answer, say at most a few lines, and end in order. What is on disk afterwards must be whole.
"""

from __future__ import annotations

import compileall
import os
import random
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.raw_client import ROOT, RawClient, inline
from tests.shell import new_user

SERVER = [sys.executable, "-P", "-m", "editors.headless", "lsp", "--backend", "workspace"]
TEXT = "def price(order):\n    total = order.total\n    return total\n\n\ndef cost(order):\n    total = order.\n"
LIMITED = (
    "import os, resource, sys; resource.setrlimit({what}, ({most}, {most})); os.execv(sys.executable, sys.argv[1:])"
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = new_user(tmp_path, monkeypatch)
    for number in range(30):
        (tmp_path / "project" / f"module_{number}.py").write_text(TEXT * 5)
    return home


def limited(what: str, most: int) -> list[str]:
    """The server under a limit of the operating system."""
    return [sys.executable, "-c", LIMITED.format(what=f"resource.{what}", most=most), *SERVER]


def works(project: Path, command: list[str] = SERVER) -> bytes:
    """Types, asks and leaves; what was written to standard error. There must be an answer to everything and no traceback."""
    with RawClient(command, workspaceFolders=[{"uri": project.as_uri(), "name": "project"}]) as client:
        _asks(client, project)
        assert client.end() == 0
        assert b"Traceback" not in client.stderr
        assert client.stderr.count(b"\n") < 8, client.stderr.decode()
        return client.stderr


def _asks(client: RawClient, project: Path) -> None:
    uri = (project / "typed.py").as_uri()
    client.open(TEXT, uri)
    for kind in (2, 1):
        answer = client.request("textDocument/inlineCompletion", inline(6, 18, uri, kind))
        assert isinstance(answer["result"]["items"], list)
    assert client.request("infill/status", None)["result"]["health"] != "error"


def is_sound(path: Path) -> bool:
    """Whether a file of ours can be used again: a database that is one, anything else that is a file with something in it."""
    if path.suffix == ".index":
        return path.is_file() and path.stat().st_size > 100
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            table = "files" if path.parent.name == "index" else "sqlite_master"
            rows = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            return rows > 0 and connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    except sqlite3.Error:
        return False


def has_kept(home: Path, project: Path) -> list[Path]:
    """Every file that a user has after a while: the ledger, what the workspace model learnt, the index of the workspace."""
    folders = [{"uri": project.as_uri(), "name": "project"}]
    for backend, kept in (("workspace", "*.index"), ("llama_cpp", "*.sqlite3")):
        with RawClient([*SERVER[:-1], backend], workspaceFolders=folders) as client:
            client.open(TEXT, (project / "typed.py").as_uri())
            cache, until = home / "cache", time.monotonic() + 60
            while not any(map(is_sound, cache.rglob(kept))) and time.monotonic() < until:
                client.request("textDocument/inlineCompletion", inline(6, 18, (project / "typed.py").as_uri(), 2))
            assert any(map(is_sound, cache.rglob(kept))), kept
            assert client.end() == 0
    return [path for path in home.rglob("*") if path.is_file()]


def test_a_disk_without_room(home: Path) -> None:
    """No file may grow beyond 4 kB: every cache and ledger meets its end in the middle of a write."""
    for layer in ("context", "backends", "lsp_server", "editors"):  # else CPython keeps half a compiled module for good
        compileall.compile_dir(ROOT / layer, quiet=2)
    works(home.parent / "project", limited("RLIMIT_FSIZE", 4096))
    works(home.parent / "project")


def test_sixty_four_descriptors(home: Path) -> None:
    works(home.parent / "project", limited("RLIMIT_NOFILE", 64))


def test_a_home_that_is_a_file(home: Path) -> None:
    home.write_text("in the way\n")
    works(home.parent / "project")
    assert home.read_text() == "in the way\n"


def test_a_working_folder_that_is_gone(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    leave = "import os, shutil, sys; shutil.rmtree(os.getcwd()); os.execv(sys.executable, sys.argv[1:])"
    works(home.parent / "project", [sys.executable, "-c", leave, *SERVER])


def test_a_locale_that_knows_no_letters(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LC_ALL", "LANG"):
        monkeypatch.setenv(name, "C")
    monkeypatch.setenv("PYTHONUTF8", "0")
    (home.parent / "project" / "größe.py").write_text("größe = 1\n")
    works(home.parent / "project")


def noise(path: Path) -> None:
    path.write_bytes(random.Random(7).randbytes(5000))


def half(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [noise, half, empty])
def test_what_was_kept_and_is_damaged_is_made_anew(home: Path, damage: Callable[[Path], None]) -> None:
    project = home.parent / "project"
    for path in has_kept(home, project):
        damage(path)
    works(project)
    has_kept(home, project)
    works(project)
    assert is_sound(home / "data" / "infill" / "usage.sqlite")


def test_folders_stand_where_files_were(home: Path) -> None:
    for path in has_kept(home, home.parent / "project"):
        folder(path)
    works(home.parent / "project")


def test_two_servers_at_once(home: Path) -> None:
    project = home.parent / "project"
    folders = [{"uri": project.as_uri(), "name": "project"}]
    with RawClient(SERVER, workspaceFolders=folders) as one, RawClient(SERVER, workspaceFolders=folders) as other:
        for client in (one, other, one, other):
            _asks(client, project)
        assert (one.end(), other.end()) == (0, 0)
        assert b"Traceback" not in one.stderr + other.stderr


def test_the_cache_vanishes_while_it_runs(home: Path) -> None:
    project = home.parent / "project"
    with RawClient(SERVER, workspaceFolders=[{"uri": project.as_uri(), "name": "project"}]) as client:
        _asks(client, project)
        shutil.rmtree(home)
        _asks(client, project)
        assert client.end() == 0
        assert b"Traceback" not in client.stderr


def test_everything_kept_is_the_users_alone(home: Path) -> None:
    before = os.umask(0)
    try:
        works(home.parent / "project")
    finally:
        os.umask(before)
    modes = {path: path.stat().st_mode & 0o077 for path in home.rglob("*")}
    assert modes and not [path for path, mode in modes.items() if mode]
