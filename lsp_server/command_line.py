"""Settings as flags: the few that have one of their own, and `--set NAME=VALUE` for every other.

Shared by `infill lsp`, `python -P -m lsp_server` and the commands that ask a backend, so that a flag means the same everywhere.
"""

from __future__ import annotations

import argparse
from collections.abc import Container, Mapping, Sequence
from typing import Any

from lsp_server.options import Option, Unfit, Value, read_text
from lsp_server.settings import OPTIONS

FLAGS = ("backend", "base_url", "model", "local_only", "log_level")


def add_flags(parser: argparse.ArgumentParser, *, without: Container[str] = ()) -> None:
    """Adds a group of flags; `given` reads what came in them. A value that does not fit is a usage error. `without` leaves out
    those that a command has a meaning of its own for."""
    group = parser.add_argument_group("settings, for this run only")
    for option in OPTIONS:
        if option.name not in FLAGS or option.name in without:
            continue
        flag, words = "--" + option.name.replace("_", "-"), option.doc.split(". ")[0].rstrip(".")
        if option.type is bool:
            group.add_argument(flag, action=_Wish, nargs=0, option=option, help=words)
        else:
            metavar = "{" + ",".join(option.choices) + "}" if option.choices else option.name.rpartition("_")[2].upper()
            group.add_argument(flag, action=_Wish, option=option, metavar=metavar, help=words)
    group.add_argument("--set", action=_Wish, metavar="NAME=VALUE", help="Any setting of docs/settings.md, repeatable")


def given(arguments: argparse.Namespace) -> Mapping[str, Value]:
    """The settings that the command line named, for `resolve`."""
    wishes: Mapping[str, Value] = getattr(arguments, "settings", {})
    return wishes


def as_flags(wishes: Mapping[str, Value]) -> list[str]:
    """The flags that say the same, for a server started as a process."""
    texts = {name: ",".join(value) if isinstance(value, tuple) else str(value) for name, value in wishes.items()}
    return [f"--set={name}={text}" for name, text in texts.items()]


class _Wish(argparse.Action):
    """Gathers every settings flag into one mapping, `settings`."""

    def __init__(self, option_strings: Sequence[str], dest: str, option: Option | None = None, **more: Any) -> None:
        super().__init__(option_strings, dest, default=argparse.SUPPRESS, **more)
        self._option = option

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, flag: str | None = None
    ) -> None:
        option, text = (self._option, values) if self._option else self._split(str(values))
        try:
            value = True if values == [] else read_text(option, str(text))
        except Unfit as error:
            raise argparse.ArgumentError(self, f"{option.name} {error}") from None
        namespace.settings = {**given(namespace), option.name: value}

    def _split(self, text: str) -> tuple[Option, str]:
        name, sign, value = text.partition("=")
        for option in OPTIONS:
            if sign and option.name == name.strip().replace("-", "_"):
                return option, value
        from lsp_server.resolve import near

        name = name.strip()
        if not sign:
            raise argparse.ArgumentError(self, "wants NAME=VALUE with a NAME of docs/settings.md")
        nearest = near(name)
        where = f"did you mean `{nearest}`" if nearest else "docs/settings.md lists them all"
        raise argparse.ArgumentError(self, f"there is no setting `{name}`; {where}")
