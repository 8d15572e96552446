"""Base URLs as people write them."""

from __future__ import annotations

import pytest

from backends.address import is_local, origin_of, root_of


@pytest.mark.parametrize(
    ("written", "root"),
    [
        ("https://api.mistral.ai", "https://api.mistral.ai"),
        ("api.mistral.ai", "https://api.mistral.ai"),
        (" https://API.Mistral.ai/ ", "https://api.mistral.ai"),
        ("https://api.mistral.ai:443/v1", "https://api.mistral.ai"),
        ("https://api.mistral.ai/v1/", "https://api.mistral.ai"),
        ("https://api.mistral.ai/v1/fim/completions", "https://api.mistral.ai"),
        ("https://api.mistral.ai/v1/chat/completions/", "https://api.mistral.ai"),
        ("https://api.mistral.ai/fim/completions", "https://api.mistral.ai"),
        ("https://api.mistral.ai/v1/models", "https://api.mistral.ai"),
        ("http://proxy:4000/mistral", "http://proxy:4000/mistral"),
        ("http://proxy:4000/mistral/v1", "http://proxy:4000/mistral"),
        ("http://proxy:4000/mistral/v1/fim/completions", "http://proxy:4000/mistral"),
        ("http://127.0.0.1:8080/infill", "http://127.0.0.1:8080"),
        ("localhost:8000", "http://localhost:8000"),
        ("127.0.0.1:8000/v1", "http://127.0.0.1:8000"),
        ("http://[::1]:8000/v1", "http://[::1]:8000"),
    ],
)
def test_one_root_for_every_way_to_write_it(written: str, root: str) -> None:
    assert root_of(written) == root
    assert root_of(root) == root


@pytest.mark.parametrize(
    "written",
    [
        "",
        "ftp://host",
        "https://",
        "https://user:password@host",
        "https://key@host/v1",
        "https://host/v1?key=1",
        "https://host#v1",
        "https://host:99999",
        "https://host:0",
        "https://ho st",
        "https://host\r\nX-Header: 1",
        "file:///etc/passwd",
    ],
)
def test_what_is_no_address_is_refused_in_words(written: str) -> None:
    with pytest.raises(ValueError, match="base URL"):
        root_of(written)
    with pytest.raises(ValueError, match="base URL"):
        origin_of(written)


def test_an_origin_has_its_port() -> None:
    assert origin_of("https://api.mistral.ai/v1") == "https://api.mistral.ai:443"
    assert origin_of("http://[::1]/x") == "http://[::1]:80"
    assert origin_of("http://HOST:4000/mistral") == "http://host:4000"


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:1", True),
        ("http://127.9.9.9", True),
        ("http://localhost:1", True),
        ("http://[::1]:1", True),
        ("http://localhost.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://0.0.0.0", False),
        ("http://192.168.1.2", False),
        ("https://api.mistral.ai", False),
        ("http://2130706433", False),
    ],
)
def test_what_counts_as_this_machine(url: str, local: bool) -> None:
    assert is_local(url) is local
