"""The test frameworks that are known: how a project shows that it uses one, where its tests live, what one test looks like.

Adding one is a row of `FRAMEWORKS`. Nothing of a project is run here: `Framework.command` only says how somebody would.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from context.desk import Desk
from context.walker import read, walk

MOST_FILES = 5_000
SCRIPTS = ("javascript", "javascriptreact", "typescript", "typescriptreact")


@dataclass(frozen=True, slots=True)
class Project:
    """The folder that tests are run in, and the test files there, nearest to the source first."""

    root: Path
    source: Path
    tests: tuple[Path, ...]

    def text(self, name: str) -> str:
        return read(self.root / name) or ""

    def package(self) -> set[str]:
        """What package.json depends on."""
        try:
            found = json.loads(self.text("package.json"))
        except (ValueError, RecursionError):
            return set()
        groups = (found.get(name) for name in ("dependencies", "devDependencies")) if isinstance(found, dict) else ()
        return {name for group in groups if isinstance(group, dict) for name in group}


@dataclass(frozen=True, slots=True)
class Framework:
    """`is_test` says which file names are tests, `file` where those of a source belong, `test` finds the name of each test in a
    text. `command` runs just these tests from the project's folder; `absent` finds in what it printed that the framework is not
    installed, and `install` says what to do then."""

    name: str
    languages: tuple[str, ...]
    is_used: Callable[[Project], bool]
    is_test: re.Pattern[str]
    file: Callable[[Project], Path]
    test: re.Pattern[str]
    command: Callable[[Project, Path, Sequence[str]], list[str]]
    absent: re.Pattern[str] | None = None
    install: Callable[[Project], str] = lambda project: ""


def _mentions_pytest(project: Project) -> bool:
    manifests = ("pyproject.toml", "pytest.ini", "setup.cfg", "tox.ini", "requirements.txt", "requirements-dev.txt")
    if any("pytest" in project.text(name) for name in manifests) or (project.root / "conftest.py").exists():
        return True
    shows_it = re.compile(r"^(?:import pytest\b|(?:async )?def test_)", re.MULTILINE)
    return any(shows_it.search(read(path) or "") for path in project.tests[:5])


def _in_tests(project: Project, name: str) -> Path:
    """Beside the tests that there are, in `tests/` where that is a folder, else beside the source."""
    folders = [path.parent for path in project.tests]
    tests = project.root / "tests"
    return (folders[0] if folders else tests if tests.is_dir() else project.source.parent) / name


def _python_file(project: Project) -> Path:
    return _in_tests(project, f"test_{project.source.stem.lstrip('_')}.py")


def _script_file(project: Project) -> Path:
    ending = project.source.suffix
    style = "spec" if any(".spec." in path.name for path in project.tests) else "test"
    return _in_tests(project, f"{project.source.stem}.{style}{ending}")


def _python(project: Project) -> str:
    """The project's own interpreter, where it has an environment beside it."""
    own = next((path for name in (".venv", "venv") if (path := project.root / name / "bin" / "python").exists()), None)
    return str(own) if own else "python3"


def _below(project: Project, path: Path) -> str:
    """Never an option, whatever a folder is called."""
    return f"./{path.relative_to(project.root).as_posix()}"


NO_PYTEST = re.compile(r"\A[^\n]*: No module named pytest\s*\Z")
NO_MODULE = re.compile(r"npx canceled due to missing packages|could not determine executable to run")
PYTHON_TEST = re.compile(r"^[ \t]*(?:async )?def (test_\w+)", re.MULTILINE)
SCRIPT_TEST = re.compile(r"^[ \t]*(?:test|it)(?:\.\w+)?\([ \t]*\n?[ \t]*[\"'`]([^\"'`\n]+)", re.MULTILINE)
SCRIPT_FILE = re.compile(r"\.(?:test|spec)\.[cm]?[jt]sx?$")
PYTHON_FILE = re.compile(r"^test_.*\.py$|_test\.py$")

