"""The embedded model as the server sees it: what it offers, when it stays silent, and how its process behaves."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from backends.api import Done, FimRequest, Learner, Text
from backends.workspace import building
from backends.workspace.backend import WorkspaceInfiller
from backends.workspace.index import load
from backends.workspace.lock import lock_of, only_one
from context.privacy import FimContext, Gate
from context.snapshot import Snapshot
from tests.fake_clock import FakeClock
from tests.marks import cursor_in


def infiller(root: Path) -> WorkspaceInfiller:
    return WorkspaceInfiller([], Gate([root]), root / "store", FakeClock())


async def answer(backend: WorkspaceInfiller, marked: str, *, floor: float = 0.0, language: str = "python") -> str:
    cursor = cursor_in(marked, language=language)
    gate = Gate()
    context = FimContext("sample.py", language, gate.clear(cursor.prefix), gate.clear(cursor.suffix))
    text, last = "", 1.0
    events = [event async for event in backend.stream(FimRequest(context, stop=("\n",), floor=floor))]
    assert isinstance(events[-1], Done)
    for event in events[:-1]:
        assert isinstance(event, Text) and event.text and event.confidence is not None
        assert floor <= event.confidence <= last
        text, last = text + event.text, event.confidence
    return text


REPEATED = """
def area(shape):
    for corner in shape.corners:
        yield corner.x * corner.y

def border(shape):
    for corner in shape.corners:
        yield corner.x + corner.y

def third(shape):
    for corner in ‸
"""


async def test_a_line_that_was_written_before_is_completed(tmp_path: Path) -> None:
    assert await answer(infiller(tmp_path), REPEATED) == "shape.corners:"


async def test_a_word_is_finished(tmp_path: Path) -> None:
    assert (await answer(infiller(tmp_path), REPEATED.replace("‸", "sha‸"))).startswith("pe.corners")


async def test_what_stands_after_the_cursor_is_not_said_again(tmp_path: Path) -> None:
    buffer = "\nprint(value)\nprint(value)\nprint(value)\nprint(‸)\n"
    assert await answer(infiller(tmp_path), buffer) == "value"


@pytest.mark.parametrize("buffer", ["x = 1  # a rem‸\n", '"""\nabout x\nab‸\n"""\n', "‸"])
async def test_in_comments_and_without_evidence_it_is_silent(tmp_path: Path, buffer: str) -> None:
    assert await answer(infiller(tmp_path), buffer) == ""


async def test_below_the_floor_it_is_silent(tmp_path: Path) -> None:
    assert await answer(infiller(tmp_path), "a = 1\nb = 2\nc = ‸\n", floor=0.9) == ""


async def test_an_unclosed_bracket_is_closed_once(tmp_path: Path) -> None:
    buffer = "\nx = call(first[0])\nx = call(first[0])\nx = call(first[‸\n"
    assert await answer(infiller(tmp_path), buffer) == "0])"


async def test_it_learns_from_other_open_files_and_forgets_them(tmp_path: Path) -> None:
    backend = infiller(tmp_path)
    assert isinstance(backend, Learner)
    other = tmp_path / "other.py"
    backend.observe(Snapshot(other.as_uri(), other, "python", 1, "window.refresh_all(now)\n" * 3))
    assert await answer(backend, "\nwindow.refresh_‸\n") == "all(now)"
    backend.forget(other)
    assert await answer(backend, "\nwindow.refresh_‸\n") == ""


async def test_an_excluded_file_is_not_learned(tmp_path: Path) -> None:
    backend = WorkspaceInfiller([], Gate([tmp_path], exclude=["private/"]), tmp_path / "store", FakeClock())
    other = tmp_path / "private" / "other.py"
    backend.observe(Snapshot(other.as_uri(), other, "python", 1, "window.refresh_all(now)\n" * 3))
    assert await answer(backend, "\nwindow.refresh_‸\n") == ""


def test_the_building_process_imports_nothing_of_the_project(tmp_path: Path) -> None:
    """A project with folders and modules named like ours is read, never run."""
    for name in ("context/__init__.py", "backends/__init__.py", "json.py", "numpy.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\n")
    target = tmp_path / "store" / "x.index"
    child = building.Build([tmp_path], (), target)
    assert child.wait(60) == 0
    child.end()
    assert not (tmp_path / "ran").exists()
    assert "numpy.py" in load(target).paths


def test_the_building_process_ends_with_its_parent(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    child = subprocess.Popen(
        [sys.executable, "-c", "import sys; from backends.workspace.building import main; main()"],
        stdin=subprocess.PIPE,
        cwd=Path(building.__file__).parents[2],
    )
    assert child.stdin is not None
    child.stdin.close()
    child.wait(timeout=60)


def test_of_two_servers_on_one_folder_the_second_takes_what_the_first_builds(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "other.py").write_text("window.refresh_all(now)\n")
    target = tmp_path / "store" / "x.index"
    target.parent.mkdir()
    with only_one(lock_of(target)):
        second = building.Build([project], (), target)
        building.refresh([project], Gate([project]), target)
        built = target.stat().st_ino
        assert second.running
    assert second.wait(60) == 0
    second.end()
    assert target.stat().st_ino == built


async def test_the_server_takes_up_the_index_when_it_is_built(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "other.py").write_text("window.refresh_all(now)\n" * 3)
    clock = FakeClock()
    backend = WorkspaceInfiller([project], Gate([project]), tmp_path / "store", clock)
    assert await answer(backend, "\nwindow.refresh_‸\n") == ""
    child = backend._child
    assert child is not None
    await asyncio.to_thread(child.wait, 60)
    await clock.advance(5)
    assert await answer(backend, "\nwindow.refresh_‸\n") == "all(now)"
    assert "1 files" in await backend.check()
    await backend.aclose()


async def test_a_switched_branch_is_read_again(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / ".git").mkdir(parents=True)
    (project / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (project / "other.py").write_text("window.refresh_all(now)\n" * 3)
    clock = FakeClock()
    backend = WorkspaceInfiller([project], Gate([project]), tmp_path / "store", clock)
    await settled(backend, clock)
    (project / "other.py").write_text("window.refresh_none(later, again)\n" * 3)
    (project / ".git" / "HEAD").write_text("ref: refs/heads/other\n")
    os.utime(project / ".git" / "HEAD", ns=(1, 1))
    await settled(backend, clock)
    assert await answer(backend, "\nwindow.refresh_‸\n") == "none(later, again)"
    await backend.aclose()


async def settled(backend: WorkspaceInfiller, clock: FakeClock) -> None:
    """Waits until the index is what is on disk now."""
    await clock.advance(5)
    await answer(backend, "x = ‸\n")
    child = backend._child
    assert child is not None
    await asyncio.to_thread(child.wait, 60)
    await clock.advance(5)
    await answer(backend, "x = ‸\n")


async def test_the_files_that_an_answer_comes_from_are_known(tmp_path: Path) -> None:
    backend = infiller(tmp_path)
    other = tmp_path / "other.py"
    backend.observe(Snapshot(other.as_uri(), other, "python", 1, "window.refresh_all(now)\n" * 3))
    context = FimContext("sample.py", "python", Gate().clear("\nwindow.refresh_"), Gate().clear("\n"))
    assert await backend.explain(FimRequest(context)) == [("other.py", 1.0)]


def test_importing_the_backend_does_not_load_numpy() -> None:
    program = "import sys, backends.workspace.backend; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=Path(building.__file__).parents[2]).returncode == 0
