"""What the model may see: snapshots, edits, privacy, sources, budget. No LSP types, no HTTP."""
