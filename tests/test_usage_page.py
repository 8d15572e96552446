"""The page with plots of `infill usage`."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_server.usage import Asked, Ledger
from tests.shell import new_user, run


def test_a_page_with_plots_needs_no_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    new_user(tmp_path, monkeypatch)
    import platformdirs

    ledger = Ledger(platformdirs.user_data_path("infill", appauthor=False) / "usage.sqlite")
    at, day = ledger.stamp()
    for language in ("python", "<script>"):
        ledger.asked(Asked(at, day, "mistral", "codestral", language, 100, 10, 64, False, 0.001, 100.0, 400.0, "done"))
    ledger.flush()
    page = tmp_path / "pages" / "usage.html"
    assert run(capsys, "usage", "--by", "language", "--plot", str(page))[0] == 0
    text = page.read_text()
    assert text.count("<svg") == 5 and "<script" not in text and "default-src 'none'" in text
    assert "python" in text and "kept 30s" in text
