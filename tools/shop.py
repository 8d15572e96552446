"""The little program that the pictures of editors show, and what a model says of it."""

from __future__ import annotations

import json

SOURCE = '''\
"""Prices as a shop shows them."""

from decimal import Decimal


def net(gross: Decimal, rate: Decimal) -> Decimal:
    return gross / (1 + rate)


'''
ANSWER = "    if rate < 0:\n        raise ValueError('a rate is never negative')\n    return net * (1 + rate)\n"
GHOST = ANSWER.strip()
EXPLANATION = """\
Takes the tax out of a price that a customer sees.

- `gross` is the price with tax, `rate` the tax as a fraction: `Decimal('0.2')` for 20 %.
- A rate of -1 divides by zero; nobody checks for it at prices.py:7.
- The result is not rounded. Whoever shows it has to do that, as `label` does at prices.py:11.
"""
FOLLOW_UP = "It raises `DivisionByZero`, which is an `ArithmeticError`: `except ValueError` does not catch it.\n"
QUESTION = "And if the rate is -1?"
BETTER = """\
def net(gross: Decimal, rate: Decimal) -> Decimal:
    if rate <= -1:
        raise ValueError("a rate is greater than -1")
    return gross / (1 + rate)
"""
FINDINGS = json.dumps(
    {
        "findings": [
            {
                "quote": "return gross / (1 + rate)",
                "severity": "warning",
                "category": "bug",
                "message": "Divides by zero where the rate is -1.",
                "replacement": "return gross / max(1 + rate, Decimal('0.01'))",
            }
        ]
    }
)
LABEL = """\
def label(price: Decimal) -> str:
    return f"{price:.2f} €"
"""
