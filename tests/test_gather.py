"""What reaches a model: the windows and the best excerpts, through the gate, the same from keystroke to keystroke."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from context.edits import EditLog
from context.found import Found
from context.gather import LIMIT, SOURCES, Budget, Desk, explain, gather
from context.privacy import MASK, FimContext, Gate
from context.snapshot import Cursor, Snapshot
from context.syntax import Trees
from tests.fake_clock import FakeClock
from tests.test_masking import token

OTHER = "def load_settings(path):\n    return parse_settings(path.read_text())\n"


def snap(root: Path, name: str, text: str) -> Snapshot:
    path = root / name
    return Snapshot(path.as_uri(), path, "python", 1, text)


def desk(root: Path, *open_files: Snapshot) -> Desk:
    return Desk((root,), open_files, EditLog(), Gate([root]), Trees(), None, FakeClock())


def check(text: str, on: Desk, *, tokens: int = 2000, deadline: float = 1e9) -> FimContext:
    """Gathers at the mark in a file `main.py`."""
    offset = text.index("‸")
    cursor = Cursor(snap(on.roots[0], "main.py", text.replace("‸", "")), offset)
    return asyncio.run(gather(cursor, on, Budget(tokens), deadline))


def test_another_open_file_is_shown(tmp_path: Path) -> None:
    got = check("settings = load_settings(‸)\nparse_settings\npath", desk(tmp_path, snap(tmp_path, "other.py", OTHER)))
    assert (got.path, got.prefix, got.suffix) == ("main.py", "settings = load_settings(", ")\nparse_settings\npath")
    assert [(excerpt.path, excerpt.text) for excerpt in got.excerpts] == [("other.py", OTHER)]


def test_secrets_are_masked_everywhere(tmp_path: Path) -> None:
    secret = token("ghp_{A36}", 1)
    text = f"key = '{secret}'\n‸\nkey2 = '{secret}'\nload_settings(path)\n"
    got = check(text, desk(tmp_path, snap(tmp_path, "other.py", OTHER + f"KEY = '{secret}'\n")))
    assert (
        secret not in repr(got)
        and got.prefix.count(MASK) == got.suffix.count(MASK) == 1
        and MASK in got.excerpts[0].text
    )


@pytest.mark.parametrize("name", [".env", "local/x.py", "closed/x.py"])
def test_a_closed_file_is_no_excerpt_though_it_is_open(tmp_path: Path, name: str) -> None:
    (tmp_path / ".gitignore").write_text("local/\n")
    (tmp_path / ".aiignore").write_text("closed/\n")
    got = check("load_settings(path)‸\nparse_settings", desk(tmp_path, snap(tmp_path, name, OTHER)))
    assert got.excerpts == () and got.left_out[0].path == name and "load" not in repr(got.left_out)


def test_nothing_of_a_closed_file_is_shown_in_itself(tmp_path: Path) -> None:
    (tmp_path / ".aiignore").write_text("main.py\n")
    got = check("load_settings(‸)", desk(tmp_path))
    assert (got.prefix, got.suffix, got.excerpts) == ("", "", ()) and ".aiignore" in got.left_out[0].reason


def test_sources_after_the_deadline_are_listed(tmp_path: Path) -> None:
    got = check("load_settings(‸)", desk(tmp_path, snap(tmp_path, "other.py", OTHER)), deadline=0.0)
    assert got.excerpts == () and {left.reason for left in got.left_out} == {"late"}


def test_a_source_that_takes_too_long_is_left_out_and_the_others_are_not(tmp_path: Path) -> None:
    on = desk(tmp_path, snap(tmp_path, "other.py", OTHER))
    cursor = Cursor(snap(tmp_path, "main.py", "load_settings(path)\nparse_settings\n"), 20)
    clock = on.clock
    assert isinstance(clock, FakeClock)

    def slow(cursor: Cursor, desk: Desk, around: object) -> Iterator[Found]:
        for first in range(10):
            clock.pass_by(LIMIT / 4)
            yield Found("open file", tmp_path / "slow.py", "", first, "saved_settings = load_settings(path)\n", 1.0)

    sources = (("slow", slow), *SOURCES)
    context, candidates = explain(cursor, on, Budget(2000), 0.15, sources)
    assert [(left.why, left.reason) for left in context.left_out] == [("slow", "late")]
    assert {candidate.path for candidate in candidates} == {"other.py"}
    context, candidates = explain(cursor, on, Budget(2000), float("inf"), sources)
    assert [left.reason for left in context.left_out] == ["took 150 ms: while one types it would be late"]
    assert {candidate.path for candidate in candidates} == {"other.py", "slow.py"}


def test_every_candidate_is_explained(tmp_path: Path) -> None:
    on = desk(tmp_path, snap(tmp_path, "a.py", OTHER), snap(tmp_path, "b.py", OTHER * 40))
    cursor = Cursor(snap(tmp_path, "main.py", "load_settings(path)\nparse_settings\n"), 20)
    context, candidates = explain(cursor, on, Budget(200), 1e9)
    assert len(context.excerpts) == 1
    assert {candidate.reason for candidate in candidates} == {"", "says nothing new"}
    assert {candidate.path for candidate in candidates} == {"a.py", "b.py"}


def test_the_prompt_stays_the_same_while_a_line_is_typed(tmp_path: Path) -> None:
    on = desk(tmp_path, snap(tmp_path, "a.py", OTHER), snap(tmp_path, "b.py", OTHER * 3))
    line = "settings = load_settings(parse_settings)"
    shown = [check(f"path = 1\n{line[:typed]}‸\nparse_settings\n", on) for typed in range(len(line))]
    assert len({context.excerpts for context in shown}) == len({context.suffix for context in shown}) == 1
    assert all(later.prefix.startswith(earlier.prefix) for earlier, later in itertools.pairwise(shown))


def test_removed_lines_are_shown_apart_and_with_secrets_masked(tmp_path: Path) -> None:
    secret, on = token("ghp_{A36}", 1), desk(tmp_path)
    for text in (f"a = 1\nload_settings(old_path, '{secret}')\nb = 2\n", "a = 1\n\nb = 2\n"):
        on.edits.see(snap(tmp_path, "main.py", text))
    got = check("a = 1\n‸\nb = 2\n", on)
    assert [(excerpt.path, excerpt.text) for excerpt in got.excerpts] == [
        ("main.py (removed lines)", f"load_settings(old_path, '{MASK}')\n")
    ]


def test_a_secret_that_a_window_cuts_is_masked_on_the_side_that_is_shown(tmp_path: Path) -> None:
    """In a line longer than the windows these begin and end anywhere; half a token has no format by which to know it."""
    secret = token("ghp_{A36}", 1)
    cut = 0
    for far in (*range(130, 200, 5), *range(330, 500, 11)):
        text = f"{'x ' * 2000}{secret} {'y' * far}‸{'z' * far} {secret}{' x' * 4000}"
        got = check(text, desk(tmp_path), tokens=450)
        shown = got.prefix + got.suffix
        cut += shown.count(MASK) == 1
        assert not any(secret[at : at + 8] in shown for at in range(len(secret) - 8)), far
    assert cut
