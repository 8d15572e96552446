"""Makes the pictures of the editors in docs/pictures: `python -m tools.screenshots [neovim] [vscode]`, in a checkout.

The editors are those of `tools/setup_editors.sh neovim vscode`.
What answers is a provider on loopback that always says the same, so that the pictures change only when the editors' side does.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.editors_found import ROOT
from tests.provider import Provider, provider
from tests.vscode import code
from tools import neovim_pictures
from tools.shop import ANSWER, GHOST, SOURCE

PICTURES = ROOT / "docs" / "pictures"
KEY = {"MISTRAL_API_KEY": "sk-of-a-picture"}


def vscode(fake: Provider, folder: Path) -> None:
    settings = {
        "infill.server.path": str(Path(sys.executable).parent / "infill"),
        "infill.backend": "mistral",
        "infill.base_url": fake.url,
    }
    with code(folder, settings, KEY) as window:
        window.until_status("Infill: mistral")
        window.open("prices.py", SOURCE)
        window.type("def gross(net: Decimal, rate: Decimal) -> Decimal:")
        window.press("Enter")
        window.until_ghost(GHOST)
        window.do("screenshot", str(PICTURES / "vscode.png"))
        window.do("click", ".statusbar-item:has-text('Infill')")
        window.do("wait", ".quick-input-list")
        window.do("screenshot", str(PICTURES / "vscode-menu.png"))
        window.press("Escape")


def main() -> None:
    wanted = sys.argv[1:] or ["neovim", "vscode"]
    PICTURES.mkdir(exist_ok=True)
    with provider() as fake, tempfile.TemporaryDirectory() as name:
        fake.answers(ANSWER)
        folder = Path(name)
        if "neovim" in wanted:
            neovim_pictures.take(fake, folder, PICTURES)
        if "vscode" in wanted:
            vscode(fake, folder)
    for picture in sorted(PICTURES.glob("*.png")):
        print(picture.relative_to(ROOT), picture.stat().st_size)


if __name__ == "__main__":
    main()
