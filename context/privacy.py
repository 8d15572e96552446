"""The one gate through which text leaves: path rules, ignore files, masked secrets.

`Cleared` and `Excerpt` are made only here, which a test reads every file for; a `FimContext` cannot be built without them.
All rules add up: a setting, a project or an ignore file can close more, and none can open what another has closed.
Where a rule cannot be read, the answer is no.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NewType

from context.ignore_files import IgnoreFiles
from context.ignore_patterns import folded, matcher
from context.masking import Span, secret_spans
from context.secret_files import SECRET_FILES, not_put_aside

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

Cleared = NewType("Cleared", str)
"""Text that this module has let through: its path is allowed and its secrets are masked."""

MASK = "__MASKED_SECRET__"
"""What stands in for a secret in text that leaves. A name, so that the code around it stays readable to a model."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A piece of another place that the model may see. `path` is relative to its workspace root; `why` names the source."""

    path: str
    text: Cleared
    why: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that was found and not shown to the model, with the reason in words."""

    path: str
    why: str
    reason: str


@dataclass(frozen=True, slots=True)
class FimContext:
    """All that a backend may know: the text before and after the cursor, and excerpts in the order of the prompt."""

    path: str
    language: str
    prefix: Cleared
    suffix: Cleared
    excerpts: tuple[Excerpt, ...] = ()
    left_out: tuple[LeftOut, ...] = ()


class Gate:
    """Judges paths and masks text, for one workspace.

    `roots` are its folders; `exclude` are further patterns in gitignore syntax that the user or the project wants closed.
    """

    def __init__(self, roots: Sequence[Path] = (), *, exclude: Sequence[str] = ()) -> None:
        self._roots = tuple(Path(os.path.abspath(root)) for root in roots)  # noqa: PTH100 - resolve() would follow links
        self._real_roots = tuple(Path(os.path.realpath(root)) for root in self._roots)
        self._exclude = tuple(exclude)
        self._ignore_files = IgnoreFiles()
        # What follows from a path's name or a text alone is kept; links and ignore files are looked at each time.
        self._named_refusal = lru_cache(maxsize=4_000)(self._judge_names)
        self._root_of = lru_cache(maxsize=4_000)(self._innermost_root)
        self._shown_as = lru_cache(maxsize=4_000)(self._below_its_root)
        self._cleared = lru_cache(maxsize=128)(self.clear)

    @property
    def exclude(self) -> tuple[str, ...]:
        """The patterns it was made with, for a process that must judge alike."""
        return self._exclude

    def refusal(self, path: Path | None, *, cross_file: bool = False) -> str | None:
        """Why the text of `path` may not be shown, in words; None where it may. Never raises.

        `cross_file` is for text shown while another file is edited: `.gitignore` counts then, and so does lying outside the
        workspace. A document without a path is the user's own open buffer, and is allowed.
        """
        if path is None:
            return None
        try:
            given = Path(os.path.abspath(path))  # noqa: PTH100 - the link's own name is judged too
            real = Path(os.path.realpath(path))  # not of `given`: after a link, `..` leads to where the link leads
            return self._named_refusal(given, real, cross_file) or self._judge_files(given, real, cross_file)
        except (OSError, ValueError, RuntimeError):
            return "its path cannot be judged"

    def clear(self, text: str) -> Cleared:
        """The text with every secret-like piece masked."""
        return self.clear_around(text, "")[0]

    def clear_around(self, before: str, after: str, *, above: str = "", below: str = "") -> tuple[Cleared, Cleared]:
        """Both sides of a cursor, judged as the one text they are: a secret that the cursor splits is masked whole. So is one
        that goes on in the text `above` or `below` them, which is not shown."""
        text, split = before + after, len(before)
        spans = _within(secret_spans(f"{above}{text}{below}"), len(above), len(above) + len(text))
        if not spans:
            return Cleared(before), Cleared(after)
        left: list[str] = []
        right: list[str] = []
        position = 0
        for start, end in [*spans, (len(text), len(text))]:
            left.append(text[position : min(start, split)] if position < split else "")
            right.append(text[max(position, split) : start] if start > split else "")
            if start < end:
                (left if start < split else right).append(MASK)
            position = end
        return Cleared("".join(left)), Cleared("".join(right))

    def excerpt(self, path: Path, text: str, why: str) -> Excerpt | LeftOut:
        """A piece of the file `path` for the model to see while another file is edited, or the reason why it may not be."""
        reason = self.refusal(path, cross_file=True)
        if reason is not None:
            return LeftOut(self.relative(path), why, reason)
        return Excerpt(self.relative(path), self._cleared(text), why)

    def excerpt_of_buffer(self, name: str, text: str, why: str) -> Excerpt:
        """A piece of an open buffer that has no file, under a name to show."""
        return Excerpt(name, self._cleared(text), why)

    def relative(self, path: Path | None) -> str:
        """The path as a model sees it: below its workspace root with forward slashes, otherwise only the file's name. A name
        may be a secret too."""
        return self._shown_as(path) if path is not None else ""

    def _below_its_root(self, path: Path) -> str:
        for root in (*self._roots, *self._real_roots):
            if path.is_relative_to(root) and path != root:
                return _without_secrets(path.relative_to(root).as_posix())
        return _without_secrets(path.name)

    def _judge_names(self, given: Path, real: Path, cross_file: bool) -> str | None:
        inside = any(given.is_relative_to(root) for root in self._roots)
        really_inside = any(real.is_relative_to(root) for root in self._real_roots)
        if inside and not really_inside:
            return "it is a link that leads out of the workspace"
        if cross_file and self._roots and not really_inside:
            return "it lies outside the workspace"
        for path in dict.fromkeys((given, real)):
            if holds_secrets(path.as_posix()):
                return "a file that holds secrets by convention"
            if self._exclude and any(_matches(self._excluded, name) for name in self._names(path)):
                return "excluded by a setting"
        return None

    def _judge_files(self, given: Path, real: Path, cross_file: bool) -> str | None:
        for path in dict.fromkeys((given, real)):
            reason = self._ignore_files.refusal(path, git=cross_file, root=self._root_of(path))
            if reason is not None:
                return reason
        return None

    def _names(self, path: Path) -> list[str]:
        """The path as patterns of a setting may mean it: below each root that holds it, and as a whole."""
        roots = [root for root in (*self._roots, *self._real_roots) if path.is_relative_to(root)]
        return [folded(name.as_posix()) for name in (path, *(path.relative_to(root) for root in roots))]

    def _innermost_root(self, path: Path) -> Path | None:
        """The workspace's folder that holds the path, the innermost of several."""
        roots = [root for root in (*self._roots, *self._real_roots) if path.is_relative_to(root)]
        return max(roots, key=lambda root: len(root.parts), default=None)

    @cached_property
    def _excluded(self) -> GitIgnoreSpec:
        return matcher(tuple(glob for glob in self._exclude if not glob.startswith("!")))


def _within(spans: Sequence[Span], start: int, end: int) -> list[Span]:
    """What of the spans lies between two places, counted from the first one."""
    cut = ((max(first, start) - start, min(last, end) - start) for first, last in spans)
    return [(first, last) for first, last in cut if first < last]


@lru_cache(maxsize=10_000)
def _without_secrets(path: str) -> str:
    """Folder by folder: a path as a whole looks more random than its names are."""
    return "/".join(_masked(name) for name in path.split("/"))


def _masked(name: str) -> str:
    for start, end in reversed(secret_spans(name)):
        name = f"{name[:start]}{MASK}{name[end:]}"
    return name


@lru_cache(maxsize=10_000)
def holds_secrets(path: str) -> bool:
    """Whether a file of this path or name holds secrets by convention."""
    path = folded(path)
    return any(_matches(matcher(SECRET_FILES), name) for name in dict.fromkeys((path, not_put_aside(path))))


def _matches(spec: GitIgnoreSpec, path: str) -> bool:
    return spec.match_file(path.lstrip("/"))
