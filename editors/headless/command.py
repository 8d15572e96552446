"""What one command of `infill` is: every module named in `cli.COMMANDS` holds one, as `COMMAND`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """`arguments` declares them on the command's own parser; `run` returns an exit code or raises `Stop`."""

    examples: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
