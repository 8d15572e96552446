"""Servers forked from one process: each begins knowing nothing, and the end of that process is said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from editors.headless.nursery import Nursery, Silent
from editors.headless.replays.sitting import Sitting
from editors.headless.stage import Stage, Timeline

NAMED = "zanzibar_count = 1\nzanzibar_count = zanzibar_count + 1\nprint(zanzibar_count)\n"


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    for name in ("project", "home"):
        (tmp_path / name).mkdir()
    with Nursery(tmp_path / "project", tmp_path / "home", indexed=True) as made:
        yield made


def offered(nursery: Nursery, root: Path, *, before: str) -> str:
    """What a server of its own offers after `zanz`, when it has seen another file with this text."""
    with Stage(nursery, Timeline(), lambda _url: ("--backend", "workspace")) as stage:
        sitting = Sitting(stage, root)
        sitting.open("a.py", "python", [before])
        sitting.close()
        sitting.open("b.py", "python", ["zanz"])
        sitting.put("zanz", "")
        ghost = sitting.look(by_hand=True).ghost
        return ghost.text if ghost else ""


def test_a_server_knows_nothing_of_the_one_before(nursery: Nursery, tmp_path: Path) -> None:
    root = tmp_path / "project"
    assert offered(nursery, root, before=NAMED).startswith("ibar_count")
    assert offered(nursery, root, before="") == ""


def test_where_servers_come_from_has_ended(nursery: Nursery) -> None:
    nursery.close()
    with pytest.raises(Silent):
        nursery.server(("--backend", "workspace"))
