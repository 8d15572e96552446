"""Which packages an edit would newly import that the project does not have: models make such names up, and others wait for them.

What is known is read offline: the standard library, the project's own modules, the environment beside the project, and the names
in its manifests and lock files. A package known by another name than its import is told by a short table.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from context.grammars import parse
from context.outline import imports
from context.snapshot import Snapshot
from context.walker import SKIPPED_FOLDERS

SCRIPTS = frozenset({"javascript", "javascriptreact", "typescript", "typescriptreact"})
LARGEST = 3_000_000
CALLED_OTHERWISE: Mapping[str, str] = {
    "yaml": "pyyaml", "PIL": "pillow", "cv2": "opencv-python", "sklearn": "scikit-learn", "bs4": "beautifulsoup4",
    "dateutil": "python-dateutil", "attr": "attrs", "dotenv": "python-dotenv", "jwt": "pyjwt", "google": "protobuf",
    "serial": "pyserial", "git": "gitpython", "Crypto": "pycryptodome", "OpenSSL": "pyopenssl", "pkg_resources": "setuptools",
}  # fmt: skip
_MANIFESTS = (
    "pyproject.toml", "requirements*.txt", "setup.cfg", "setup.py", "Pipfile*", "poetry.lock", "uv.lock", "pdm.lock",
    "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "Cargo.toml", "Cargo.lock", "go.mod", "go.sum",
)  # fmt: skip
_NODE = """
    assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain events fs http
    http2 https inspector module net os path perf_hooks process punycode querystring readline repl stream string_decoder sys test
    timers tls trace_events tty url util v8 vm wasi worker_threads zlib
"""


def unknown_imports(snapshot: Snapshot, old: str, new: str, roots: Sequence[Path]) -> list[str]:
    """Packages that `new` imports and `old` and the rest of the file do not, and that nothing here has."""
    language = snapshot.language
    added = _packages(language, new) - _packages(language, snapshot.text) - _packages(language, old)
    folders = [*roots, *([snapshot.path.parent] if snapshot.path else [])]
    return sorted(name for name in added if not _is_known(language, name, folders))


def _packages(language: str, text: str) -> set[str]:
    """Top-level packages that a text imports, as they are written."""
    tree = parse(language, text)
    if tree is None:
        return set()
    found = (line for _, line in imports(language, tree, text.encode("utf-8", "replace")))
    return {name for line in found for name in _named(language, line)}


def _named(language: str, line: str) -> list[str]:
    if language == "python":
        if match := re.match(r"from\s+(\w+)", line):
            return [match[1]]
        match = re.match(r"import\s+(.+)", line)
        return re.findall(r"(?:^|,)\s*(\w+)", match[1]) if match else []
    quoted = re.findall(r"[\"'`]([^\"'`]+)[\"'`]", line)
    if language in SCRIPTS:
        return [_script_package(name) for name in quoted if name[0] not in "./#~"]
    if language == "go":
        return [name for name in quoted if "." in name.split("/")[0]]
    if language == "rust":
        match = re.match(r"(?:pub\s+)?(?:use|extern\s+crate)\s+(?:::)?(\w+)", line)
        return [match[1]] if match and match[1] not in ("crate", "self", "super", "std", "core", "alloc") else []
    return []


def _script_package(name: str) -> str:
    parts = name.removeprefix("node:").split("/")
    return "/".join(parts[:2]) if name.startswith("@") else parts[0]


def _is_known(language: str, name: str, folders: Sequence[Path]) -> bool:
    if language == "python" and (name in sys.stdlib_module_names or _is_python_here(name, folders)):
        return True
    if language in SCRIPTS and (
        name in _node() or any((folder / "node_modules" / name).is_dir() for folder in folders)
    ):
        return True
    spelt = _spelt(CALLED_OTHERWISE.get(name, name))
    own = re.compile(rf"(?<![a-z0-9-]){re.escape(spelt)}(?![a-z0-9-])")
    return any(own.search(text) for folder in folders for text in _manifests(folder))


def _is_python_here(name: str, folders: Sequence[Path]) -> bool:
    places = [
        *folders,
        *(folder / "src" for folder in folders),
        *(found for folder in folders for found in folder.glob("*venv*/lib/python3*/site-packages")),
    ]
    return any(
        (place / name).is_dir() or any(place.glob(f"{name}.*"))
        for place in places
        if place.name not in SKIPPED_FOLDERS or place.name == "site-packages"
    )


def _manifests(folder: Path) -> list[str]:
    texts = []
    for pattern in _MANIFESTS:
        for path in folder.glob(pattern):
            try:
                if path.stat().st_size <= LARGEST:
                    texts.append(_spelt(path.read_text(encoding="utf-8", errors="replace")))
            except OSError:
                continue
    return texts


def _spelt(text: str) -> str:
    """Names of packages do not differ by case, nor by which of - _ . they have."""
    return re.sub(r"[_.]", "-", text.lower())


@cache
def _node() -> frozenset[str]:
    return frozenset(_NODE.split())
