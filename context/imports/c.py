"""C and C++: headers beside the file, below the include folders that are seen on the way up, or wherever a path ends alike."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from context.imports.imported import Files, Imported, first_there, folders_above, only

STATEMENT = re.compile(r"^[ \t]*#[ \t]*(?:include|import)[ \t]*[\"<]([^\">\n]+)[\">]", re.M)
FOLDERS = ("", "include", "inc", "src")


def imported(text: str, here: Path, files: Files) -> Iterator[Imported]:
    above = folders_above(here, files)
    for name in STATEMENT.findall(text):
        places = (Path(os.path.normpath(folder / inner / name)) for folder in above for inner in FOLDERS)
        if paths := first_there(list(places), files) or only(files.ending(name.lstrip("./"))):
            yield Imported(paths)
