"""Makes the pictures of the editors in docs/pictures: `python -m tools.screenshots`, in a checkout.

The editors are those of `tools/setup_editors.sh neovim vscode`.
What answers is a provider on loopback that always says the same, so that the pictures change only when the editors' side does.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.editors_found import ROOT, neovims
from tests.neovim import neovim
from tests.provider import Provider, provider
from tests.test_neovim import init
from tests.vscode import Code, code

PICTURES = ROOT / "docs" / "pictures"
KEY = {"MISTRAL_API_KEY": "sk-of-a-picture"}
SOURCE = '''\
"""Prices as a shop shows them."""

from decimal import Decimal


def net(gross: Decimal, rate: Decimal) -> Decimal:
    return gross / (1 + rate)


'''
ANSWER = "    if rate < 0:\n        raise ValueError('a rate is never negative')\n    return net * (1 + rate)\n"
GHOST = ANSWER.strip()


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
        _neovim(fake, folder / "neovim", window)


def _neovim(fake: Provider, folder: Path, page: Code) -> None:
    """Neovim writes what it shows as HTML, ghost text included, and the browser that is there anyway takes the picture."""
    folder.mkdir()
    start = init(fake.url) + "vim.o.termguicolors = true; vim.cmd.colorscheme('habamax')"
    with neovim(neovims()["latest"], folder, start, KEY) as nv:
        nv.open("prices.py", SOURCE + "\n\nRATE = Decimal('0.2')\n")
        nv.nvim.command("normal! 9G")
        nv.keys("odef gross(net: Decimal, rate: Decimal) -> Decimal:<CR>")
        nv.until_ghost(GHOST)
        page_file = folder / "neovim.html"
        nv.nvim.command("silent! packadd nvim.tohtml")  # a plugin of its own from Neovim 0.12 on
        convert = "vim.fn.writefile(require('tohtml').tohtml(0, { font = { 'monospace' } }), ...)"
        nv.lua(convert, str(page_file))
    page.do("goto", page_file.as_uri())
    page.do("screenshotOfText", str(PICTURES / "neovim.png"))


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    with provider() as fake, tempfile.TemporaryDirectory() as folder:
        fake.answers(ANSWER)
        vscode(fake, Path(folder))
    for picture in sorted(PICTURES.glob("*.png")):
        print(picture.relative_to(ROOT), picture.stat().st_size)


if __name__ == "__main__":
    main()
