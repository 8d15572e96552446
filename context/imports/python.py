"""Python: absolute imports from any source folder above the file, relative ones, packages, submodules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from os import sep
from pathlib import Path

from context.imports.imported import Files, Imported, first_there, folders_above, only

STATEMENT = re.compile(
    r"^[ \t]*(?:from[ \t]+(?P<module>[\w.]*)[ \t]+import[ \t]*(?P<names>\([^)]*\)|(?:\\\n|[^\n;#])*)"
    r"|import[ \t]+(?P<modules>(?:\\\n|[^\n;#])+))",
    re.M,
)
_COMMENT = re.compile(r"#[^\n]*")
_NAME = re.compile(r"(\w+)(?:\s+as\s+(\w+))?")

SOURCE_FOLDERS = ("", "src", "lib", "python")
"""Folders beside which, or in which, a top-level package lies."""


def imported(text: str, here: Path, files: Files) -> Iterator[Imported]:
    for statement in STATEMENT.finditer(text):
        if statement["modules"] is not None:
            for module in statement["modules"].replace("\\\n", " ").split(","):
                name = module.split()[0] if module.split() else ""
                if name and (paths := _module(name, here, files)):
                    yield Imported(paths)
        else:
            yield from _from(statement["module"], statement["names"], here, files)


def _from(module: str, listed: str, here: Path, files: Files) -> Iterator[Imported]:
    paths = _module(module, here, files)
    listed = _COMMENT.sub("", listed).replace("\\\n", " ").strip("() \n\t")
    if listed == "*":
        if paths:
            yield Imported(paths)
        return
    names: list[tuple[str, str]] = []
    outside = False
    for name, alias in _NAME.findall(listed):
        submodule = () if outside else _submodule(module, name, paths, here, files)
        # A package without a file of its own has nothing but modules: where one name is none, it is not here at all.
        outside |= not paths and not submodule
        if submodule:
            yield Imported(submodule)
        else:
            names.append((alias or name, name))
    if names:
        yield Imported(paths, tuple(names))


def _submodule(package: str, name: str, paths: tuple[Path, ...], here: Path, files: Files) -> tuple[Path, ...]:
    """`from package import module`, also where the package is a mere folder."""
    if paths:
        return first_there(_files(paths[0].parent / name), files) if paths[0].stem == "__init__" else ()
    return _module(f"{package}{'' if package.endswith('.') else '.'}{name}", here, files)


def _module(module: str, here: Path, files: Files) -> tuple[Path, ...]:
    """The file of a module, or a package's `__init__`; nothing where it is not in the workspace."""
    bare = module.lstrip(".")
    dots = len(module) - len(bare)
    parts = [part for part in bare.split(".") if part]
    if dots:
        return first_there(_files(here.parents[dots - 1].joinpath(*parts)), files) if dots <= len(here.parents) else ()
    if not parts:
        return ()
    inner = [f"{sep}{Path(source, *parts)}" for source in SOURCE_FOLDERS]
    places = [str(folder).removesuffix(sep) + way for folder in folders_above(here, files) for way in inner]
    found = first_there([path for place in places for path in _files(place)], files)
    if found or len(parts) == 1:
        return found
    tail = "/".join(parts)
    return only(files.ending(f"{tail}.py")) or only(files.ending(f"{tail}/__init__.py"))


def _files(place: Path | str) -> tuple[str, ...]:
    """What a module at this place may be, a package before a file."""
    return f"{place}{sep}__init__.py", f"{place}{sep}__init__.pyi", f"{place}.py", f"{place}.pyi"
