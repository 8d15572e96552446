"""`infill bench selftest`: the server against a model that knows the truth and says it damaged, as real models do."""
