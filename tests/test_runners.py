"""`infill act tests --run` with the runners themselves: what passes is said to pass, and what fails is repaired once."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from editors.headless.exits import Exit
from tests.acting import block
from tests.chat_server import chat_server, talks
from tests.editors_found import RUNNERS, runners
from tests.shell import new_user, run

pytestmark = pytest.mark.timeout(300)


def _with_pytest(root: Path) -> None:
    """The project's own interpreter, which has pytest as this one has."""
    own = root / ".venv" / "bin" / "python"
    own.parent.mkdir(parents=True)
    own.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    own.chmod(0o755)


def _with_modules(root: Path) -> None:
    (root / "node_modules").symlink_to(RUNNERS / "node_modules")


def _as_it_is(root: Path) -> None:
    """What it needs is on the PATH."""


@dataclass(frozen=True)
class Case:
    """A project, a place in it, and tests for what stands there: `{sum}` is what one and two are expected to make."""

    language: str
    files: dict[str, str]
    place: str
    file: str
    tests: str
    prepare: Callable[[Path], None] = _as_it_is


JS = "function add(a, b) {\n  return a + b;\n}\n"
CASES = {
    "pytest": Case(
        "python",
        {"pyproject.toml": "[tool.pytest.ini_options]\n", "sums.py": "def add(a, b):\n    return a + b\n"},
        "sums.py:1", "test_sums.py",
        "from sums import add\n\n\ndef test_adds():\n    assert add(1, 2) == {sum}\n",
        _with_pytest,
    ),
    "node:test": Case(
        "javascript",
        {"package.json": '{"type": "module"}', "sums.js": f"export {JS}"},
        "sums.js:1", "sums.test.js",
        "import assert from 'node:assert';\nimport test from 'node:test';\nimport { add } from './sums.js';\n\n"
        "test('adds', () => assert.equal(add(1, 2), {sum}));\n",
    ),
    "vitest": Case(
        "typescript",
        {
            "package.json": '{"type": "module", "devDependencies": {"vitest": "*"}}',
            "src/sums.ts": f"export {JS}".replace("(a, b)", "(a: number, b: number): number"),
        },
        "src/sums.ts:1", "src/sums.test.ts",
        "import { expect, it } from 'vitest';\nimport { add } from './sums';\n\n"
        "it('adds', () => expect(add(1, 2)).toBe({sum}));\n",
        _with_modules,
    ),
    "jest": Case(
        "javascript",
        {"package.json": '{"devDependencies": {"jest": "*"}}', "sums.js": f"{JS}module.exports = {{ add }};\n"},
        "sums.js:1", "sums.test.js",
        "const { add } = require('./sums');\n\ntest('adds', () => expect(add(1, 2)).toBe({sum}));\n",
        _with_modules,
    ),
    "go test": Case(
        "go",
        {"go.mod": "module sums\n", "pkg/sums.go": "package pkg\n\nfunc Add(a, b int) int {\n\treturn a + b\n}\n"},
        "pkg/sums.go:3", "pkg/sums_test.go",
        'package pkg\n\nimport "testing"\n\n'
        'func TestAdds(t *testing.T) {\n\tif Add(1, 2) != {sum} {\n\t\tt.Fatal(Add(1, 2))\n\t}\n}\n',
    ),
    "cargo test": Case(
        "rust",
        {
            "Cargo.toml": '[package]\nname = "sums"\nversion = "0.1.0"\nedition = "2021"\n',
            "src/lib.rs": "pub fn add(a: i32, b: i32) -> i32 {\n    a + b\n}\n",
        },
        "src/lib.rs:1", "tests/lib_test.rs",
        "use sums::add;\n\n#[test]\nfn adds() {\n    assert_eq!(add(1, 2), {sum});\n}\n",
    ),
}  # fmt: skip


def test_a_runner_that_is_there_has_a_case() -> None:
    assert set(runners()) <= set(CASES)


@pytest.mark.parametrize("framework", runners())
@pytest.mark.parametrize(("expected", "state"), [((3,), "passed"), ((4, 3), "passed"), ((4, 4), "failed")])
def test_the_new_tests_are_run_by_the_project_s_own_runner(
    framework: str,
    expected: tuple[int, ...],
    state: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("RUSTUP_HOME", "CARGO_HOME"):  # where cargo looks for itself, if it is not told
        monkeypatch.setenv(name, os.environ.get(name, str(Path.home() / f".{name.partition('_')[0].lower()}")))
    new_user(tmp_path, monkeypatch)
    case, root = CASES[framework], Path.cwd()
    for name, text in case.files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    case.prepare(root)
    scripts = [block(case.tests.replace("{sum}", str(value)), case.language) for value in expected]
    with chat_server(*scripts) as server:
        line = ["act", "tests", case.place, "--run", "--yes", "--json", "--backend", "openai", "--base-url", server.url]
        code, out, err = run(capsys, *line)
        asked = len(talks(server))
    report = json.loads(out)
    assert (report["framework"], report["file"], report["state"]) == (framework, case.file, state), (
        report["output"] + err
    )
    assert (code, asked) == (Exit.DONE if state == "passed" else Exit.NOTHING, len(expected))
    assert (root / case.file).read_text() == case.tests.replace("{sum}", str(expected[-1]))
