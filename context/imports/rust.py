"""Rust: `mod` files, `use` by crate, self, super and child module, crates of the same repository."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from context import toml_text
from context.imports.imported import Files, Imported, first_there, folders_above, only

STATEMENT = re.compile(
    r"(?:^|(?<=[;{}]))[ \t]*+(?:pub(?:\([^)\n]{0,80}\))?\s++)?(?:use\s++(?P<tree>[^;]++)(?:;|\Z)|mod\s++(?P<child>\w++)\s*+;)",
    re.M,
)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)", re.S)
_ENTRIES = ("lib.rs", "main.rs")
_AT_FOLDER = frozenset({"lib.rs", "main.rs", "mod.rs"})

DEEPEST = 8
"""Nested braces of a `use` that are followed."""

MOST_LEAVES = 200
LONGEST_PATH = 16
"""Steps of one; every part of a path is looked for as a file."""


@dataclass(frozen=True, slots=True)
class _Module:
    """`source` is the folder of the crate's own files, `parts` the module's path in the crate."""

    source: Path
    parts: tuple[str, ...]


def imported(text: str, here: Path, files: Files) -> Iterator[Imported]:
    crate = next((folder for folder in folders_above(here, files) if files.text(folder / "Cargo.toml")), None)
    source = crate / "src" if crate is not None and here.is_relative_to(crate / "src") else here.parent
    module = _Module(source, _parts(source, here))
    for statement in STATEMENT.finditer(text):
        if statement["child"]:
            if paths := _file(source, (*module.parts, statement["child"]), files):
                yield Imported(paths)
            continue
        for path, alias in islice(_leaves(_COMMENT.sub("", statement["tree"]), (), 0), MOST_LEAVES):
            found = _used(path[:LONGEST_PATH], alias, module, crate, files)
            if found is not None:
                yield found


def _parts(source: Path, here: Path) -> tuple[str, ...]:
    folders = here.parent.relative_to(source).parts
    return folders if here.name in _AT_FOLDER else (*folders, here.stem)


def _leaves(tree: str, above: tuple[str, ...], depth: int) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every path of a `use`, with the name that it gets here."""
    if depth > DEEPEST:
        return
    for branch in _split(tree):
        head, brace, rest = branch.partition("{")
        if brace:
            yield from _leaves(rest.rpartition("}")[0], (*above, *_steps(head)), depth + 1)
            continue
        path, _, alias = branch.partition(" as ")
        steps = (*above, *_steps(path))
        if steps and steps[-1] == "self":
            steps = steps[:-1] or ("self",)
        if steps:
            yield steps, alias.strip() or steps[-1]


def _split(tree: str) -> list[str]:
    """The branches between commas that no brace encloses."""
    branches, depth, start = [], 0, 0
    for at, character in enumerate(tree):
        depth += (character == "{") - (character == "}")
        if character == "," and depth == 0:
            branches.append(tree[start:at])
            start = at + 1
    return [branch.strip() for branch in (*branches, tree[start:]) if branch.strip()]


def _steps(path: str) -> list[str]:
    return [step.strip() for step in path.split("::") if step.strip()]


def _used(path: tuple[str, ...], alias: str, module: _Module, crate: Path | None, files: Files) -> Imported | None:
    for source, parts, least in _readings(path, module, crate, files):
        for known in range(len(parts), least - 1, -1):
            rest = [part for part in parts[known:] if part != "*"]
            if paths := _file(source, parts[:known], files):
                # What is left names something in the file, or what belongs to a type in it.
                return Imported(paths, ((alias, rest[0]),) if rest else ())
    return Imported((), ((alias, path[-1]),)) if path[-1] != "*" else None


def _readings(
    path: tuple[str, ...], module: _Module, crate: Path | None, files: Files
) -> Iterator[tuple[Path, tuple[str, ...], int]]:
    """Where a path may lead, the likeliest first: a crate's source folder, the path in it, how many of its steps must be
    modules with a file of their own."""
    head, rest = path[0], path[1:]
    if head == "crate":
        yield module.source, rest, 0
    elif head == "self":
        yield module.source, (*module.parts, *rest), 0
    elif head == "super":
        up = next((number for number, step in enumerate(path) if step != "super"), len(path))
        yield module.source, (*module.parts[: max(len(module.parts) - up, 0)], *path[up:]), 0
    else:
        yield module.source, (*module.parts, *path), len(module.parts) + 1
        yield module.source, path, 1
        if folder := _crate_named(head, crate, files):
            yield folder / "src", rest, 0


def _crate_named(name: str, crate: Path | None, files: Files) -> Path | None:
    """The folder of a crate of this repository: this one, one that it depends on by path, or one called so."""
    if crate is None:
        return None
    own = _read(crate / "Cargo.toml", files)
    if _mangled(own.get("package", {}).get("name", "")) == name:
        return crate
    for section in ("dependencies", "dev-dependencies", "build-dependencies"):
        for called, value in own.get(section, {}).items() if isinstance(own.get(section), dict) else ():
            if _mangled(called) == name and isinstance(value, dict) and isinstance(value.get("path"), str):
                return Path(os.path.normpath(crate / value["path"]))
    tails = (f"{name}/src/lib.rs", f"{name.replace('_', '-')}/src/lib.rs")
    return next((found[0].parent.parent for tail in tails if (found := only(files.ending(tail)))), None)


def _mangled(name: Any) -> str:
    return name.replace("-", "_") if isinstance(name, str) else ""


def _read(path: Path, files: Files) -> dict[str, Any]:
    try:
        whole = toml_text.table(files.text(path))
    except toml_text.NotRead:
        return {}
    return {name: value for name, value in whole.items() if isinstance(value, dict)}


def _file(source: Path, parts: Sequence[str], files: Files) -> tuple[Path, ...]:
    if not parts:
        return first_there([source / entry for entry in _ENTRIES], files)
    place = source.joinpath(*parts)
    return first_there((place.with_name(f"{place.name}.rs"), place / "mod.rs"), files)
