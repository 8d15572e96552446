"""The repository as its own tests read it: files, syntax trees, imports and calls. Nothing is imported or run."""

from __future__ import annotations

import ast
import gc
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LAYERS = ("context", "backends", "lsp_server", "editors")  # lowest first; nothing imports upward
TEXT = (".py", ".md", ".toml", ".txt", ".json", ".jsonl", ".yaml", ".yml", ".lua", ".ts", ".js", ".sh", "")


@cache
def sources() -> tuple[Path, ...]:
    """Every Python file of the four packages, relative to the repository."""
    found = (path for layer in LAYERS for path in (ROOT / layer).rglob("*.py"))
    return tuple(sorted(path.relative_to(ROOT) for path in found if "node_modules" not in path.parts))


@cache
def sources_of_tests() -> tuple[Path, ...]:
    return tuple(sorted(path.relative_to(ROOT) for path in (ROOT / "tests").rglob("*.py")))


@cache
def tree(path: Path) -> ast.Module:
    """Parsed with the collector off: CPython 3.11 miscounts its recursion when one runs in the middle (a `SystemError`)."""
    gc.disable()
    try:
        return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))
    finally:
        gc.enable()


@cache
def texts() -> tuple[Path, ...]:
    """Every text file of the repository, without asking git: a copy without history is checked too."""
    found = []
    for folder, names, files in os.walk(ROOT):
        names[:] = [name for name in names if not _built(Path(folder, name))]
        found += [
            Path(folder, file).relative_to(ROOT) for file in files if Path(file).suffix in TEXT and file != ".git"
        ]
    return tuple(sorted(found))


def _built(folder: Path) -> bool:
    """Caches, environments and other things that a clone does not have."""
    hidden = folder.name.startswith(".") and folder.name not in (".ci", ".github")
    return hidden or folder.name in ("__pycache__", "node_modules", "build", "dist") or (folder / "pyvenv.cfg").exists()


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported anywhere in the file, lazily too; not what only the type checker sees."""
    for node in running(tree(path)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: write the full path of the import"
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def running(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below `node` but those under `if TYPE_CHECKING:`."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from running(child)


def module_file(dotted: str) -> Path | None:
    """The file of ours that `import dotted` runs, where the last part may be a name inside it."""
    whole = dotted.replace(".", "/")
    outer = whole.rpartition("/")[0]
    tried = (Path(name) for name in (f"{whole}.py", f"{whole}/__init__.py", f"{outer}.py", f"{outer}/__init__.py"))
    return next((path for path in tried if path in sources()), None)


def calls(path: Path, *names: str) -> Iterator[tuple[int, str]]:
    """Line and name of each call whose function is spelt as one of `names`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in names:
            yield node.lineno, name
