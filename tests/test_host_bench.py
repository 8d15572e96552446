"""`infill bench host` measures what it says, on a model small enough for a test."""

from __future__ import annotations

import json

import pytest

from backends.host import shapes
from editors.headless.cli import main

TINY = (32_000, 32, 64, 2, 4, 2, True)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "SHAPES", {"30M": TINY})


def test_every_measure_is_there_and_a_number(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = "--shape 30M --context 200 --tokens 8 --editors 1,3 --threads 1 --json"
    assert main(["bench", "host", *arguments.split()]) == 0
    found = json.loads(capsys.readouterr().out)
    host = found["host"]
    for times in (host["cold"], host["keystroke"], host["pass of 1"], host["pass of 5"], *found["generate"].values()):
        assert times["wall"] > 0
    assert host["editors 1"]["rate"] > 0
    assert host["editors 3"]["rate"] > 0
    assert 0 <= host["cancel writing"] < 5
    assert found["bytes_per_token"] == _expected(context=200)
    assert found["memory"] > 1e6


def _expected(context: int) -> int:
    """A byte for each weight of a linear layer, four for the norms', the keys' and the values'."""
    layer = 2 * 32 * 32 + 2 * 32 * 16 + 3 * 32 * 64
    norms, kept = 2 * 2 * 32 + 32, 2 * 2 * 16
    return 2 * layer + 32_000 * 32 + 4 * norms + 4 * kept * context


def test_the_table_can_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = "--shape 30M --context 100 --tokens 4 --editors 1 --threads 1 --weights fp32"
    assert main(["bench", "host", *arguments.split()]) == 0
    table = capsys.readouterr().out
    assert "first token after a key" in table
    assert "host, 1 at once" in table


def test_typists_are_counted_and_nobody_fails(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = "--shape 30M --typists 3 --seconds 1.5 --threads 1 --json"
    assert main(["bench", "host", *arguments.split()]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["errors"] == 0
    assert found["keys"] >= 6
    assert found["unfairness"] >= 1
