"""Made-up tokens of every published format, and the places in text where people leave them."""

from __future__ import annotations

import random
import re

LETTERS = {
    "D": "0123456789",
    "H": "0123456789abcdef",
    "U": "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789",
    "L": "abcdefghijkmnopqrstuvwxyz0123456789",
    "A": "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789",
    "W": "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789",
    "B": "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789",
}

PLACES = {
    "python string": 'client = Client("{}")',
    "python keyword": "connect(host, key='{}', retries=3)",
    "environment file": "SERVICE_TOKEN={}",
    "yaml": "  token: {}",
    "json": '{{"name": "x", "value": "{}"}}',
    "shell": "export KEY={} && run",
    "header": 'headers = {{"Authorization": "Bearer {}"}}',
    "comment": "# was {} until May",
    "address": "curl https://api.test/v1?key={}&x=1",
    "diff": "+    secret = `{}`",
}


def token(template: str, seed: int) -> str:
    """A made-up token of the format, always the same for a seed."""
    dice = random.Random(f"{template}{seed}")
    return re.sub(
        r"\{([A-Z])(\d+)\}", lambda field: "".join(dice.choices(LETTERS[field[1]], k=max(int(field[2]), 1))), template
    )
