"""JavaScript and TypeScript: relative paths, index files and endings, `paths` and `baseUrl` of the nearest tsconfig or
jsconfig, packages of the same repository."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from context.imports.imported import Files, Imported, first_there, folders_above

STATEMENT = re.compile(
    r"^[ \t]*(?:import|export)\b(?P<what>[^;'\"]*?)\bfrom\s*['\"](?P<from>[^'\"\n]+)['\"]"
    r"|^[ \t]*import\s*['\"](?P<bare>[^'\"\n]+)['\"]"
    r"|(?<![\w$.])(?:(?:const|let|var)\s+)?(?P<bound>\{[^}]*\}|[\w$]+)\s*=\s*(?:await\s+import|require)\s*\(\s*['\"](?P<called>[^'\"\n]+)['\"]",
    re.M,
)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)", re.S)
_NAME = re.compile(r"(?:type\s+)?([\w$]+)(?:\s*(?:\bas\b|:)\s*([\w$]+))?")

ENDINGS = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs")
COMPILED: Mapping[str, tuple[str, ...]] = {
    ".js": (".ts", ".tsx"),
    ".jsx": (".tsx",),
    ".mjs": (".mts",),
    ".cjs": (".cts",),
}
"""In TypeScript an import names the file that will be made, not the one that is there."""

CONFIGS = ("tsconfig.json", "jsconfig.json")
MOST_EXTENDED = 5
MOST_PACKAGES = 8
MOST_PATTERNS = 100
MOST_TARGETS = 8

_LITERAL_OR_COMMENT = re.compile(r'"(?:\\.|[^"\\])*+(?:"|\Z|\\\Z)|//[^\n]*|/\*.*?(?:\*/|\Z)|,(?=\s*[}\]])', re.S)


def imported(text: str, here: Path, files: Files) -> Iterator[Imported]:
    for statement in STATEMENT.finditer(text):
        paths = _module(statement["from"] or statement["bare"] or statement["called"], here, files)
        names = _names(statement["what"], statement["bound"])
        if names or paths:
            yield Imported(paths, names)


def _names(what: str | None, bound: str | None) -> tuple[tuple[str, str], ...]:
    """Pairs of names; none where the module is meant as a whole."""
    listed = _COMMENT.sub("", what or bound or "")
    before, brace, rest = listed.partition("{")
    if "*" in before or (bound and not brace):
        return ()
    default = re.match(r"\s*+(?:type\s++)?([\w$]++)\s*+,?\s*+$", before)
    names = [(default[1], default[1])] if default and default[1] != "type" else []
    names += [(alias or name, name) for name, alias in _NAME.findall(rest.partition("}")[0])]
    return tuple(names)


def _module(module: str, here: Path, files: Files) -> tuple[Path, ...]:
    module = module.partition("?")[0]
    if module.startswith("."):
        return _at(_joined(here.parent, module), files)
    for folder in folders_above(here, files):
        config = next((folder / name for name in CONFIGS if files.text(folder / name)), None)
        if config is not None:
            if found := _by_config(module, config, files):
                return found
            break
    return _package(module, files)


def _at(place: Path, files: Files) -> tuple[Path, ...]:
    """The file that a path without an ending, or with that of what it compiles to, stands for."""
    name = place.name
    stem, dot, ending = name.rpartition(".")
    swapped = [place.with_name(stem + other) for other in COMPILED.get(f".{ending}", ())] if dot else []
    return first_there(
        [
            *swapped,
            place,
            *(place.with_name(name + ending) for ending in ENDINGS if name),
            *(place / f"index{ending}" for ending in ENDINGS),
        ],
        files,
    )


def _by_config(module: str, config: Path, files: Files) -> tuple[Path, ...]:
    """By `paths`, the longest pattern first, then below `baseUrl`."""
    base, paths, start = _options(config, files)
    patterns = sorted(paths, key=lambda pattern: -len(pattern.partition("*")[0]))
    for pattern in patterns:
        head, star, tail = pattern.partition("*")
        fits = module.startswith(head) and module.endswith(tail) and len(module) >= len(head) + len(tail)
        if not (fits if star else module == pattern):
            continue
        middle = module[len(head) : len(module) - len(tail)]
        targets = paths[pattern] if isinstance(paths[pattern], list) else []
        for target in targets[:MOST_TARGETS]:
            if isinstance(target, str) and (found := _at(_joined(start, target.replace("*", middle, 1)), files)):
                return found
    return _at(_joined(base, module), files) if base is not None else ()


def _options(config: Path, files: Files) -> tuple[Path | None, Mapping[str, Any], Path]:
    """`baseUrl`, `paths` and the folder that these are relative to, of a config or of what it extends."""
    for _ in range(MOST_EXTENDED):
        whole = _read(config, files)
        options = whole.get("compilerOptions")
        options = options if isinstance(options, dict) else {}
        base, paths = options.get("baseUrl"), options.get("paths")
        if isinstance(base, str) or isinstance(paths, dict):
            folder = _joined(config.parent, base) if isinstance(base, str) else None
            some = dict(islice(paths.items(), MOST_PATTERNS)) if isinstance(paths, dict) else {}
            return folder, some, folder or config.parent
        extended = whole.get("extends")
        if not isinstance(extended, str) or not extended.startswith("."):
            break
        config = _joined(config.parent, extended if extended.endswith(".json") else f"{extended}.json")
    return None, {}, config.parent


def _package(module: str, files: Files) -> tuple[Path, ...]:
    """A package of the same repository, which its `package.json` names: the file below it, or its source's entry."""
    scope, slash, rest = module.partition("/")
    name, _, inside = (rest if module.startswith("@") else module).partition("/")
    whole = f"{scope}/{name}" if module.startswith("@") and slash else name
    for config in files.ending(f"{name}/package.json")[:MOST_PACKAGES]:
        if _read(config, files).get("name") != whole:
            continue
        folder = config.parent
        places = (folder / inside, folder / "src" / inside) if inside else (folder / "src", folder, folder / "lib")
        for place in places:
            if found := _at(place, files):
                return found
    return ()


def _read(config: Path, files: Files) -> Mapping[str, Any]:
    """A JSON file that may have comments and commas too many, as people write these; {} where it cannot be read."""
    return _parsed(files.text(config))


@lru_cache(maxsize=8)
def _parsed(text: str) -> Mapping[str, Any]:
    """Kept, since every import of a file asks for the same few."""
    text = _LITERAL_OR_COMMENT.sub(lambda found: found[0] if found[0][0] == '"' else "", text)
    text = re.sub(r",(?=\s*[}\]])", "", text) if "," in text else text
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return whole if isinstance(whole, dict) else {}


def _joined(folder: Path, module: str) -> Path:
    return Path(os.path.normpath(folder / module))
