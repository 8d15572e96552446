"""The command `infill`: everything the editors get, at a terminal."""

import lsp_server  # noqa: F401 - first of all, for its guard: it keeps a user's own `context/` and `backends/` from being imported
