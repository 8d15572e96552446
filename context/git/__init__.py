"""Which files git says were changed, read from its own files: no program is started, no hook, filter or setting is obeyed."""
