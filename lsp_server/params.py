"""Reading what an editor sent, strictly where it matters.

The editor's JSON is read by hand and not by cattrs, which takes 1.9 and "5" for a line number, refuses a whole message
for one unknown enum value, and costs more than everything else that an edit needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

Params = Mapping[str, object]


class BadParams(Exception):
    """Parameters a method cannot work with; the message names the field and is sent to the editor, so it holds no value."""


def obj(params: object, name: str) -> Params:
    value = params.get(name) if isinstance(params, dict) else None
    if not isinstance(value, dict):
        raise BadParams(f"{name}: an object is needed")
    return cast("Params", value)


def objects(params: object, name: str) -> list[Params]:
    value = params.get(name) if isinstance(params, dict) else None
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise BadParams(f"{name}: an array of objects is needed")
    return cast("list[Params]", value)


def string(params: object, name: str) -> str:
    value = params.get(name) if isinstance(params, dict) else None
    if not isinstance(value, str):
        raise BadParams(f"{name}: a string is needed")
    return value


def natural(params: object, name: str) -> int:
    """A whole number from 0 on. JSON has no integers, so 3.0 is one; true is not."""
    value = params.get(name) if isinstance(params, dict) else None
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or value < 0:
        raise BadParams(f"{name}: a whole number from 0 on is needed")
    return value


def optional(params: object, name: str) -> object:
    """The field as it came, None where there is none."""
    return params.get(name) if isinstance(params, dict) else None


def path_of(params: object, *names: str) -> object:
    """The value at a path of fields; None as soon as one is missing. For capabilities, which come in every shape."""
    for name in names:
        params = optional(params, name)
    return params
