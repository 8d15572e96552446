"""Which files a file's imports mean: one family of languages per file, all in the `READERS` table of `scope.py`."""
