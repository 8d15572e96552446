"""The worker process: fills the store, notices changes, obeys, and dies with its parent."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from pathlib import Path

import psutil
import pytest

from context.index import Index
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


def indexed(root: Path, told: list[Progress] | None = None) -> Index:
    index = Index(root.parent / "store", [root], Gate([root]))
    assert asyncio.run(Indexing(index, [root], told=(told or []).append).scan())
    return index


def test_a_scan_takes_in_the_workspace_and_tells_how_far_it_is(root: Path) -> None:
    told: list[Progress] = [Progress()]
    index = indexed(root, told)
    assert len(index.paths()) == 60 and index.defined("function_59")
    assert told[-1] == Progress(60, 60) and len(told) > 2


def test_a_second_scan_takes_in_only_what_changed(root: Path) -> None:
    indexed(root)
    (root / "p1" / "m1.py").unlink()
    (root / "p2" / "m2.py").write_text("def renamed():\n    return 2\n")
    told = [Progress()]
    index = indexed(root, told)
    assert told[-1] == Progress(1, 1)
    assert index.defined("renamed") and not index.defined("function_1") and not index.defined("function_2")


def test_single_files_are_taken_in_at_once(root: Path) -> None:
    index = indexed(root)
    path = root / "p1" / "m1.py"
    path.write_text("def fresh():\n    return 1\n")
    asyncio.run(Indexing(index, [root]).changed([path]))
    assert index.defined("fresh")
    path.unlink()
    asyncio.run(Indexing(index, [root]).changed([path]))
    assert not index.defined("fresh")


def test_a_cancelled_scan_leaves_no_process(root: Path) -> None:
    async def run() -> None:
        index = Index(root.parent / "store", [root], Gate([root]))
        indexing = Indexing(index, [root])
        task = asyncio.create_task(indexing.scan())
        while not psutil.Process().children():  # It starts at no moment that can be awaited.
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not psutil.Process().children()

    asyncio.run(run())


@pytest.mark.parametrize("lines", [1, 20_000])
def test_a_change_while_a_scan_runs_and_a_long_file_are_left_to_the_worker(root: Path, lines: int) -> None:
    path = root / "p0" / "fresh.py"

    async def run() -> Index:
        index = Index(root.parent / "store", [root], Gate([root]))
        indexing = Indexing(index, [root])
        scan = asyncio.create_task(indexing.scan())
        while lines == 1 and indexing._process is None:
            await asyncio.sleep(0)
        if lines > 1:
            await scan
        path.write_text("def fresh(): pass\n" + "x = 1\n" * lines)
        taken_here: list[Path] = []
        index.put = lambda path, *_, **__: bool(taken_here.append(path))  # type: ignore[method-assign, func-returns-value]
        await indexing.changed([path])
        await scan
        assert not taken_here
        return index

    assert asyncio.run(run()).defined("fresh")


def test_the_worker_ends_when_its_parent_is_gone(root: Path) -> None:
    worker = subprocess.Popen(_command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert worker.stdin is not None and worker.stdout is not None
    asked = {"folder": str(root.parent / "store"), "roots": [str(root)], "exclude": []}
    worker.stdin.write(json.dumps(asked).encode() + b"\npause\n")
    worker.stdin.close()
    assert worker.wait(timeout=20) == 0
    worker.stdout.close()


def test_a_project_with_a_package_of_our_name_is_not_imported(root: Path) -> None:
    (root / "context").mkdir()
    (root / "context" / "__init__.py").write_text("raise SystemExit(3)\n")
    (root / "sitecustomize.py").write_text("raise SystemExit(3)\n")
    asked = {"folder": str(root.parent / "store"), "roots": [str(root)], "exclude": []}
    ended = subprocess.run(
        _command(), input=json.dumps(asked).encode() + b"\n", cwd=root, capture_output=True, timeout=60
    )
    assert ended.returncode == 0


def test_a_file_name_that_is_not_utf8_does_not_end_the_scan(root: Path) -> None:
    odd = root / os.fsdecode(b"caf\xe9.py")
    odd.write_text("def espresso(): pass\n")
    index = indexed(root)
    assert [found.definition.name for found in index.defined("espresso")] == ["espresso"]
    assert index.outline(odd) and index.stretches(odd)
    assert index.forget(odd)
