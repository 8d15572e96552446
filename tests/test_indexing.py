"""The worker process: fills the store, notices changes, obeys, and dies with its parent."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Awaitable, Sequence
from pathlib import Path

import psutil
import pytest

from context.filling import Filling
from context.index import Index
from context.index_store import connect, note_use, prune, store_file
from context.indexing import Indexing, Progress, _command
from context.privacy import Gate


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    for number in range(60):
        path = root / f"p{number % 5}" / f"m{number}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"def function_{number}():\n    return {number}\n")
    return root


async def ended(indexing: Indexing, *work: Awaitable[bool]) -> list[bool]:
    """What came of the work, after which the process is ended."""
    try:
        return await asyncio.gather(*work)
    finally:
        await indexing.stop()


def indexed(root: Path, told: list[Progress] | None = None, changed: Sequence[Path] = ()) -> Index:
    """A scan, or the taking in of single files."""
    index = Index(root.parent / "store", [root], Gate([root]))

    async def run() -> list[bool]:
        indexing = Indexing(index, [root], told=(told if told is not None else []).append)
        return await ended(indexing, indexing.changed(changed) if changed else indexing.scan())

    assert asyncio.run(run()) == [True]
    return index


def test_a_scan_takes_in_the_workspace_and_tells_how_far_it_is(root: Path) -> None:
    told: list[Progress] = [Progress()]
    index = indexed(root, told)
    assert len(index.paths()) == 60 and index.defined("function_59")
    assert told[-1] == Progress(60, 60)


def test_a_second_scan_takes_in_only_what_changed(root: Path) -> None:
    indexed(root)
    (root / "p1" / "m1.py").unlink()
    (root / "p2" / "m2.py").write_text("def renamed():\n    return 2\n")
    told = [Progress()]
    index = indexed(root, told)
    assert told[-1] == Progress(1, 1)
    assert index.defined("renamed") and not index.defined("function_1") and not index.defined("function_2")


def test_a_damaged_lock_is_made_anew(root: Path) -> None:
    folder = root.parent / "store"
    folder.mkdir()
    Path(f"{store_file(folder, [root])}.lock").write_bytes(b"noise" * 1_000)
    assert len(indexed(root).paths()) == 60


def test_single_files_are_taken_in_at_once(root: Path) -> None:
    indexed(root)
    path = root / "p1" / "m1.py"
    path.write_text("def fresh():\n    return 1\n")
    index = indexed(root, changed=[path])
    assert index.defined("fresh") and index.lately_changed() == [path]
    path.unlink()
    index = indexed(root, changed=[path])
    assert not index.defined("fresh") and index.lately_changed() == []


def test_a_saved_file_that_the_gate_closes_is_forgotten(root: Path) -> None:
    index = indexed(root)
    (root / ".aiignore").write_text("p1/\n")
    index = indexed(root, changed=[root / "p1" / "m1.py"])
    assert not index.defined("function_1") and index.defined("function_2")


def test_a_session_that_ends_during_a_scan_leaves_no_process(root: Path) -> None:
    before = set(psutil.Process().children())  # another test's editor may still be on its way out

    def started() -> set[psutil.Process]:
        return set(psutil.Process().children()) - before

    async def run() -> None:
        indexing = Indexing(Index(root.parent / "store", [root], Gate([root])), [root])
        task = asyncio.create_task(indexing.scan())
        while not started():  # It starts at no moment that can be awaited.
            await asyncio.sleep(0)
        await indexing.stop()
        assert not await task
        assert not started()

    asyncio.run(run())


def test_nothing_is_read_in_while_it_is_paused_and_nothing_is_lost(root: Path) -> None:
    path = root / "p0" / "fresh.py"

    async def run() -> Index:
        index = Index(root.parent / "store", [root], Gate([root]))
        indexing = Indexing(index, [root])
        await indexing.scan()
        indexing.pause()
        path.write_text("def fresh(): pass\n")
        change = asyncio.create_task(indexing.changed([path]))
        await asyncio.wait([change], timeout=0.3)
        assert not change.done() and not index.defined("fresh")
        indexing.resume()
        assert await ended(indexing, change) == [True]
        return index

    assert asyncio.run(run()).defined("fresh")


def test_a_scan_that_is_paused_before_it_starts_waits(root: Path) -> None:
    async def run() -> None:
        indexing = Indexing(Index(root.parent / "store", [root], Gate([root])), [root])
        indexing.pause()
        scan = asyncio.create_task(indexing.scan())
        await asyncio.wait([scan], timeout=0.5)
        assert not scan.done()
        indexing.resume()
        assert await ended(indexing, scan) == [True]

    asyncio.run(run())


def test_a_file_saved_during_a_scan_is_there_when_both_have_ended(root: Path) -> None:
    path = root / "p0" / "fresh.py"

    async def run() -> Index:
        index = Index(root.parent / "store", [root], Gate([root]))
        indexing = Indexing(index, [root])
        scans = [asyncio.create_task(indexing.scan()) for _ in range(3)]
        await asyncio.sleep(0)
        path.write_text("def fresh(): pass\n" + "x = 1\n" * 20_000)
        assert await ended(indexing, *scans, indexing.changed([path])) == [True] * 4
        return index

    index = asyncio.run(run())
    assert index.defined("fresh") and len(index.paths()) == 61


def test_two_servers_on_one_workspace_both_end_with_the_whole_index(root: Path) -> None:
    async def run() -> None:
        first, second = (Index(root.parent / "store", [root], Gate([root])) for _ in range(2))
        one, other = Indexing(first, [root]), Indexing(second, [root])
        both = asyncio.gather(ended(one, one.scan(), one.scan()), ended(other, other.scan()))
        assert await both == [[True, True], [True]]
        assert len(first.paths()) == len(second.paths()) == 60

    asyncio.run(run())


def test_a_store_that_breaks_under_the_worker_is_built_anew(root: Path) -> None:
    async def run() -> Index:
        index = Index(root.parent / "store", [root], Gate([root]))
        indexing = Indexing(index, [root])
        await indexing.scan()
        index.close()
        for ending in ("-wal", "-shm"):
            Path(f"{index.file}{ending}").unlink(missing_ok=True)
        index.file.write_bytes(b"not a database" * 9_000)
        assert index.paths() == [] or index.lost
        assert await ended(indexing, indexing.scan()) == [True]
        return index

    assert len(asyncio.run(run()).paths()) == 60


def test_indexes_of_folders_that_are_gone_are_removed_in_time(root: Path) -> None:
    folder = root.parent / "store"
    days = 86_400

    def made(name: str, workspace: Path, age: int) -> Path:
        file = folder / f"index-{name}.sqlite3"
        store = connect(file)
        note_use(store, file, [workspace])
        store.close()
        os.utime(file, (1_700_000_000 - age * days,) * 2)
        return file

    gone, kept = root.parent / "gone", [made("there", root.parent, 30), made("unplugged", root.parent / "gone", 3)]
    old = [made("gone", gone, 30), made("unused", root.parent, 200), folder / "index-5-broken.sqlite3"]
    old[2].write_bytes(b"of no version")
    os.utime(old[2], (1_600_000_000,) * 2)
    own = made("own", root, 0)
    prune(folder, own)
    assert [file.exists() for file in (*kept, own)] == [True] * 3
    assert [file.exists() for file in old] == [False] * 3


def test_the_worker_ends_when_its_parent_is_gone(root: Path) -> None:
    worker = subprocess.Popen(_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdin is not None and worker.stdout is not None
    asked = {"folder": str(root.parent / "store"), "roots": [str(root)], "exclude": []}
    worker.stdin.write(json.dumps(asked).encode() + b'\n{"do": "pause"}\n')
    worker.stdin.close()
    assert worker.wait(timeout=60) == 0
    worker.stdout.close()


def test_a_project_with_a_package_of_our_name_is_not_imported(root: Path) -> None:
    (root / "context").mkdir()
    (root / "context" / "__init__.py").write_text("raise SystemExit(3)\n")
    (root / "sitecustomize.py").write_text("raise SystemExit(3)\n")
    asked = {"folder": str(root.parent / "store"), "roots": [str(root)], "exclude": []}
    orders = json.dumps(asked).encode() + b'\n{"do": "scan", "number": 1}\n'
    with subprocess.Popen(_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=root) as worker:
        assert worker.stdin is not None and worker.stdout is not None
        worker.stdin.write(orders)
        worker.stdin.flush()
        assert any(b'"ended": 1' in line for line in worker.stdout)
        worker.stdin.close()
        assert worker.wait(timeout=60) == 0


def test_a_file_name_that_is_not_utf8_does_not_end_the_scan(root: Path) -> None:
    odd = root / os.fsdecode(b"caf\xe9.py")
    odd.write_text("def espresso(): pass\n")
    index = indexed(root)
    assert [found.definition.name for found in index.defined("espresso")] == ["espresso"]
    assert index.outline(odd) and index.stretches(odd)
    assert index.forget(odd)


def test_the_process_of_the_editor_reads_no_file_for_the_index(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("this is the worker's to do")

    for place in (
        "context.analysis.analyse",
        "context.index_rows.analyse",
        "context.walker.read",
        "context.filling.read",
    ):
        monkeypatch.setattr(place, forbidden)
    assert indexed(root).defined("function_1")
    assert indexed(root, changed=[root / "p1" / "m1.py"]).defined("function_1")


def test_a_workspace_of_too_many_files_says_so(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    cut: list[int] = []
    for place in ("context.filling.MOST_FILES", "context.walker.MOST_FILES"):
        monkeypatch.setattr(place, 60)
    filling = Filling(
        root.parent / "store", [root], (), told=lambda *step: told.append(step), cut=lambda: cut.append(1)
    )
    filling.scan()
    filling.close()
    assert cut == [1] and told[-1] == (60, 60)
