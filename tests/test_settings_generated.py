"""The files generated from the settings are what the declaration says today."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from lsp_server.generate import ROOT, generated
from lsp_server.settings import OPTIONS


@pytest.mark.parametrize("path", generated(), ids=str)
def test_generated_file_is_current(path: Path) -> None:
    current = (ROOT / path).read_text(encoding="utf-8") if (ROOT / path).exists() else ""
    assert current == generated()[path], f"{path} is stale: run `python -m lsp_server.generate` and commit the result"


def test_schema_takes_the_defaults_and_no_stranger() -> None:
    schema = json.loads(generated()[Path("docs/settings.schema.json")])
    defaults = {one.name: list(one.default) if isinstance(one.default, tuple) else one.default for one in OPTIONS}
    jsonschema.validate(defaults, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"base_ulr": ""}, schema)