FRAMEWORKS: tuple[Framework, ...] = (
    Framework(
        "pytest", ("python",), _mentions_pytest, PYTHON_FILE, _python_file, PYTHON_TEST,
        lambda project, file, names: [_python(project), "-m", "pytest", "-q", "-k", " or ".join(names), _below(project, file)],
        NO_PYTEST, lambda project: f"{_python(project)} has no pytest. `{_python(project)} -m pip install pytest` installs it "
        "there; an environment in the project's .venv is found by itself.",
    ),
    Framework(
        "unittest", ("python",), lambda project: True, PYTHON_FILE, _python_file, PYTHON_TEST,
        lambda project, file, names: [_python(project), "-m", "unittest", "-q", "--", _below(project, file)[2:]],
    ),
    Framework(
        "vitest", SCRIPTS, lambda project: "vitest" in project.package(), SCRIPT_FILE, _script_file, SCRIPT_TEST,
        lambda project, file, names: ["npx", "--no-install", "vitest", "run", _below(project, file)],
        NO_MODULE, lambda project: "vitest is not installed in the project. `npm install` installs what package.json names.",
    ),
    Framework(
        "jest", SCRIPTS, lambda project: "jest" in project.package(), SCRIPT_FILE, _script_file, SCRIPT_TEST,
        lambda project, file, names: ["npx", "--no-install", "jest", _below(project, file)],
        NO_MODULE, lambda project: "jest is not installed in the project. `npm install` installs what package.json names.",
    ),
    Framework(
        "node:test", SCRIPTS, lambda project: True, SCRIPT_FILE, _script_file, SCRIPT_TEST,
        lambda project, file, names: ["node", "--test", _below(project, file)],
    ),
    Framework(
        "go test", ("go",), lambda project: True, re.compile(r"_test\.go$"),
        lambda project: project.source.with_name(f"{project.source.stem}_test.go"),
        re.compile(r"^func (Test\w+)\(", re.MULTILINE),
        lambda project, file, names: ["go", "test", "-run", f"^({'|'.join(names)})$", _below(project, file.parent)],
    ),
    Framework(
        "cargo test", ("rust",), lambda project: True, re.compile(r"^tests?_.*\.rs$|_tests?\.rs$"),
        lambda project: project.root / "tests" / f"{project.source.stem}_test.rs",
        re.compile(r"#\[test\]\s*(?:#\[[^\]]*\]\s*)*fn (\w+)"),
        lambda project, file, names: ["cargo", "test", "--quiet", "--test", file.stem],
    ),
)  # fmt: skip

MARKS: Mapping[str, str] = {"go": "go.mod", "rust": "Cargo.toml"}
"""A file without which there is nothing to run the tests of a language with."""


def find(language: str, source: Path, desk: Desk) -> tuple[Framework, Project] | None:
    """The framework of the project that holds the source, and the project; None where none is known for the language."""
    known = [each for each in FRAMEWORKS if language in each.languages]
    root = next((root for root in desk.roots if source.is_relative_to(root)), None)
    if not known or root is None:
        return None
    mark = "package.json" if language in SCRIPTS else MARKS.get(language, "")
    inner = next(
        (folder for folder in source.parents if folder.is_relative_to(root) and mark and (folder / mark).exists()), root
    )
    files = [file.path for file in walk(inner, desk.gate, limit=MOST_FILES) if known[0].is_test.search(file.path.name)]
    nearest = sorted(files, key=lambda path: (-_shared(path, source), len(path.parts), path))
    project = Project(inner, source, tuple(nearest))
    return next((each, project) for each in known if each.is_used(project))


def _shared(path: Path, source: Path) -> int:
    """A test named after the source is nearest; then the more folders they share."""
    named = source.stem.lstrip("_") in path.stem
    return 1_000 * named + sum(one == other for one, other in zip(path.parts, source.parts, strict=False))
