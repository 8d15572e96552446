"""The journal of a run: what a killed run leaves is gone on with, and figures are of what was answered, never of what failed."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from editors.headless.runs.figures import by, summary
from editors.headless.runs.journal import Journal, Unfit, read
from editors.headless.runs.measures import MEASURES, shown
from editors.headless.runs.progress import Progress
from editors.headless.runs.rows import Row
from editors.headless.runs.table import headline, table

PLAN = {"lines": 3, "seed": 1}
ROOT = Path(__file__).resolve().parent.parent


def row(name: str, right: bool = True, *, group: str = "", language: str = "python") -> Row:
    measures = {"EM": (float(right), 1.0)}
    return Row(name, group or name, {"language": language}, measures, {"time to visible": (12.5,)})


def failed(name: str) -> Row:
    return Row(name, name, failed="The server is gone.")


def test_a_row_is_the_same_after_reading() -> None:
    for one in (row("a"), failed("b")):
        assert Row.of_json(json.loads(json.dumps(one.as_json()))) == one


def test_an_unfinished_run_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Journal(path, PLAN, {"bench": "x"}) as journal:
        journal.add("one", [row("a"), row("b")])
        journal.add("two", [row("c"), failed("d")])
    with Journal(path, PLAN, {"bench": "x", "started": "later"}) as journal:
        assert journal.resumed == 1, "what failed is asked again"
        assert journal.has("one") and not journal.has("two") and not journal.has("three")
        assert "started" not in journal.about
        journal.add("two", [row("c"), row("d")])
        journal.finish({"rows": 4})
    found = read(path)
    assert [one.id for one in found.rows] == ["a", "b", "c", "d"] and not any(one.failed for one in found.rows)
    assert found.finished == {"rows": 4}


def test_a_line_cut_by_the_end_of_the_process_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Journal(path, PLAN, {}) as journal:
        journal.add("one", [row("a")])
        journal.add("two", [row("b")])
    whole = path.read_bytes()
    for cut in (1, 30, len(whole) - whole.index(b"\n") - 1):
        path.write_bytes(whole[:-cut])
        with Journal(path, PLAN, {}) as journal:
            assert journal.has("one") is (cut <= 30)
            journal.add("two", [row("b")])
        assert read(path).tasks["two"] == [row("b")]


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (b"print('something else')\n", "no file of a run"),
        (b'{"run":{"plan":{"lines":5,"seed":1}}}\n', "lines 5 where this one has 3"),
        (b'{"run":{"plan":{"lines":5,"seed":1}}}\n{"finished":{}}\n', "lines 5 where this one has 3"),
    ],
)
def test_what_is_not_ours_to_go_on_with_is_left_as_it_is(tmp_path: Path, before: bytes, words: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(before)
    with pytest.raises(Unfit, match=words):
        Journal(path, PLAN, {})
    assert path.read_bytes() == before


def test_a_finished_run_is_read_back_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Journal(path, PLAN, {}) as journal:
        journal.add("one", [row("a")])
        journal.finish({"rows": 1})
    before = path.read_bytes()
    with Journal(path, PLAN, {}) as journal:
        assert journal.finished and journal.has("one") and journal.rows == [row("a")]
        journal.finish({"rows": 1})
    assert path.read_bytes() == before


def test_again_replaces_a_run_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    with Journal(path, {"lines": 9}, {}) as journal:
        journal.add("one", [row("a")])
    with Journal(path, PLAN, {}, again=True) as journal:
        assert not journal.rows
    path.write_text("a letter\n")
    with pytest.raises(Unfit):
        Journal(path, PLAN, {}, again=True)
    assert path.read_text() == "a letter\n"


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    with Journal(tmp_path / "run.jsonl", PLAN, {}), pytest.raises(Unfit, match="another run"):
        Journal(tmp_path / "run.jsonl", PLAN, {})


WRITER = """
import sys
from pathlib import Path
from editors.headless.runs.journal import Journal
from editors.headless.runs.rows import Row
with Journal(Path(sys.argv[1]), {}, {}) as journal:
    for number in range(10_000_000):
        if not journal.has(str(number)):
            print("paid", number, flush=True)
            journal.add(str(number), [Row(str(number), str(number), {}, {"EM": (1, 1)})] * 50)
"""


def test_a_killed_process_loses_at_most_the_task_in_flight(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    paid: list[str] = []
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        paid += [process.stdout.readline() for _ in range(40)]
        os.kill(process.pid, signal.SIGKILL)
        paid += process.stdout.read().splitlines(keepends=True)
        process.wait()
    kept = read(path).tasks
    assert len(paid) - len(kept) <= 3 and len(set(paid)) >= len(paid) - 3
    assert list(kept) == [str(number) for number in range(len(kept))]


def test_what_failed_is_counted_and_in_no_average() -> None:
    found = summary([row("a"), row("b", False), failed("c")])
    (figure,) = found.figures
    assert (found.rows, found.failed, figure.rows, figure.value) == (3, 1, 2, 0.5)
    assert "1 of 3 questions failed; the figures are of the other 2." in headline(found, ())


def test_the_measures_that_matter_come_first_each_with_what_it_means() -> None:
    measures = dict.fromkeys(("RoCC", "EM, line start", "EM, mid-line", "ES, mid-line"), (1.0, 2.0))
    found = summary([Row("a", "g", {}, measures)])
    first = headline(found, ("RoCC", "EM, line start", "EM, mid-line", "no such")).splitlines()
    assert [line.split("  ")[0] for line in first if line[0] != " "][1:] == ["RoCC", "EM, line start", "EM, mid-line"]
    assert "accepted suggestions, of all characters written." in first[2]
    assert "Exact match" in first[4] and first[4].endswith("asked where a line is about to be written.")
    assert first[6].strip() == "The same, asked at a border between two tokens."
    assert "ES, mid-line" in table(found) and "ES" not in "".join(first)


def test_whole_groups_are_drawn_anew() -> None:
    """Ten questions of one commit are no ten commits: two groups that differ say next to nothing."""
    rows = [row(f"a{n}", group="a") for n in range(10)] + [row(f"b{n}", False, group="b") for n in range(10)]
    (wide,) = summary(rows).figures
    assert (wide.low, wide.value, wide.high) == (0.0, 0.5, 1.0)
    (narrow,) = summary([row(str(n), n % 2 == 0) for n in range(400)]).figures
    assert 0.44 < narrow.low < 0.5 < narrow.high < 0.56


def test_parts_are_told_apart() -> None:
    parts = by([row("a"), row("b", False, language="go"), row("c", language="go")], "language")
    assert {name: part.value("EM") for name, part in parts.items()} == {"go": 0.5, "python": 1.0}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("EM, mid-line", 0.257, "25.7"), ("cost per line", 0.00123, "0.00123"), ("tokens per line", 1234.5, "1234")],
)
def test_figures_are_written_in_their_unit(name: str, value: float, expected: str) -> None:
    assert shown(name, value) == expected


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal_only() -> None:
    for stream in (Terminal(), io.StringIO()):
        with Progress("lines", 2, stream=stream) as progress:
            progress.step()
            progress.step(failed=1)
        assert ("2 of 2 lines, 1 failed" in stream.getvalue()) is stream.isatty()
        assert stream.isatty() or not stream.getvalue()


def test_every_measure_is_explained_where_users_read() -> None:
    page = (ROOT / "docs" / "benches.md").read_text()
    assert [name for name in MEASURES if f"| {name} |" not in page] == []
    assert all(one.words.endswith(".") and one.unit in ("", "%", "$") for one in MEASURES.values())
