"""Where related code comes from: one source per file, all in the `SOURCES` tuple of `context/gather.py`."""
