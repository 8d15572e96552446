"""`infill bench replay` through the real server: commits of a repository, written again in an editor that is only imagined."""
