"""The one file walker: which files of a workspace are worth reading, and their text.

Ignore rules come from the gate. Links are not followed, so there are no loops and nothing outside is reached; folders that
cannot be read are passed over. What no person wrote (vendored, built, generated, minified, binary, huge) is left out.
"""

from __future__ import annotations

import logging
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from context.privacy import Gate

log = logging.getLogger(__name__)

LARGEST = 1_000_000
"""Bytes of the largest file that is read as context."""

MOST_FILES = 200_000
"""Files of one workspace; what comes after them is left out."""

DEEPEST = 60
"""Folders below the root beyond which nothing is looked for."""

_FOLDERS = """
    .git .hg .svn .jj .bzr node_modules bower_components jspm_packages site-packages __pycache__ .venv venv .tox
    .nox .eggs .mypy_cache .pytest_cache .ruff_cache .hypothesis .ipynb_checkpoints .gradle .idea .vs .terraform
    .next .nuxt .svelte-kit .turbo .parcel-cache .yarn .pnpm-store .cache vendor third_party thirdparty third-party
    dist coverage htmlcov Pods DerivedData bazel-bin bazel-out bazel-testlogs cmake-build-debug cmake-build-release
    .dart_tool elm-stuff _build
"""
SKIPPED_FOLDERS = frozenset(_FOLDERS.split())

BUILT_BESIDE: Mapping[str, tuple[str, ...]] = {
    "target": ("Cargo.toml", "pom.xml"),
    "build": ("setup.py", "pyproject.toml", "build.gradle", "build.gradle.kts"),
    "out": ("package.json",),
}
"""Folders that are build output only where one of these files lies beside them."""

_ENDINGS = """
    7z a avi avif bin bmp bz2 class dat db dll dylib eot exe flac gif gz h5 ico icns jar jpeg jpg lib lz4 mo mov mp3
    mp4 npy npz o obj odt ogg onnx otf parquet pdf pickle pkl png psd pt pyc pyd rar rlib safetensors so sqlite
    sqlite3 svgz tar tgz tif tiff ttf wasm wav webm webp whl woff woff2 xls xlsx docx pptx xz zip zst
"""
BINARY = frozenset(_ENDINGS.split())

_GENERATED_NAME = re.compile(
    r"(?:\.min\.(?:js|css|mjs)|[-.]bundle\.js|\.chunk\.js|\.map|\.snap|\.lock|\.log|\.sum|_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h)|"
    r"\.g\.dart|\.freezed\.dart|\.designer\.cs|\.generated\.\w+|_generated\.\w+|^package-lock\.json|^npm-shrinkwrap\.json|"
    r"^pnpm-lock\.yaml|^yarn\.lock|^poetry\.lock|^cargo\.lock|^composer\.lock|^go\.sum)$",
    re.I,
)
_GENERATED_HEAD = re.compile(
    r"@generated\b|\bDO NOT EDIT\b|\bautomatically generated\b|\bauto-generated (?:file|by)\b", re.I
)


@dataclass(frozen=True, slots=True)
class WalkedFile:
    path: Path
    size: int
    mtime_ns: int


def walk(root: Path, gate: Gate, *, limit: int = MOST_FILES) -> Iterator[WalkedFile]:
    """At most `limit` files below `root` that may be shown and are worth reading, in a stable order. Never raises."""
    count = 0
    folders = [(str(root), 0)]
    while folders:
        folder, depth = folders.pop()
        entries = _entries(folder)
        names = {entry.name for entry in entries}
        below: list[tuple[str, int]] = []
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if (
                        depth < DEEPEST
                        and not _skipped(entry, names)
                        and gate.refusal(Path(entry.path), cross_file=True) is None
                    ):
                        below.append((entry.path, depth + 1))
                elif entry.is_file(follow_symlinks=False) and not not_worth_reading(entry.name):
                    status = entry.stat(follow_symlinks=False)
                    path = Path(entry.path)
                    if 0 < status.st_size <= LARGEST and gate.refusal(path, cross_file=True) is None:
                        yield WalkedFile(path, status.st_size, status.st_mtime_ns)
                        count += 1
                        if count >= limit:
                            log.warning("a workspace has more than %d files: the rest is left out", limit)
                            return
            except OSError:
                continue
        folders.extend(reversed(below))


def read(path: Path) -> str | None:
    """The file's text, or None where it is gone, not a regular file, too big, binary or generated.

    Bytes that are not UTF-8 become replacement characters; line ends stay as they are.
    """
    try:
        handle = os.open(
            path,
            os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0),
        )
        with os.fdopen(handle, "rb") as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return None
            data = file.read(LARGEST + 1)
    except (OSError, ValueError):
        return None
    if len(data) > LARGEST or b"\0" in data[:8000]:
        return None
    text = data.decode("utf-8-sig", "replace")
    return None if looks_generated(text) else text


def not_worth_reading(name: str) -> bool:
    """True for files that no person wrote, as far as their name tells."""
    ending = name.rpartition(".")[2].lower()
    return ending in BINARY or _GENERATED_NAME.search(name) is not None


def looks_generated(text: str) -> bool:
    """True for what a tool wrote: it says so in its head, or its lines are longer than people write."""
    if _GENERATED_HEAD.search(text[:600]):
        return True
    return len(text) > 5000 and len(text) / (text.count("\n") + 1) > 200


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []


def _skipped(folder: os.DirEntry[str], beside: set[str]) -> bool:
    if folder.name in SKIPPED_FOLDERS or folder.name.endswith(".egg-info"):
        return True
    if any(name in beside for name in BUILT_BESIDE.get(folder.name, ())):
        return True
    return os.path.lexists(f"{folder.path}/pyvenv.cfg")  # A virtual environment under a name of its own.
