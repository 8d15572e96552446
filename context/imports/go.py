"""Go: packages below the module that the nearest `go.mod` names, its local replacements, modules of a `go.work`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from context.imports.imported import Files, Imported, folders_above

STATEMENT = re.compile(r"^import[ \t]*(?:\((?P<block>[^)]*)(?:\)|\Z)|(?P<one>[^\n(]+))", re.M)
_PATH = re.compile(r'"([^"\n]+)"')
_COMMENT = re.compile(r"//[^\n]*")
_MODULE = re.compile(r"^module[ \t]+\"?([^\s\"]+)", re.M)
_REPLACED = re.compile(r"^(?:replace[ \t]+|[ \t]+)(\S+)(?:[ \t]+v\S+)?[ \t]+=>[ \t]+(\.\S*)", re.M)
_USED = re.compile(r"^(?:use[ \t]+|[ \t]+)\"?(\.[^\s\")]*)", re.M)

MOST_MODULES = 200
"""Of one file that lists some."""


def imported(text: str, here: Path, files: Files) -> Iterator[Imported]:
    """Every import is a folder, and the files beside this one are of its own package."""
    yield Imported(_package(here.parent, here, files))
    modules = _modules(here, files)
    for statement in STATEMENT.finditer(text):
        for path in _PATH.findall(_COMMENT.sub("", statement["block"] or statement["one"] or "")):
            for module, folder in modules:
                if path == module or path.startswith(f"{module}/"):
                    if paths := _package(Path(f"{folder}{path[len(module) :]}"), here, files):
                        yield Imported(paths)
                    break


def _package(folder: Path, here: Path, files: Files) -> tuple[Path, ...]:
    """The files of a package; its tests only where this file is one of them."""
    tests = here.parent == folder and here.name.endswith("_test.go")
    return tuple(
        path
        for path in files.inside(folder)
        if path.suffix == ".go" and path != here and (tests or not path.name.endswith("_test.go"))
    )


def _modules(here: Path, files: Files) -> list[tuple[str, Path]]:
    """Module path → folder, the longest path first, since one module may lie inside another."""
    modules: dict[str, Path] = {}
    for folder in folders_above(here, files):
        text = files.text(folder / "go.mod")
        if text:
            modules |= _named(text, folder)
            replaced = (
                (name, Path(os.path.normpath(folder / place))) for name, place in _REPLACED.findall(text)[:MOST_MODULES]
            )
            modules |= {name: place for name, place in replaced if name not in modules}
        for used in _USED.findall(files.text(folder / "go.work"))[:MOST_MODULES]:
            place = Path(os.path.normpath(folder / used))
            modules |= _named(files.text(place / "go.mod"), place)
    return sorted(modules.items(), key=lambda module: -len(module[0]))


def _named(text: str, folder: Path) -> dict[str, Path]:
    module = _MODULE.search(text)
    return {module[1]: folder} if module else {}
