"""Who answers: one provider per file, the workspace model, the model host. No LSP types."""
