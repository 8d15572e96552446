"""What to show: an answer as the model gave it becomes ghost text that fits its place, or nothing, with a reason."""

from lsp_server.rules.apply import RULES, Step, apply, explain
from lsp_server.rules.verdict import Drop, Rule, Shown

__all__ = ("RULES", "Drop", "Rule", "Shown", "Step", "apply", "explain")
