"""What one setting is: its type, unit, limits, who may set it, and how a raw value becomes a checked one.

`lsp_server/settings.py` declares them all; here is only the machinery, without a single name of a setting.
"""

from __future__ import annotations

from dataclasses import Field, dataclass, field
from enum import StrEnum
from typing import Any, Literal, get_args, get_origin

from context.ignore_patterns import LONGEST

Value = bool | int | float | str | tuple[str, ...]


class Scope(StrEnum):
    """Who may set it. Everybody above may set what those below may."""

    MACHINE = "machine"  # where text goes, what is spent, what is read: never by anything that comes with a project
    USER = "user"  # taste: the user, also per workspace in an editor
    PROJECT = "project"  # the user; and a project's `.infill.toml` may narrow it


class Narrowing(StrEnum):
    """The one direction in which a project file may move a setting."""

    OFF = "may only be switched off"
    ON = "may only be switched on"
    ADD = "may only be added to"
    COMMON = "may only be made shorter"


@dataclass(frozen=True, slots=True)
class Option:
    """One declared setting. `additive`: entries of every layer count, since a rule that protects can only be added to."""

    name: str
    type: Any
    default: Value
    doc: str
    scope: Scope
    unit: str = ""
    low: float | None = None
    high: float | None = None
    narrowing: Narrowing | None = None
    additive: bool = False

    @property
    def choices(self) -> tuple[str, ...]:
        return get_args(self.type) if get_origin(self.type) is Literal else ()

    @property
    def is_list(self) -> bool:
        return get_origin(self.type) is tuple

    @property
    def wanted(self) -> str:
        """What a value must be, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.is_list:
            return "a list of strings"
        if self.type is bool:
            return "true or false"
        if self.type is str:
            return "a string"
        kind = "a whole number" if self.type is int else "a number"
        return f"{kind} from {self.low:g} to {self.high:g}" if self.low is not None and self.high is not None else kind


class Unfit(ValueError):
    """A value that a setting cannot take. The message says what is wanted and never repeats the value."""


def declared(
    default: Value,
    doc: str,
    *,
    scope: Scope,
    unit: str = "",
    limits: tuple[float, float] | None = None,
    narrowing: Narrowing | None = None,
    additive: bool = False,
) -> Any:
    """A dataclass field that carries its own declaration. Typed `Any` so that the field's annotation is the type."""
    low, high = limits or (None, None)
    facts = {"doc": doc, "scope": scope, "unit": unit, "low": low, "high": high}
    return field(default=default, metadata=facts | {"narrowing": narrowing, "additive": additive})


def option_of(declaration: Field[Any], type_: Any) -> Option:
    default: Any = declaration.default
    return Option(name=declaration.name, type=type_, default=default, **declaration.metadata)


def fit(option: Option, raw: object) -> Value:
    """The checked value of what a TOML file or an editor's JSON holds; a lone string counts as a list of one. Raises `Unfit`."""
    if option.is_list:
        entries = [raw] if isinstance(raw, str) else raw
        if not isinstance(entries, (list, tuple)) or not all(isinstance(entry, str) for entry in entries):
            raise Unfit(f"wants {option.wanted}.")
        if any(len(entry) > LONGEST for entry in entries):
            raise Unfit(f"has an entry of more than {LONGEST} characters.")
        return tuple(dict.fromkeys(entry for entry in entries if entry))
    if option.type is bool:
        if isinstance(raw, bool):
            return raw
    elif option.choices or option.type is str:
        if isinstance(raw, str) and (not option.choices or raw in option.choices):
            return raw
    elif isinstance(raw, (int, float)) and not isinstance(raw, bool):
        number = _number(option, raw)
        if number is not None:
            return number
    raise Unfit(f"wants {option.wanted}{_meant(option, raw)}.")


def _meant(option: Option, raw: object) -> str:
    if not option.choices or not isinstance(raw, str):
        return ""
    import difflib  # only here: the server's start waits for no more than it needs

    return "".join(f"; did you mean {one}" for one in difflib.get_close_matches(raw, option.choices, n=1))


def _number(option: Option, raw: int | float) -> int | float | None:
    """Within the limits and whole where it must be; NaN compares false and so falls out."""
    if option.low is not None and option.high is not None and not option.low <= raw <= option.high:
        return None
    if option.type is int:
        return int(raw) if raw == int(raw) else None
    return float(raw)


_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def read_text(option: Option, text: str) -> Value:
    """The checked value of what an environment variable or a flag holds: lists are separated by commas. Raises `Unfit`."""
    text = text.strip()
    if option.is_list:
        return fit(option, [entry.strip() for entry in text.split(",")])
    if option.type is bool:
        return fit(option, True if text.lower() in _TRUE else False if text.lower() in _FALSE else text)
    if option.type in (int, float):
        try:
            return fit(option, float(text))
        except (ValueError, OverflowError):
            raise Unfit(f"wants {option.wanted}.") from None
    return fit(option, text)


def narrow(option: Option, held: Any, asked: Any) -> Value | None:
    """What a project's wish comes to, or None where it would widen. `held` and `asked` are checked values of this option."""
    match option.narrowing:
        case Narrowing.OFF:
            return False if asked is False else None
        case Narrowing.ON:
            return True if asked is True else None
        case Narrowing.ADD:
            return tuple(dict.fromkeys((*held, *asked)))
        case Narrowing.COMMON:
            return asked if held == ("*",) else held if asked == ("*",) else tuple(one for one in held if one in asked)
    return None
