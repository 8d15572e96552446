"""The plugin in a real Neovim, with the real server behind it and a provider on loopback behind that."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.editors_found import neovims
from tests.neovim import PLUGIN, SERVER, Neovim, neovim
from tests.provider import Provider, provider

KEY = "sk-test-of-neovim"
FOUND = neovims()
NAMES = (f"file{number}.py" for number in count())


def init(url: str, **options: object) -> str:
    """A configuration that puts the plugin on the runtime path and no more."""
    chosen = {"cmd": SERVER, "settings": {"backend": "mistral", "base_url": url, "prefetch": False}, **options}
    return f"""
      vim.o.swapfile = false
      vim.opt.runtimepath:prepend({str(PLUGIN)!r})
      vim.g.infill = vim.json.decode([==[{json.dumps(chosen)}]==])
    """


@pytest.fixture(scope="module")
def fake() -> Iterator[Provider]:
    with provider() as running:
        yield running


@pytest.fixture(scope="module", params=FOUND)
def shared(
    request: pytest.FixtureRequest, fake: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Neovim]:
    """One Neovim and one server for the tests of this file: a test begins with a file of its own."""
    folder = tmp_path_factory.mktemp(request.param)
    with neovim(FOUND[request.param], folder, init(fake.url), {"MISTRAL_API_KEY": KEY}) as nv:
        yield nv


@pytest.fixture
def nv(shared: Neovim) -> Neovim:
    shared.open(next(NAMES), "x = 1\n")
    return shared


def test_ghost_text_comes_while_typing_and_tab_accepts_it(nv: Neovim, fake: Provider) -> None:
    fake.answers("sum(", "values)")
    nv.keys("o")
    nv.type("total = ")
    nv.until_ghost("sum(values)")
    assert nv.text() == "x = 1\ntotal = "
    nv.keys("<Tab>")
    nv.until_text("x = 1\ntotal = sum(values)")
    assert nv.ghost() == "" and nv.cursor() == (2, 19)


def test_what_was_accepted_is_one_step_of_undo(nv: Neovim, fake: Provider) -> None:
    fake.answers("first_value")
    nv.keys("o")
    nv.type("y = ")
    nv.until_ghost("first_value")
    nv.keys("<Tab>")
    nv.until_text("x = 1\ny = first_value")
    nv.keys("<Esc>u")
    nv.until_text("x = 1\ny = ")


def test_tab_is_a_tab_where_there_is_no_ghost_text(nv: Neovim, fake: Provider) -> None:
    fake.answers("")
    nv.nvim.command("setlocal noexpandtab")
    nv.keys("o<Tab>z")
    nv.until_text("x = 1\n\tz")


def test_a_word_a_line_and_the_rest_are_accepted_one_after_the_other(nv: Neovim, fake: Provider) -> None:
    fake.answers("if values:\n        return max(values)\n    return None\n")
    nv.keys("odef top(values):<CR>")
    nv.until_ghost("if values:\n        return max(values)\n    return None")
    nv.keys("<C-Right>")
    nv.until_ghost(" values:\n        return max(values)\n    return None")
    nv.keys("<M-Right>")
    nv.until_ghost("\n        return max(values)\n    return None")
    nv.keys("<Tab>")
    body = "    if values:\n        return max(values)\n    return None"
    nv.until_text(f"x = 1\ndef top(values):\n{body}")


def test_typing_what_it_says_keeps_it_and_asks_nobody(nv: Neovim, fake: Provider) -> None:
    fake.answers("values[0]")
    nv.keys("o")
    nv.type("head = ")
    nv.until_ghost("values[0]")
    asked = fake.asked
    for typed in range(1, 5):
        nv.type("values[0]"[typed - 1])
        assert nv.ghost() == "values[0]"[typed:]
    assert fake.asked == asked


def test_an_answer_for_text_that_has_changed_is_given_up_and_never_shown(nv: Neovim, fake: Provider) -> None:
    nv.lua("""
      local ghost = require('infill.ghost')
      local draw = ghost.draw
      _G.drawn = {}
      ghost.draw = function(buf, cursor, rest) table.insert(_G.drawn, rest.text); draw(buf, cursor, rest) end
      _G.undo_spy = function() ghost.draw = draw end
    """)
    fake.answers("late", *["r"] * 200, pause=0.1)
    asked, dropped = fake.asked, fake.dropped
    nv.keys("o")
    nv.type("a = ")
    nv.lua("require('infill').trigger()")
    nv.until(lambda: fake.asked > asked, "the question whose answer will be late")
    fake.answers("sooner")
    nv.type("qq + ")
    nv.until_ghost("sooner")
    nv.until(lambda: fake.dropped > dropped, "the end of the stream that nobody waits for")
    assert set(nv.lua("return _G.drawn")) == {"sooner"}
    nv.lua("_G.undo_spy()")


def test_next_asks_for_another_one_and_previous_goes_back(nv: Neovim, fake: Provider) -> None:
    fake.answers("min(values)")
    nv.keys("o")
    nv.type("edge = ")
    nv.until_ghost("min(values)")
    fake.answers("max(values)")
    nv.keys("<M-]>")
    nv.until_ghost("max(values)")
    nv.keys("<M-[>")
    nv.until_ghost("min(values)")
    nv.keys("<M-]><Tab>")
    nv.until_text("x = 1\nedge = max(values)")


def test_what_was_dismissed_stays_away_until_asked_for_by_hand(nv: Neovim, fake: Provider) -> None:
    fake.answers("unwanted_name")
    nv.keys("o")
    nv.type("b = ")
    nv.until_ghost("unwanted_name")
    nv.keys("<C-]>")
    nv.until_ghost("")
    nv.type("u")
    nv.keys("<BS>")
    nv.until_text("x = 1\nb = ")
    assert nv.ghost() == ""
    nv.lua("require('infill').trigger()")
    nv.until_ghost("unwanted_name")


def test_ghost_text_makes_room_for_the_popup_menu_and_comes_back(nv: Neovim, fake: Provider) -> None:
    fake.answers("value_one + 2")
    nv.keys("ovalue_one = value_two = 3<CR>")
    nv.type("c = ")
    nv.until_ghost("value_one + 2")
    nv.keys("<C-x><C-n>")
    nv.until(lambda: nv.lua("return vim.fn.pumvisible()") == 1)
    nv.until_ghost("")
    nv.keys("<C-e>")
    nv.until_ghost("value_one + 2")


@pytest.mark.parametrize(
    ("module", "opened", "closed"),
    [
        (
            "local open, hear = false, {}; package.loaded['cmp'] = { visible = function() return open end, "
            "event = { on = function(_, name, f) hear[name] = f end } }; "
            "_G.menu = function(now) open = now; hear[now and 'menu_opened' or 'menu_closed']({}) end",
            "menu(true)",
            "menu(false)",
        ),
        (
            "local open = false; package.loaded['blink.cmp'] = { is_menu_visible = function() return open end }; "
            "_G.menu = function(now) open = now; vim.api.nvim_exec_autocmds('User', "
            "{ pattern = now and 'BlinkCmpMenuOpen' or 'BlinkCmpMenuClose' }) end",
            "menu(true)",
            "menu(false)",
        ),
    ],
    ids=["nvim-cmp", "blink.cmp"],
)
def test_ghost_text_makes_room_for_the_menu_of_a_plugin(
    module: str, opened: str, closed: str, nv: Neovim, fake: Provider
) -> None:
    fake.answers("beside_a_menu")
    nv.lua(module)
    nv.keys("o")
    nv.type("d = ")
    nv.until_ghost("beside_a_menu")
    nv.lua(opened)
    nv.until_ghost("")
    nv.lua(closed)
    nv.until_ghost("beside_a_menu")
    nv.lua("package.loaded['cmp'], package.loaded['blink.cmp'] = nil, nil")


def test_brackets_behind_the_cursor_are_not_doubled(nv: Neovim, fake: Provider) -> None:
    fake.answers("left, right)")
    nv.keys("oprint()<Left>")
    nv.until_ghost("left, right")
    nv.keys("<Tab>")
    nv.until_text("x = 1\nprint(left, right)")
    assert nv.cursor() == (2, 18)


def test_characters_outside_of_ascii_do_not_shift_it(nv: Neovim, fake: Provider) -> None:
    fake.answers("'é😀' + tail")
    nv.keys("o")
    nv.type("smile = '😀é' + ")
    nv.until_ghost("'é😀' + tail")
    nv.type("'é")
    assert nv.ghost() == "😀' + tail"
    nv.keys("<Tab>")
    nv.until_text("x = 1\nsmile = '😀é' + 'é😀' + tail")


def test_a_file_with_dos_line_ends_keeps_them(shared: Neovim, fake: Provider) -> None:
    fake.answers("return a\n    # done\n")
    shared.open(next(NAMES), "x = 1\r\n")
    shared.keys("odef f(a):<CR>")
    shared.until_ghost("return a\n    # done")
    shared.keys("<Tab>")
    shared.until_text("x = 1\ndef f(a):\n    return a\n    # done")
    assert shared.lua("return vim.bo.fileformat") == "dos" and "\r" not in shared.text()


def test_switched_off_it_neither_shows_nor_asks(nv: Neovim, fake: Provider) -> None:
    fake.answers("switched")
    nv.nvim.command("Infill toggle")
    assert nv.lua("return require('infill').statusline()") == "Infill off"
    asked = fake.asked
    nv.keys("o")
    nv.type("e = ")
    assert (nv.ghost(), fake.asked) == ("", asked)
    nv.keys("<Esc>")
    nv.nvim.command("Infill toggle")
    nv.keys("a")
    nv.until_ghost("switched")
    assert nv.lua("return require('infill').statusline()").startswith("mistral")


def test_leaving_insert_mode_leaves_nothing_on_the_screen(nv: Neovim, fake: Provider) -> None:
    fake.answers("gone_soon")
    nv.keys("o")
    nv.type("f = ")
    nv.until_ghost("gone_soon")
    nv.keys("<Esc>")
    nv.until_ghost("")


@pytest.mark.parametrize("command", ["why", "usage"])
def test_questions_are_answered_in_a_split(command: str, nv: Neovim) -> None:
    said = {"why": ("would be asked, at",), "usage": ("Nothing since", "taken")}[command]
    nv.nvim.command(f"Infill {command}")
    nv.until(lambda: nv.lua("return vim.bo.filetype") == "infill", f"the split of {command}")
    assert any(words in nv.text() for words in said), nv.text()
    nv.keys("q")
    nv.until(lambda: nv.lua("return #vim.api.nvim_list_wins()") == 1)


def test_checkhealth_finds_the_server_and_the_keys(nv: Neovim) -> None:
    nv.until(lambda: nv.lua("return require('infill').status().health") == "ready", "a server that is ready")
    nv.nvim.command("checkhealth infill")
    nv.until(lambda: "accept_word" in nv.text())
    assert "server running: ready, mistral" in nv.text() and "ERROR" not in nv.text(), nv.text()
    nv.nvim.command("bwipeout")


def test_a_server_that_died_is_started_again(nv: Neovim, fake: Provider) -> None:
    fake.answers("alive_again")
    nv.lua("vim.lsp.get_clients({ name = 'infill' })[1].rpc.terminate()")
    nv.until(lambda: not nv.lua("return #vim.lsp.get_clients({ name = 'infill' }) > 0"))
    nv.until(lambda: nv.lua("return #vim.lsp.get_clients({ name = 'infill', bufnr = 0 }) > 0"), "a new server")
    nv.keys("o")
    nv.type("g = ")
    nv.until_ghost("alive_again")


def test_new_options_reach_the_server_and_the_workspace_model_answers(nv: Neovim, fake: Provider) -> None:
    asked = fake.asked
    source = "def area(shape):\n    return 1\n\n\ndef border(shape):\n    return 2\n\n\n"
    nv.lua("require('infill').setup({ cmd = ..., settings = { backend = 'workspace', eagerness = 'high' } })", SERVER)
    nv.until(lambda: nv.lua("return require('infill').status().backend") == "workspace", "the workspace model")
    assert nv.lua("return require('infill.status').who()") == "workspace"
    nv.open(next(NAMES), source)
    nv.keys("o")
    nv.type("def third(s")
    nv.until(lambda: nv.ghost().startswith("hape"), "a word of the file")
    assert fake.asked == asked
    restored = {"cmd": SERVER, "settings": {"backend": "mistral", "base_url": fake.url, "prefetch": False}}
    nv.lua("require('infill').setup(...)", restored)


def test_options_that_make_no_sense_are_told_and_left_out(nv: Neovim) -> None:
    nv.lua("require('infill.config').set({ colour = 'red', automatic = 'yes', settings = { bakcend = 'x' } })")
    told = nv.nvim.command_output("messages")
    assert "no option `colour`" in told and "`automatic` wants a boolean" in told and "`bakcend`" in told


@pytest.mark.parametrize("name", FOUND)
def test_a_broken_settings_file_is_said_once_and_named_by_checkhealth(name: str, tmp_path: Path) -> None:
    (tmp_path / "config" / "infill").mkdir(parents=True)
    (tmp_path / "config" / "infill" / "settings.toml").write_text("model = [\n")
    options = init("", settings={"backend": "workspace"})
    with neovim(FOUND[name], tmp_path, options, {"XDG_CONFIG_HOME": str(tmp_path / "config")}) as nv:
        told = lambda: nv.nvim.command_output("messages").count("settings.toml: is not valid TOML")  # noqa: E731
        nv.open("a.py", "x = 1\n")
        nv.until(told, "the notice")
        nv.open("b.py", "y = 1\n")
        nv.keys("o")
        nv.type("z = y")
        nv.keys("<Esc>")
        nv.nvim.command("checkhealth infill")
        nv.until(lambda: "accept_word" in nv.text())
        assert "settings.toml: is not valid TOML" in nv.text() and "ERROR" in nv.text(), nv.text()
        assert told() == 1


@pytest.mark.parametrize("name", FOUND)
def test_where_nobody_can_talk_no_window_is_opened(name: str, tmp_path: Path) -> None:
    with neovim(FOUND[name], tmp_path, init("", settings={"backend": "workspace"}), {}) as nv:
        nv.open("a.py", "x = 1\n")
        nv.until(lambda: nv.lua("return require('infill').status().mute") != "", "the status")
        for command in ("explain", "chat what is this?", "refactor"):
            nv.nvim.command(f"messages clear | Infill {command}")
            assert "cannot talk" in nv.nvim.command_output("messages")
            assert nv.lua("return #vim.api.nvim_list_wins()") == 1


@pytest.mark.parametrize("name", FOUND)
def test_keys_in_use_are_left_alone_and_chosen_keys_are_taken(name: str, tmp_path: Path) -> None:
    mine = "vim.keymap.set('i', '<C-]>', 'mine'); vim.keymap.set('i', '<C-l>', 'mine')"
    with neovim(FOUND[name], tmp_path, init("", keys={"accept": "<C-l>", "next": False}) + mine, {}) as nv:
        nv.until(lambda: nv.lua("return require('infill').is_set_up()"))
        maps = {
            key: nv.lua("return vim.fn.maparg(..., 'i', false, true).desc or ''", key) for key in ("<C-]>", "<C-l>")
        }
        assert maps == {"<C-]>": "", "<C-l>": "Infill: accept"}
        assert nv.lua("return vim.fn.maparg('<M-]>', 'i')") == ""


@pytest.mark.parametrize("name", FOUND)
def test_what_became_of_suggestions_is_in_the_usage(name: str, fake: Provider, tmp_path: Path) -> None:
    with neovim(FOUND[name], tmp_path, init(fake.url), {"MISTRAL_API_KEY": KEY}) as nv:
        for suggestion, keys in (("taken_whole", "<Tab>"), ("taken partly", "<C-Right>"), ("waved_away", "<C-]>")):
            fake.answers(suggestion)
            nv.open(next(NAMES), "x = 1\n")
            nv.keys("o")
            nv.type("y = ")
            nv.until_ghost(suggestion)
            nv.keys(keys)
            nv.until(lambda suggestion=suggestion: nv.ghost() != suggestion)
            nv.keys("<Esc>cc<Esc>")
            nv.until_text("x = 1\n")
        nv.nvim.command("lua vim.lsp.stop_client(vim.lsp.get_clients())")
        nv.until(lambda: not nv.lua("return #vim.lsp.get_clients() > 0"))
        line = [*SERVER[:-1], "usage", "--json"]
        done = subprocess.run(line, capture_output=True, text=True, check=True, env=nv.lua("return vim.fn.environ()"))
        [day] = json.loads(done.stdout)
        assert (day["suggestions"], day["accepted"], day["partly"], day["rejected"]) == (3, 1, 1, 1)
        assert day["characters"] == len("taken_whole") + len("taken")


@pytest.mark.parametrize("name", FOUND)
def test_help_is_found(name: str, tmp_path: Path) -> None:
    with neovim(FOUND[name], tmp_path, init(""), {}) as nv:
        shutil.copytree(PLUGIN / "doc", tmp_path / "help" / "doc")
        nv.nvim.command(f"helptags {tmp_path / 'help' / 'doc'} | set runtimepath+={tmp_path / 'help'}")
        for subject in ("infill", "infill-options", "infill-keys", "infill-actions", ":Infill"):
            nv.nvim.command(f"help {subject}")
            assert nv.lua("return vim.bo.buftype") == "help"
