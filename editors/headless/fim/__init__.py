"""`infill bench fim`: public sets of holes in code, read from the user's own copy; none is shipped or fetched."""
