"""The page of limits says what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends import audit, http, sse
from context import documents, grammars, ignore_files, ignore_patterns, syntax, toml_text, walker
from context.imports import go, javascript, known, scope
from lsp_server import frames, settings_file, transport, watchdog, workbench
from lsp_server.actions import talker, tools
from lsp_server.settings import Settings

PAGE = (Path(__file__).resolve().parent.parent / "docs" / "limits.md").read_text(encoding="utf-8")
MB, KB = 1024 * 1024, 1024


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("an open document", f"{documents.MAX_CHARACTERS:,} characters"),
        ("a file that gets suggestions", f"{Settings().max_file_bytes:,} bytes"),
        ("a document with a syntax tree", f"{grammars.LARGEST:,} characters"),
        ("lists and mappings inside", f"{grammars.DEEPEST_YAML} columns"),
        ("syntax trees kept", f"{syntax.MOST_TREES} documents"),
        ("a file of the workspace that is indexed", f"{walker.LARGEST:,} bytes"),
        ("files of a workspace that are indexed", f"{walker.MOST_FILES:,}"),
        ("open files that one request looks at", f"{workbench.LARGEST_DESK},"),
        ("one turn of the server's event loop", f"{watchdog.STUCK:.0f} seconds"),
        ("imports of one file", f"{scope.MOST_STATEMENTS}"),
        (
            "a configuration that imports are read by",
            f"{known.LONGEST:,} characters, {toml_text.MOST_DOTS} dots in a line of TOML, {javascript.MOST_PATTERNS} `paths` of "
            f"a tsconfig, {go.MOST_MODULES} modules",
        ),
        ("a message of the editor", f"{frames.MAX_FRAME // MB} MB"),
        ("what waits for an editor", f"{transport.UNSENT_LIMIT // MB} MB"),
        ("the answer of a backend", f"{http.BODY_LIMIT // MB} MB, {sse.EVENT_LIMIT // KB} KB"),
        (
            "a project's settings or ignore file",
            f"{settings_file.MAX_BYTES // KB} KB, {ignore_files.LARGEST // 10**6} MB and {ignore_patterns.MOST:,} rules",
        ),
        (
            "an answer to an action",
            f"{talker.LARGEST_ANSWER:,} characters, {talker.MOST_TURNS} rounds of tools, {tools.MOST_BYTES:,} bytes",
        ),
        ("a connection to the model host", "10 seconds, 64 at once"),  # as tests/test_host_patience.py has them
        ("the ledger of what left", f"{audit.LARGEST // MB} MB"),
    ],
)
def test_a_limit_is_the_one_of_the_code(row: str, says: str) -> None:
    [line] = [line for line in PAGE.splitlines() if line.startswith(f"| {row}")]
    assert says in line


def test_every_row_is_held() -> None:
    assert PAGE.count("\n| ") - 2 == 18
