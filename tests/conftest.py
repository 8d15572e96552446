"""What a run leaves out for want of a program or a library, said at its end rather than as a row of skipped tests."""

from __future__ import annotations

import importlib.util
import os

import pytest

WANTED = {
    # test file: what it needs, and whether that is there
    "test_llama_server.py": (
        "INFILL_LLAMA_SERVER does not name a llama-server",
        bool(os.environ.get("INFILL_LLAMA_SERVER")),
    ),
    "test_action_markdown.py": (
        "markdown-it-py is not installed: install the extra `dev` again",
        importlib.util.find_spec("markdown_it") is not None,
    ),
}

collect_ignore = [name for name, (_, there) in WANTED.items() if not there]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name in collect_ignore:
        terminalreporter.write_line(f"left out: {name}, because {WANTED[name][0]}")
