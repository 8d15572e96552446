"""When to ask and what to offer: the LSP edge, the completion path, rules, settings, usage."""
