"""The report of runs is one page that fetches nothing, runs nothing, and says what failed."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from editors.headless.exits import Exit, Stop
from editors.headless.runs.report import html, names_of, write
from editors.headless.runs.rows import Row
from tests.shell import new_user, run

ABOUT = {"bench": "replay", "command": ["infill", "bench"], "plan": {"backend": "workspace", "settings": {}}}
NASTY = "<script>alert(1)</script>"


def rows(share: float = 0.5, cost: float = 0.001) -> list[Row]:
    chance = random.Random(1)
    return [
        Row(
            str(number),
            str(number // 3),
            {"language": "go" if number % 2 else "python", "part": "tests" if number % 5 else "source"},
            {
                "RoCC": (chance.random() * share, 1.0),
                "EM, mid-line": (float(chance.random() < share), 1.0),
                "coverage": (float(chance.random() < 0.4), 1.0),
                "precision": (float(chance.random() < share), 1.0),
                "cost per line": (cost, 1.0),
            },
            {"time to visible": (20 + 100 * chance.random(),)},
        )
        for number in range(60)
    ]


def test_a_page_fetches_nothing_and_runs_nothing() -> None:
    found = html([(ABOUT, rows())])
    assert not re.findall(r"<script|<link|<img|<iframe|src=|@import|url\((?!#)", found)
    addresses = set(re.findall(r"https?://[^\s\"'<)]+", found))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "default-src 'none'" in found and found.count("<svg") >= 4
    assert "RoCC" in found and "Ratio of completed code" in found


def test_the_same_runs_give_the_same_page() -> None:
    assert html([(ABOUT, rows())]) == html([(ABOUT, rows())])


def test_what_failed_stands_on_top_and_is_escaped() -> None:
    about = {**ABOUT, "plan": {"backend": NASTY}}
    found = html([(about, [*rows(), Row("x", "x", {"language": NASTY}, failed="gone")])])
    assert "1 of 61 questions failed. The figures are of the other 60." in found and NASTY not in found


def test_runs_are_named_by_what_tells_them_apart() -> None:
    plans = [
        {"backend": "workspace", "lines": 3},
        {"backend": "workspace", "lines": 3, "settings": {"eagerness": "high"}},
    ]
    assert names_of([{"plan": plan} for plan in plans]) == ["workspace", "workspace eagerness=high"]
    assert names_of([{"plan": plans[0]}, {"plan": plans[0]}]) == ["workspace", "workspace (2)"]


def test_several_runs_are_compared_on_cost_and_quality() -> None:
    other = {**ABOUT, "plan": {"backend": "mistral", "settings": {}}}
    found = html([(ABOUT, rows(cost=0.0)), (other, rows(0.7))])
    assert "Cost against quality" in found and "2 runs of replay" in found


def test_a_report_without_its_libraries_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jinja2", None)
    with pytest.raises(Stop, match=r"install .*\[report\]"):
        write(tmp_path / "report.html", [(ABOUT, rows())])
    assert not (tmp_path / "report.html").exists()


@pytest.mark.parametrize("argv", [("usage", "--plot", "page.html"), ("bench", "selftest", "--report", "page.html")])
def test_missing_libraries_are_said_before_any_work(
    argv: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new_user(tmp_path, monkeypatch)
    monkeypatch.setitem(__import__("sys").modules, "pygal", None)
    code, out, err = run(capsys, *argv)
    assert (code, out) == (Exit.USAGE, "") and "needs pygal" in err and "[report]" in err
