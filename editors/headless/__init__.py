"""The command `infill`: everything the editors get, at a terminal."""
