"""When to ask and what to offer: the LSP edge, the completion path, rules, settings, usage."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path

__version__ = "0.1.0"
"""Here, and not asked of the installation: looking there costs a tenth of the time that an editor waits for us to start."""


def _keep_to_our_own_code() -> None:
    """An editor starts us in the user's project, which may have a `context/` or `backends/` too: never import those.

    The working directory leaves the search path, unless it is our own checkout; then the layers below must be our
    neighbours, whatever PYTHONPATH says.
    """
    home = Path(__file__).resolve().parent.parent
    try:
        here = Path.cwd().resolve()
    except OSError:
        here = None  # deleted: nothing can be imported from it
    if here not in (None, home, Path(os.__file__).resolve().parent):
        sys.path[:] = [entry for entry in sys.path if Path(entry or ".").resolve() != here]
    for name in ("context", "backends"):
        spec = find_spec(name)
        if spec is None or spec.origin is None or Path(spec.origin).resolve().parent.parent != home:
            sys.exit(
                f"infill: the package '{name}' is not the one installed with Infill. "
                "Start it with the command `infill lsp`, and without PYTHONPATH."
            )


_keep_to_our_own_code()
