"""A real Neovim without a screen, driven by keys and watched through what it shows. It waits for states, not for times."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pynvim

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = ROOT / "editors" / "neovim"
SERVER = [sys.executable, "-P", "-m", "editors.headless", "lsp"]
PATIENCE = 60.0  # seconds, for machines that do much else

_GHOST = """
  local namespace = vim.api.nvim_get_namespaces()[...]
  local texts = {}
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, namespace or 0, 0, -1, { details = true })) do
    local text = mark[4].virt_text and mark[4].virt_text[1][1] or ''
    for _, line in ipairs(mark[4].virt_lines or {}) do text = text .. '\\n' .. line[1][1] end
    texts[#texts + 1] = text
  end
  return table.concat(texts, '‥')
"""


class Neovim:
    """`ghost` names the namespace of the renderer: the plugin's, or `nvim.lsp.inline_completion`."""

    def __init__(self, nvim: Any, folder: Path, ghost: str = "infill") -> None:
        self.nvim, self.folder, self._namespace = nvim, folder, ghost

    def lua(self, code: str, *arguments: object) -> Any:
        return self.nvim.exec_lua(code, *arguments)

    def keys(self, keys: str) -> None:
        self.nvim.input(keys)

    def type(self, text: str) -> None:
        """One key after the other, each handled before the next, as fingers do it."""
        for character in text:
            before = self.lua("return vim.b.changedtick")
            self.keys("<lt>" if character == "<" else character)
            self.until(lambda before=before: self.lua("return vim.b.changedtick") != before)

    def ghost(self) -> str:
        """What is drawn in the current buffer; `‥` stands between pieces around text of the buffer."""
        return self.lua(_GHOST, self._namespace)

    def text(self) -> str:
        return "\n".join(self.nvim.current.buffer[:])

    def cursor(self) -> tuple[int, int]:
        line, column = self.nvim.current.window.cursor
        return line, column

    def until(self, happened: Callable[[], object], why: str = "") -> None:
        """Lets Neovim live on until it has happened."""
        end = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < end, f"it did not come: {why}\n{self.report()}"
            self.lua("vim.wait(10)")

    def until_ghost(self, text: str) -> None:
        self.until(lambda: self.ghost() == text, f"ghost text {text!r}")

    def until_text(self, text: str) -> None:
        self.until(lambda: self.text() == text, f"the text {text!r}")

    def report(self) -> str:
        status = self.lua("local found, status = pcall(require, 'infill.status'); return found and status.now or {}")
        messages = self.nvim.command_output("messages")
        return f"ghost {self.ghost()!r}\ntext {self.text()!r}\nmode {self.mode()}\nstatus {status}\nmessages {messages}"

    def mode(self) -> str:
        return self.nvim.api.get_mode()["mode"]

    def open(self, name: str, text: str) -> None:
        """A file of the project, as it is on the disk, in normal mode on its last line."""
        self.keys("<Esc>")
        self.until(lambda: self.mode() == "n")
        path = self.folder / name
        path.write_bytes(text.encode())
        self.nvim.command(f"edit! {path}")
        self.until(lambda: self.lua("return #vim.lsp.get_clients({ name = 'infill', bufnr = 0 }) > 0"), "the server")
        self.nvim.command("normal! G$")


@contextmanager
def neovim(
    binary: Path, folder: Path, init: str, monkeypatch_env: dict[str, str], ghost: str = "infill"
) -> Iterator[Neovim]:
    """A running Neovim whose only configuration is `init`, in Lua, and whose home is inside `folder`."""
    project = folder / "project"
    (project / ".git").mkdir(parents=True)
    (folder / "init.lua").write_text(init)
    homes = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")
    (folder / "home").mkdir()
    added = {**dict.fromkeys(homes, str(folder / "home")), **monkeypatch_env}
    kept = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        argv = [str(binary), "--embed", "--headless", "-u", str(folder / "init.lua"), "-i", "NONE"]
        nvim = pynvim.attach("child", argv=argv)
    finally:
        for name, value in kept.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    try:
        yield Neovim(nvim, project, ghost)
    finally:
        nvim.close()
