"""Which wish is believed: command line, then environment, editor, the user's file; then every project file may narrow the result.

A bad entry is dropped alone and reported, the rest applies. A narrowing rule that cannot be understood, or whose name is
misspelt, may have been there to protect something, and so may a `backend` that there is not: `local_only` is on until it is
mended.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_server import settings_file
from lsp_server.options import Option, Unfit, Value, fit, narrow, read_text
from lsp_server.settings import OPTIONS, Settings

BRIEF = 40  # characters of a key

CLOSED = "Nothing is sent to a network until it is mended."

ENVIRONMENT = "environment"
ENVIRONMENT_PREFIX = "INFILL_"
NOT_SETTINGS = ("INFILL_API_KEY", "INFILL_TRACEBACK")  # variables that others of us read
PROJECT_FILE = ".infill.toml"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that was not taken as it stands. `where` is the layer or the file; nothing here repeats a value."""

    where: str
    key: str
    what: str
    mend: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.where, self.key, f"{self.what} {self.mend}") if part)

    @property
    def brief(self) -> str:
        """For a message that interrupts: of a file its name, of a key of somebody else's file no more than a name may have."""
        key = "".join(char for char in self.key[:BRIEF] if char.isprintable())
        return ": ".join(part for part in (Path(self.where).name, key, self.what) if part)


@dataclass(frozen=True, slots=True)
class Resolved:
    """The settings in force, where each of them came from in words, and what was not taken. `not_understood`: the file, and the
    rule in it, that could not be read and so holds `local_only` on; else ""."""

    settings: Settings
    provenance: Mapping[str, str]
    problems: tuple[Problem, ...]
    not_understood: str = ""


def user_file() -> Path:
    """Where the user's own settings are read from; it need not exist."""
    import platformdirs

    return platformdirs.user_config_path("infill", appauthor=False) / "settings.toml"


def resolve(
    command_line: Mapping[str, object] | None = None,
    environment: Mapping[str, str] | None = None,
    editor: Mapping[str, object] | None = None,
    user_file: Path | None = None,
    project_files: Sequence[Path] = (),
) -> Resolved:
    """Never raises: whatever the layers hold, there are settings to run with.

    `command_line` and `editor` hold checked types or JSON, `environment` is the whole environment, `user_file` and
    `project_files` need not exist.
    """
    merge = _Merge()
    if user_file is not None:
        merge.believe(str(user_file), merge.table(user_file, inside=None))
    merge.believe("editor settings", editor or {})
    for variable, text in (environment or {}).items():
        name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in NOT_SETTINGS and _is_meant(name):
            merge.believe(ENVIRONMENT, {name: text}, reader=read_text)
    merge.believe("command line", command_line or {})
    for path in project_files:
        merge.narrow_by(str(path), merge.table(path, inside=path.parent))
    return merge.result()


class _Merge:
    """The layers put together so far, lowest first."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {option.name: option.default for option in OPTIONS}
        self._provenance: dict[str, str] = dict.fromkeys(self._values, "default")
        self._problems: list[Problem] = []
        self._not_understood = ""

    def result(self) -> Resolved:
        if self._not_understood:
            self._values["local_only"] = True
            self._provenance["local_only"] = f"on until {self._not_understood} is mended"
        return Resolved(Settings(**self._values), dict(self._provenance), tuple(self._problems), self._not_understood)

    def table(self, path: Path, *, inside: Path | None) -> Mapping[str, object]:
        try:
            return settings_file.read(path, inside=inside) or {}
        except settings_file.Unreadable as error:
            self._not_understood = str(path)
            self._complain(str(path), "", str(error), CLOSED)
            return {}

    def believe(self, where: str, wishes: Mapping[str, object], reader: Callable[[Option, Any], Value] = fit) -> None:
        """Takes a layer of the user's own, over the layers before it."""
        for option, value in self._checked(where, wishes, reader):
            held = self._values[option.name]
            if option.additive and isinstance(value, tuple):
                value = tuple(dict.fromkeys((*held, *value)))
            added = option.additive and held
            self._values[option.name] = value
            self._provenance[option.name] = f"{self._provenance[option.name]}, {where}" if added else where

    def narrow_by(self, where: str, wishes: Mapping[str, object]) -> None:
        """Takes a project's layer as far as it narrows."""
        own = {name: raw for name, raw in wishes.items() if not self._refused(where, name)}
        for option, value in self._checked(where, own, fit):
            held = self._values[option.name]
            narrowed = narrow(option, held, value)
            if narrowed is None:
                self._complain(where, option.name, f"in a project file this {option.narrowing}.", "Remove it there.")
            elif narrowed != held:
                self._values[option.name] = narrowed
                self._provenance[option.name] += f", narrowed by {where}"

    def _refused(self, where: str, name: str) -> bool:
        """A known setting that no project may touch. Unknown names are left for `_checked` to report."""
        refused = any(option.name == name and option.narrowing is None for option in OPTIONS)
        if refused:
            mend = f"Remove it there; if you want it, put it into your own {user_file()}."
            self._complain(where, name, "a project's file may not set this.", mend)
        return refused

    def _checked(
        self, where: str, wishes: Mapping[str, object], reader: Callable[[Option, Any], Value]
    ) -> list[tuple[Option, Value]]:
        checked = []
        for name, raw in wishes.items():
            option = next((option for option in OPTIONS if option.name == name), None)
            if option is None:
                key, what, mend = _unknown(where, name)
                if _narrows(near(name)):
                    self._not_understood = f"{where}: {key}"
                    mend = f"{mend} {CLOSED}"
                self._complain(where, key, what, mend)
                continue
            try:
                checked.append((option, reader(option, raw)))
            except Unfit as error:
                mend = "It was left out."
                if _narrows(name) or name == "backend":
                    self._not_understood = f"{where}: {name}"
                    mend = CLOSED
                self._complain(where, _written(where, name), str(error), mend)
        return checked

    def _complain(self, where: str, key: str, what: str, mend: str) -> None:
        self._problems.append(Problem(where, key, what, mend))


def _is_meant(name: str) -> bool:
    """Whether a variable is, or looks like, a setting. Anything else of our prefix may be a wrapper's or a CI's own."""
    return any(option.name == name for option in OPTIONS) or _looks_like_a_key(name) or bool(near(name))


def _unknown(where: str, name: str) -> tuple[str, str, str]:
    """A name that is no setting, as it was written, what is wrong and what to do; nothing else of a layer is ever repeated."""
    nearest = near(name)
    if _looks_like_a_key(name) and not (nearest and _differs_in_its_ending(name, nearest)):
        return _written(where, name), "a key is never a setting.", "Remove it there and use `infill key set`."
    mend = f"Did you mean {_written(where, nearest)}?" if nearest else "docs/settings.md lists them all."
    return _written(where, name), "there is no such setting.", mend


def _narrows(name: str) -> bool:
    return any(option.name == name and option.narrowing is not None for option in OPTIONS)


def _written(where: str, name: str) -> str:
    """A setting's name as that layer spells it."""
    return ENVIRONMENT_PREFIX + name.upper() if where == ENVIRONMENT else name


def _looks_like_a_key(name: str) -> bool:
    return name.lower().replace("-", "_").endswith(("key", "token", "secret"))


def _differs_in_its_ending(name: str, setting: str) -> bool:
    """`max_token` is a setting without its last letter, and no key."""
    return setting.startswith(name) and len(setting) - len(name) <= 2


def near(name: str) -> str:
    """The setting that was probably meant; "" for none."""
    import difflib

    return next(iter(difflib.get_close_matches(name, [option.name for option in OPTIONS], n=1)), "")
