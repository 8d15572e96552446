"""What a run leaves out for want of a program, said at its end rather than as a row of skipped tests."""

from __future__ import annotations

import os

import pytest

LLAMA_SERVER = os.environ.get("INFILL_LLAMA_SERVER", "")

collect_ignore = [] if LLAMA_SERVER else ["test_llama_server.py"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name in collect_ignore:
        terminalreporter.write_line(f"left out: {name}, because INFILL_LLAMA_SERVER does not name a llama-server")
