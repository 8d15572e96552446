"""docs/protocol.md names every method, reason and limit that the code has."""

from __future__ import annotations

import pytest

from context.documents import MAX_CHARACTERS
from lsp_server.api import Health
from lsp_server.frames import MAX_FRAME
from lsp_server.outcome import Reason
from lsp_server.server import NOTIFICATIONS, REQUESTS
from tests.raw_client import ROOT

PAGE = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("method", sorted({*REQUESTS, *NOTIFICATIONS}))
def test_every_method_is_described(method: str) -> None:
    scope, _, name = method.rpartition("/")
    assert f"`{method}`" in PAGE or (f"`{scope}/" in PAGE and f"`{name}`" in PAGE)


@pytest.mark.parametrize("words", [*Reason, *Health])
def test_every_reason_and_health_is_described(words: str) -> None:
    assert words in PAGE


def test_no_other_reason_is_described() -> None:
    table = PAGE.partition("\n## Why nothing is offered\n")[2].partition("| --- | --- |\n")[2]
    assert [line.split(" | ")[0].removeprefix("| ") for line in table.strip().splitlines()] == list(Reason)


def test_the_limits_are_those_of_the_code() -> None:
    assert f"{MAX_CHARACTERS:,} characters" in PAGE
    assert f"{MAX_FRAME // 1024**2} MB" in PAGE
