"""The folders in which Infill keeps things: which of them cannot be written, and what does not work then."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Unwritable:
    """`place` cannot be written, for the system's reason `why`; `lost` is what does not work, and `variable` names another
    folder."""

    place: Path
    why: str
    lost: str
    variable: str


def unwritable(*, audit: bool) -> Iterator[Unwritable]:
    """Of the user's folders and of the files that stand in them for long; `audit` is the setting. Leaves nothing behind."""
    import platformdirs

    config, data = platformdirs.user_config_path("infill"), platformdirs.user_data_path("infill")
    cache, state = platformdirs.user_cache_path("infill"), platformdirs.user_state_path("infill")
    uncounted = "`infill usage` counts nothing, and the day's budget begins anew with each start"
    unsent = "what leaves cannot be written down, so with `audit` on nothing is sent"
    unknown = "the workspace model knows open files only, and other models are shown nothing of further files"
    for folder, file, lost, variable in (
        (config, None, "`infill key set` cannot keep a key", "XDG_CONFIG_HOME"),
        (data, data / "usage.sqlite", uncounted, "XDG_DATA_HOME"),
        *([(data, data / "audit.jsonl", unsent, "XDG_DATA_HOME")] if audit else []),
        (cache, None, unknown, "XDG_CACHE_HOME"),
        (state, None, "`infill bench` cannot keep a run", "XDG_STATE_HOME"),
    ):
        if why := _no_file_in(folder):
            yield Unwritable(folder, why, lost, variable)
        elif file is not None and (why := _not_added_to(file)):
            yield Unwritable(file, why, lost, variable)


def _no_file_in(folder: Path) -> str:
    """Why none can be made in a folder, which need not exist yet, in the system's words; "" where one can."""
    try:
        there = next(each for each in (folder, *folder.parents) if each.exists())
        with tempfile.TemporaryFile(dir=there) as file:  # modes say nothing of a disk that is full or read-only
            file.write(b"infill")
            file.flush()
    except OSError as error:
        return _reason(error)
    return ""


def _not_added_to(file: Path) -> str:
    try:
        if file.exists():
            file.open("ab").close()
    except OSError as error:
        return _reason(error)
    return ""


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
