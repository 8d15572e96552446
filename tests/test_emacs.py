"""Emacs: ghost text with lsp-mode, completion with Eglot. The real editor on a screen and the real server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.editors_found import EMACS
from tests.other_editors import accepted, asking, documented, home
from tests.provider import Provider, provider
from tests.terminal import Terminal, terminal

pytestmark = pytest.mark.timeout(300)
SHARE = EMACS.parent.parent / "share" / "emacs"
QUIET = """
(setq inhibit-startup-screen t ring-bell-function #'ignore make-backup-files nil auto-save-default nil
      native-comp-jit-compilation nil native-comp-enable-subr-trampolines nil create-lockfiles nil
      lsp-auto-guess-root t lsp-enabled-clients '(infill) lsp-warn-no-matched-clients nil lsp-enable-snippet nil
      lsp-headerline-breadcrumb-enable nil
      lsp-enable-suggest-server-download nil confirm-kill-processes nil confirm-kill-emacs nil)
"""
ASK = "\x1b\t"  # M-TAB, which is C-M-i


@pytest.fixture(scope="module")
def fake() -> Iterator[Provider]:
    with provider() as running:
        yield running


@contextmanager
def emacs(folder: Path, fake: Provider, configuration: str) -> Iterator[tuple[Terminal, Path, dict[str, str]]]:
    """On a file of one line, with a configuration that is no more than what is documented. It was unpacked, not installed, so
    it is told where its own files are."""
    file, init = folder / "project" / "sum.py", folder / "init.el"
    variables = {**home(folder), **asking(fake)}
    file.write_text("x = 1\n")
    init.write_text(QUIET + configuration)
    version = next(path for path in SHARE.iterdir() if path.name[0].isdigit())
    own = [version / "lisp", *(path for path in (version / "lisp").rglob("*") if path.is_dir())]
    packages = sorted((SHARE / "site-lisp" / "elpa-src").iterdir())
    libexec = next((EMACS.parent.parent / "libexec" / "emacs").glob("*/*"))
    variables |= {
        "EMACSLOADPATH": ":".join(map(str, [*packages, *own])),
        "EMACSDATA": str(version / "etc"),
        "EMACSDOC": str(version / "etc"),
        "EMACSPATH": str(libexec),
    }
    line = [EMACS, f"--dump-file={next(libexec.glob('*.pdmp'))}", "-nw", "-q", "-l", init, file]
    with terminal(line, variables, file.parent) as shown:
        shown.until_seen("x = 1")
        yield shown, file, variables


def test_eglot_completes_with_the_suggestion(fake: Provider, tmp_path: Path) -> None:
    fake.answers("um(", "values)")
    with emacs(tmp_path, fake, documented("Emacs", "elisp", 1)) as (shown, file, variables):
        shown.until_seen("[eglot] Connected!")
        shown.keys("\x1b>")  # M-> goes to the end
        shown.type("total = s", after="")
        shown.until_seen("sum(values)", keys=ASK)
        shown.keys("\x18\x13")  # C-x C-s saves
        shown.until_saved(file, "x = 1\ntotal = sum(values)\n")
        shown.until(lambda: accepted(variables) == 1, "the acceptance in the usage")


def test_lsp_mode_shows_ghost_text(fake: Provider, tmp_path: Path) -> None:
    fake.answers("sum(", "values)")
    with emacs(tmp_path, fake, '(load "lsp-mode-autoloads")' + documented("Emacs", "elisp")) as (
        shown,
        file,
        variables,
    ):
        shown.until_seen("Flymake[")  # it shows nothing else of its own when the server is ready
        shown.keys("\x1b>")
        shown.type("total = ", after="")
        shown.until_seen("sum(values)")
        assert file.read_text() == "x = 1\n"
        shown.keys("\x1b[27;5;13~")  # C-<return>, as an xterm sends it
        shown.until_seen("total = sum(values)")
        shown.keys("\x18\x13")
        shown.until_saved(file, "x = 1\ntotal = sum(values)\n")
        shown.until(lambda: accepted(variables) == 1, "the acceptance in the usage")
