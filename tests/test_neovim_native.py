"""Neovim's own inline completion, from 0.12 on, with no more of ours than lsp/infill.lua."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acting import block
from tests.chat_server import chat_server
from tests.editors_found import neovims
from tests.neovim import PLUGIN, SERVER, Neovim, neovim
from tests.provider import Provider, provider

INIT = f"""
  vim.o.swapfile = false
  vim.g.loaded_infill = 1
  vim.opt.runtimepath:prepend({str(PLUGIN)!r})
  vim.lsp.config('infill', vim.json.decode([==[%s]==]))
  vim.lsp.enable('infill')
  vim.lsp.inline_completion.enable()
  vim.keymap.set('i', '<Tab>', function()
    return vim.lsp.inline_completion.get() and '' or '<Tab>'
  end, {{ expr = true }})
"""


@pytest.fixture(scope="module")
def fake() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture(scope="module")
def nv(fake: Provider, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neovim]:
    settings = {"backend": "mistral", "base_url": fake.url, "prefetch": False}
    init = INIT % json.dumps({"cmd": SERVER, "init_options": {"settings": settings}})
    folder, environment = tmp_path_factory.mktemp("native"), {"MISTRAL_API_KEY": "sk-test-of-neovim"}
    with neovim(neovims()["latest"], folder, init, environment, ghost="nvim.lsp.inline_completion") as running:
        yield running


def test_ghost_text_comes_and_is_accepted(nv: Neovim, fake: Provider) -> None:
    fake.answers("sum(values)")
    nv.open("first.py", "x = 1\n")
    nv.keys("o")
    nv.type("total = ")
    nv.until_ghost("sum(values)")
    nv.keys("<Tab>")
    nv.until_text("x = 1\ntotal = sum(values)")


def test_a_block_is_drawn_below_the_line(nv: Neovim, fake: Provider) -> None:
    fake.answers("if a:\n        return b\n    return None\n")
    nv.open("second.py", "x = 1\n")
    nv.keys("odef choose(a, b):<CR>")
    nv.until_ghost("if a:\n        return b\n    return None")


def test_questions_that_typing_has_overtaken_do_no_harm(nv: Neovim, fake: Provider) -> None:
    """Neovim neither takes them back nor looks at what they were about; the server answers them as cancelled."""
    fake.answers("slow", *["r"] * 100, pause=0.1)
    nv.open("third.py", "x = 1\n")
    asked = fake.asked
    nv.keys("o")
    nv.type("y = ")
    nv.until(lambda: fake.asked > asked)
    fake.answers("quick")
    nv.type("z + ")
    nv.until_ghost("quick")
    assert "rror" not in nv.nvim.command_output("messages")


def test_vim_pack_brings_the_plugin_as_the_help_says(fake: Provider, tmp_path: Path) -> None:
    source = tmp_path / "source"
    shutil.copytree(PLUGIN, source / "editors" / "neovim")
    for line in (
        ["init", "-q"],
        ["add", "-A"],
        ["-c", "user.name=x", "-c", "user.email=x@localhost", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *line], cwd=source, check=True)
    options = {"cmd": SERVER, "settings": {"backend": "mistral", "base_url": fake.url, "prefetch": False}}
    init = f"""
      vim.o.swapfile = false
      vim.g.infill = vim.json.decode([==[{json.dumps(options)}]==])
      vim.pack.add({{ 'file://{source}' }}, {{ confirm = false, load = function(plugin)
        vim.opt.runtimepath:prepend(plugin.path .. '/editors/neovim')
        vim.cmd.runtime('plugin/infill.lua')
      end }})
    """
    fake.answers("sum(values)")
    with neovim(neovims()["latest"], tmp_path, init, {"MISTRAL_API_KEY": "sk-test-of-neovim"}) as nv:
        nv.open("first.py", "x = 1\n")
        nv.keys("o")
        nv.type("total = ")
        nv.until_ghost("sum(values)")


def test_code_actions_ask_before_an_edit_and_open_explanations(tmp_path: Path) -> None:
    text = "def one():\n    return 1 + 0\n"
    with chat_server("It gives one.\n", block("def one():\n    return 1\n")) as model:
        settings = {"backend": "openai", "base_url": model.url}
        init = INIT % json.dumps({"cmd": SERVER, "init_options": {"settings": settings}})
        init += """
          vim.lsp.inline_completion.enable(false)
          vim.ui.select = function(items, options, choose)
            for number, item in ipairs(items) do
              local name = (options.format_item or tostring)(item)
              if name:find(_G.choice, 1, true) then choose(item, number) return end
            end
            _G.asked = options.prompt
            if _G.answer then choose(items[_G.answer], _G.answer) else choose(nil) end
          end
        """
        with neovim(neovims()["latest"], tmp_path, init, {}) as nv:
            nv.open("one.py", text)
            nv.lua("_G.choice = 'Infill: Explain'; vim.lsp.buf.code_action()")
            nv.until(lambda: "It gives one." in nv.text(), "the explanation")
            nv.nvim.command("edit #")
            for answer, becomes in ((2, text), (1, text.replace(" + 0", ""))):
                nv.lua("_G.choice, _G.asked, _G.answer = 'Simplify', nil, ...; vim.lsp.buf.code_action()", answer)
                nv.until(lambda: nv.lua("return _G.asked"), "the question")
                assert "Apply it?" in nv.lua("return _G.asked")
                nv.until_text(becomes.rstrip("\n"))
