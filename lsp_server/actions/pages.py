"""Explanations as files of the user's own cache, for editors that show a document but no panel of ours; the newest ones."""

from __future__ import annotations

import logging
from hashlib import blake2b
from pathlib import Path

from backends import private_file

log = logging.getLogger(__name__)

MOST = 20


def keep(folder: Path, markdown: str) -> str | None:
    """The URI of a file with this text; None where it cannot be written."""
    name = f"explanation-{blake2b(markdown.encode('utf-8', 'replace'), digest_size=4).hexdigest()}.md"
    try:
        private_file.write(folder / name, markdown.encode("utf-8", "replace"))
        kept = sorted(folder.glob("explanation-*.md"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in kept[MOST:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("an explanation could not be kept as a file: %s", type(error).__name__)
        return None
    return (folder / name).as_uri()
