"""`python -P -m lsp_server`: the server with its defaults. `infill lsp` is the documented way, with options."""

from __future__ import annotations

import logging
import os

from lsp_server.api import SessionFactory
from lsp_server.connection import Options
from lsp_server.fence import log_to_stderr, trail
from lsp_server.server import serve
from lsp_server.start import session_factory
from lsp_server.watchdog import leave


def main(factory: SessionFactory, options: Options | None = None, *, log_level: int = logging.WARNING) -> None:
    """Serves on stdin and stdout and ends the process with the protocol's exit code. Never returns."""
    log_to_stderr(log_level)
    try:
        code = serve(factory, options)
    except Exception as error:
        logging.getLogger(__name__).critical("the server failed: %s", trail(error))
        code = 1
    leave(code)


if __name__ == "__main__":
    main(session_factory({}, os.environ))
