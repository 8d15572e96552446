"""Pictures of Neovim: its screen as a terminal shows it, written as a page that Chromium takes a picture of."""

from __future__ import annotations

import html
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.chat_server import chat_server
from tests.editors_found import neovims
from tests.neovim import PLUGIN, SERVER
from tests.other_editors import home
from tests.provider import Provider
from tests.terminal import Terminal, terminal
from tools.shop import ANSWER, BETTER, EXPLANATION, FINDINGS, FOLLOW_UP, GHOST, LABEL, QUESTION, SOURCE

COLUMNS, LINES = 124, 24
INK, PAPER = "#bcbcbc", "#1c1c1c"
STYLE = (
    f"margin:0;padding:8px;background:{PAPER};color:{INK};font:15px/19px 'DejaVu Sans Mono',monospace;white-space:pre"
)
CELL = 9.04  # width of a character of that font, in pixels
INIT = f"""
  vim.o.swapfile, vim.o.termguicolors, vim.o.number, vim.o.ruler, vim.o.showcmd = false, true, true, false, false
  vim.o.shortmess = vim.o.shortmess .. 'IFsW'
  vim.o.statusline = " %f %m%=%{{v:lua.require'infill'.statusline()}} "
  vim.cmd.colorscheme('habamax')
  vim.opt.runtimepath:prepend({str(PLUGIN)!r})
  vim.g.infill = vim.json.decode([==[OPTIONS]==])
  vim.diagnostic.config({{ virtual_text = true, signs = false }})
  _G.begin = function() vim.wait(20000, function() return require('infill').status().health == 'ready' end) end
"""


def take(fake: Provider, folder: Path, pictures: Path) -> None:
    """All pictures of Neovim, into the folder `pictures`."""
    fake.answers(ANSWER)
    with _editor(folder / "ghost", {"backend": "mistral", "base_url": fake.url}, SOURCE) as shown:
        shown.keys("Godef gross(net: Decimal, rate: Decimal) -> Decimal:\r")
        shown.until_seen(GHOST.splitlines()[-1])
        _picture(shown, folder, pictures / "neovim.png")
    scripts = EXPLANATION, FOLLOW_UP, FINDINGS, f"```python\n{BETTER}```"
    with chat_server(*scripts) as model:
        settings = {"backend": "openai", "base_url": model.url}
        with _editor(folder / "talk", settings, f"{SOURCE.rstrip()}\n\n\n{LABEL}") as shown:
            shown.keys("7G:Infill explain\r")
            shown.until_seen("asks further")
            shown.keys(f":Infill ask {QUESTION}\r")
            shown.until_seen("does not catch it")
            shown.until_seen("asks further")
            _picture(shown, folder, pictures / "neovim-explanation.png")
            shown.keys("q:Infill review\r")
            shown.until_seen("Divides by zero")
            shown.keys(":\x1b")
            _picture(shown, folder, pictures / "neovim-review.png")
            shown.keys(":Infill refactor guard against a rate of -1\r")
            shown.until_seen("makes this change")
            _picture(shown, folder, pictures / "neovim-refactor.png")


@contextmanager
def _editor(folder: Path, settings: dict[str, Any], text: str) -> Iterator[Terminal]:
    folder.mkdir()
    variables, file, init = home(folder), folder / "project" / "prices.py", folder / "init.lua"
    file.write_text(text)
    options = {"cmd": SERVER, "settings": settings, "automatic": settings["backend"] == "mistral"}
    init.write_text(INIT.replace("OPTIONS", json.dumps(options)))
    line = [neovims()["latest"], "-u", init, "-i", "NONE", file.name]
    with terminal(line, variables, file.parent, columns=COLUMNS, lines=LINES) as shown:
        shown.until_seen("Prices as")
        shown.keys(":lua begin()\r")
        shown.until_seen(settings["backend"])
        yield shown


def _picture(shown: Terminal, folder: Path, path: Path) -> None:
    page = folder / f"{path.stem}.html"
    page.write_text(f'<meta charset="utf-8"><body style="{STYLE}">{_page(shown)}', encoding="utf-8")
    size = f"{round(COLUMNS * CELL) + 16},{LINES * 19 + 16}"
    quiet = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={size}"]
    line = [shutil.which("chromium") or "chromium", *quiet, f"--screenshot={path}", page.as_uri()]
    subprocess.run(line, check=True, capture_output=True, timeout=120)


def _page(shown: Terminal) -> str:
    """The screen as HTML, the characters of one look together."""
    rows = []
    for number in range(LINES):
        cells = [shown.screen.buffer[number][column] for column in range(COLUMNS)]
        row = ""
        for look, group in groupby(cells, key=lambda cell: cell._replace(data="")):
            text = html.escape("".join(cell.data for cell in group))
            ink, paper = _colour(look.fg, INK), _colour(look.bg, PAPER)
            if look.reverse:
                ink, paper = paper, ink
            style = f"color:{ink};background:{paper}"
            style += ";font-weight:bold" * look.bold + ";font-style:italic" * look.italics
            style += ";text-decoration:underline" * look.underscore
            row += f'<span style="{style}">{text}</span>'
        rows.append(row)
    return "\n".join(rows)


def _colour(name: str, default: str) -> str:
    return default if name == "default" else f"#{name}" if len(name) == 6 and not name.isalpha() else name
