"""Java and Kotlin: packages below the folder that the file's own package begins in, or wherever a path ends alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from context.imports.imported import Files, Imported, first_there

STATEMENT = re.compile(r"^[ \t]*(?:package|import)\b[^\n;]*", re.M)
_PACKAGE = re.compile(r"^[ \t]*package[ \t]+([\w.]+)", re.M)
_IMPORT = re.compile(
    r"^[ \t]*import\s+(?P<static>static\s+)?(?P<path>\w+(?:\.\w+)*)(?P<all>\.\*)?(?:\s+as\s+(?P<alias>\w+))?", re.M
)
ENDINGS = (".java", ".kt")


def imported(text: str, here: Path, files: Files) -> Iterator[Imported]:
    """Each import, and the files of the same package, which need none."""
    yield Imported(_of(here.parent, here, files))
    package = _PACKAGE.search(text)
    steps = package[1].split(".") if package else []
    begins = here.parent.parents[len(steps) - 1] if steps and len(steps) <= len(here.parent.parents) else here.parent
    for found in _IMPORT.finditer(text):
        parts = found["path"].split(".")
        if found["all"] and not found["static"]:
            if paths := _of(begins.joinpath(*parts), here, files):
                yield Imported(paths)
            continue
        paths = _type(parts, begins, files)
        if found["all"]:
            if paths:
                yield Imported(paths)
        else:
            name = parts[-1]
            yield Imported(paths, ((found["alias"] or name, name),) if paths or len(parts) > 1 else ())


def _type(parts: list[str], begins: Path, files: Files) -> tuple[Path, ...]:
    """The file of a type, which may be nested in another or be followed by one of its members."""
    types = [parts[:known] for known in range(len(parts), max(len(parts) - 3, 0), -1)]
    near = [begins.joinpath(*known[:-1], f"{known[-1]}{ending}") for known in types for ending in ENDINGS]
    if found := first_there(near, files):
        return found
    for known in types[:2]:
        for ending in ENDINGS:
            if far := files.ending(f"{'/'.join(known)}{ending}"):
                return tuple(far[:1])
    return ()


def _of(folder: Path, here: Path, files: Files) -> tuple[Path, ...]:
    return tuple(path for path in files.inside(folder) if path.suffix in ENDINGS and path != here)
