"""The workspace model: an embedded default without weights that learns from the open project."""
