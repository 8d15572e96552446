"""What one command of `infill` is. Its modules import only what its arguments need; the rest when it runs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """`arguments` declares them on the command's own parser; `run` returns an exit code or raises `Stop`."""

    name: str
    summary: str
    examples: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
