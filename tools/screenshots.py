"""Makes the pictures of the editors in docs/pictures: `python -m tools.screenshots [neovim] [vscode]`, in a checkout.

The editors are those of `tools/setup_editors.sh neovim vscode`.
What answers is a provider on loopback that always says the same, so that the pictures change only when the editors' side does.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.editors_found import ROOT
from tests.provider import provider
from tools import neovim_pictures, vscode_pictures

PICTURES = ROOT / "docs" / "pictures"


def main() -> None:
    wanted = sys.argv[1:] or ["neovim", "vscode"]
    PICTURES.mkdir(exist_ok=True)
    with provider() as fake, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if "neovim" in wanted:
            neovim_pictures.take(fake, folder, PICTURES)
        if "vscode" in wanted:
            vscode_pictures.take(fake, folder, PICTURES)
    for picture in sorted(PICTURES.glob("*.png")):
        print(picture.relative_to(ROOT), picture.stat().st_size)


if __name__ == "__main__":
    main()
