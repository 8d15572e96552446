"""TOML that somebody else wrote, read in a time that grows with its length."""

from __future__ import annotations

from typing import Any

MOST_DOTS = 500
"""In one line. To read `a.a.a.a = 1` takes tomllib a time that grows with the square of the dots: 30,000 take seven seconds."""


class NotRead(ValueError):
    """The text is no TOML, or none that is read; the message is the end of a sentence and repeats nothing of it."""


def table(text: str) -> dict[str, Any]:
    """Raises `NotRead`."""
    import tomllib  # Only here: most people have no such file, and an editor waits for the server's start.

    if any(line.count(".") > MOST_DOTS for line in text.split("\n")):
        raise NotRead(f"has a line with more than {MOST_DOTS} dots.")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NotRead(f"is not valid TOML ({_place(error)}).") from None
    except RecursionError:
        raise NotRead("is nested too deeply.") from None
    except ValueError:  # a whole number of more digits than Python reads
        raise NotRead("holds a number that is too long.") from None


def _place(error: ValueError) -> str:
    """`at line 3, column 7`, cut from the message: the rest of it may repeat the text."""
    _, found, place = str(error).rpartition("(at ")
    return "at " + place.rstrip(")") if found else "at its end"
