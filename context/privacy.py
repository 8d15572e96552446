"""The one gate through which text leaves: path rules, ignore files, masked secrets.

`Cleared`, `Excerpt` and `FimContext` are made only here; a test reads every file for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

Cleared = NewType("Cleared", str)
"""Text that this module has let through: its path is allowed and its secrets are masked."""


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
