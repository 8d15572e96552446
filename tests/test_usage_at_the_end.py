"""Some editors kill the server as soon as `shutdown` was answered: what is in the ledger by then stays."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.other_editors import accepted, asking, home
from tests.provider import provider
from tests.raw_client import RawClient

SERVER = [sys.executable, "-P", "-m", "lsp_server"]
CAPABILITIES = {"textDocument": {"inlineCompletion": {}}}


def test_an_acceptance_is_written_down_before_shutdown_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with provider() as fake:
        fake.answers("sum(values)")
        variables = {**home(tmp_path), **asking(fake)}
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        with RawClient(SERVER, capabilities=CAPABILITIES) as client:
            uri = (tmp_path / "project" / "sum.py").as_uri()
            client.open("total = ", uri)
            params = {
                "textDocument": {"uri": uri},
                "position": {"line": 0, "character": 8},
                "context": {"triggerKind": 1},
            }
            [item] = client.request("textDocument/inlineCompletion", params)["result"]["items"]
            client.request("workspace/executeCommand", {k: item["command"][k] for k in ("command", "arguments")})
            client.request("shutdown", None)
            assert accepted(variables) == 1
