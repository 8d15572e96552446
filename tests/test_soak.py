"""A minute of busy typing against a moody endpoint: nothing the process holds may grow. INFILL_SOAK_SECONDS asks for longer."""

from __future__ import annotations

import os
from pathlib import Path
from statistics import median

import pytest

from tests.shell import new_user
from tests.soak import soaking

SECONDS = float(os.environ.get("INFILL_SOAK_SECONDS", "60"))
MEGABYTE = 1024 * 1024
ALLOWED = (12 if SECONDS >= 600 else 30) * MEGABYTE
"""Caches of names and pieces fill in the first minutes, to some 40 MB in all; after them nothing may grow."""


@pytest.mark.timeout(SECONDS * 2 + 120)
def test_nothing_grows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    new_user(tmp_path, monkeypatch)
    monkeypatch.setenv("MISTRAL_API_KEY", "sk-of-the-soak")
    monkeypatch.setenv("INFILL_BASE_URL", "")  # given back after the test; `soaking` names the endpoint
    monkeypatch.setenv("SOAK_VITALS", str(tmp_path / "vitals"))
    with soaking(tmp_path / "project", seed=7) as soak:
        report = soak.run(SECONDS)
    quarter = max(1, len(report.vitals) // 4)
    early, late = report.vitals[quarter : 2 * quarter], report.vitals[-quarter:]
    growth = median(each.rss for each in late) - median(each.rss for each in early)
    with capsys.disabled():
        print(
            f"\nsoak: {report.steps} steps in {SECONDS:.0f} s, {len(report.waits)} requests answered, "
            f"p50 {1000 * report.wait_at(0.5):.0f} ms, p99 {1000 * report.wait_at(0.99):.0f} ms; "
            f"{late[-1].rss / MEGABYTE:.0f} MB ({growth / MEGABYTE:+.1f}), {late[-1].descriptors} descriptors, "
            f"{late[-1].threads} threads, {late[-1].tasks} tasks"
        )
    assert report.popups == 0
    assert growth < ALLOWED
    for held in ("descriptors", "threads", "tasks"):
        before, after = (median(getattr(each, held) for each in part) for part in (early, late))
        assert after <= before + 4, (held, before, after)
