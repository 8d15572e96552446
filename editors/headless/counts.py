"""Numbers on the command line that make sense: one that does not is a usage error, said before anything is done."""

from __future__ import annotations

import argparse
from collections.abc import Callable

LARGEST = 1_000_000_000
MOST_DAYS = 36_500


def whole(least: int = 1, most: int = LARGEST) -> Callable[[str], int]:
    """The type of a flag that takes a whole number from `least` to `most`."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"wants a whole number from {least:,} to {most:,}")
        return number

    return read
