"""What a run leaves out for want of a program or a library, said at its end rather than as a row of skipped tests."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.editors_found import EMACS, HELIX, VIM, has_vscode, missing_runners, neovims

# A machine that does much else takes a second for what it did in a millisecond; nothing is wrong with the example then.
settings.register_profile("any-machine", parent=settings.default, deadline=None)
settings.load_profile("any-machine")

NEOVIMS = neovims()
TERMINAL = importlib.util.find_spec("pyte") is not None
NEEDED = ("torch", "transformers", "starlette", "uvicorn", "pydantic", "prometheus_client", "llguidance")
HOST = all(importlib.util.find_spec(name) is not None for name in NEEDED)
REPORT = all(importlib.util.find_spec(name) is not None for name in ("jinja2", "pygal"))


def _is_here(library: str) -> bool:
    return importlib.util.find_spec(library) is not None


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
    **dict.fromkeys(
        ("test_bench_report.py", "test_usage_page.py"),
        ("jinja2 or pygal is not installed: install the extra `dev` again", REPORT),
    ),
    "test_cli_shell.py": (
        "shtab is not installed: install Infill again",
        importlib.util.find_spec("shtab") is not None,
    ),
    "test_neovim.py": ("there is no Neovim to drive: see CONTRIBUTING.md", bool(NEOVIMS)),
    "test_neovim_actions.py": ("there is no Neovim to drive: see CONTRIBUTING.md", bool(NEOVIMS)),
    "test_neovim_native.py": ("there is no Neovim 0.12: run tools/setup_editors.sh", "latest" in NEOVIMS),
    "test_helix.py": ("there is no Helix: run tools/setup_editors.sh others", HELIX.exists() and TERMINAL),
    "test_emacs.py": ("there is no Emacs: run tools/setup_editors.sh others", EMACS.exists() and TERMINAL),
    "test_vim_ale.py": ("there is no Vim with ALE: run tools/setup_editors.sh others", VIM.exists() and TERMINAL),
    **{
        path.name: ("it takes minutes: run tools/setup_editors.sh vscode, then set INFILL_TEST_VSCODE=1", has_vscode())
        for path in sorted(Path(__file__).parent.glob("test_vscode*.py"))
    },
    **{
        path.name: ("the model host's libraries are not installed: pip install -e '.[dev,host]'", HOST)
        for path in sorted(Path(__file__).parent.glob("test_host_*.py"))
    },
    **{
        name: (f"{library} is not installed: pip install -e '.[dev,host,host-test,team]'", HOST and _is_here(library))
        for name, library in (
            ("test_host_clients.py", "mistralai"),
            ("test_host_fuzz.py", "schemathesis"),
            ("test_host_ray.py", "ray"),
        )
    },
}

collect_ignore = [name for name, (_, there) in WANTED.items() if not there]


def pytest_configure() -> None:
    """In .ci/run a missing Neovim, VS Code or model host is a failure and not something to leave out."""
    if os.environ.get("INFILL_EDITORS_REQUIRED") and "pinned" not in NEOVIMS:
        raise pytest.UsageError("INFILL_EDITORS_REQUIRED is set and there is no Neovim from the extra `editors-test`")
    if os.environ.get("INFILL_EDITORS_REQUIRED") and not has_vscode():
        raise pytest.UsageError(
            "INFILL_EDITORS_REQUIRED is set and there is no VS Code: run tools/setup_editors.sh vscode"
        )
    if os.environ.get("INFILL_HOST_REQUIRED") and not HOST:
        raise pytest.UsageError("INFILL_HOST_REQUIRED is set and the extra `host` is not installed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name in collect_ignore:
        terminalreporter.write_line(f"left out: {name}, because {WANTED[name][0]}")
    for name in missing_runners():
        terminalreporter.write_line(f"left out: {name} in test_runners.py, because it is not on this machine")
