"""The schemas that every request to Mistral is held to: our own, and the public API description where it lies beside us."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parent.parent
BESIDE = Path("shared/facts/mistral-openapi-subset.yaml")


def fim_request_validators() -> dict[str, Draft202012Validator]:
    own = json.loads((ROOT / "tests/wire/fim_request.schema.json").read_text(encoding="utf-8"))
    return {"ours": Draft202012Validator(own)} | dict(_public("FIMCompletionRequest"))


def chat_request_validators() -> dict[str, Draft202012Validator]:
    own = json.loads((ROOT / "tests/wire/chat_request.schema.json").read_text(encoding="utf-8"))
    return {"ours": Draft202012Validator(own)} | dict(_public("ChatCompletionRequest"))


def public_schema(name: str) -> Iterator[dict[str, Any]]:
    """The schema of that name, where the public description lies beside us."""
    for _, validator in _public(name):
        yield validator.schema


def public_description() -> Iterator[dict[str, Any]]:
    """The whole of it, where it lies beside us."""
    found = next((folder / BESIDE for folder in ROOT.parents if (folder / BESIDE).exists()), None)
    if found is None or importlib.util.find_spec("yaml") is None:
        return
    import yaml

    description: dict[str, Any] = yaml.safe_load(found.read_text(encoding="utf-8"))
    yield description


def _public(name: str) -> Iterator[tuple[str, Draft202012Validator]]:
    for description in public_description():
        yield "public", Draft202012Validator({"$ref": f"#/components/schemas/{name}", **description})
