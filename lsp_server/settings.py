"""Every setting, declared once: type, default, unit, meaning, and who may set it.

docs/settings.md, the JSON schema and the editors' defaults are generated from `Settings` by `python -m lsp_server.generate`;
`lsp_server/resolve.py` says which of the user's wishes is believed. A key is never a setting: it comes from the environment,
from `infill key set`, or from the editor's secret store.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, get_type_hints

from lsp_server.options import Narrowing, Option, Scope, declared, option_of


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force. Unknown, misspelt or unfit values never get here; see `lsp_server/resolve.py`."""

    enabled: bool = declared(
        True, "Offer suggestions at all.", scope=Scope.PROJECT, narrowing=Narrowing.OFF
    )  # fmt: skip
    languages: tuple[str, ...] = declared(
        ("*",),
        "Languages in which suggestions are offered, as LSP language ids; `*` is all of them.",
        scope=Scope.PROJECT,
        narrowing=Narrowing.COMMON,
    )
    languages_off: tuple[str, ...] = declared(
        (),
        "Languages in which nothing is offered, as LSP language ids.",
        scope=Scope.PROJECT,
        narrowing=Narrowing.ADD,
    )
    exclude: tuple[str, ...] = declared(
        (),
        "Files that no backend may see, as .gitignore patterns relative to the workspace folder. "
        "Added to the built-in rules and to the ignore files of the project; the entries of every place count.",
        scope=Scope.PROJECT,
        narrowing=Narrowing.ADD,
        additive=True,
    )
    local_only: bool = declared(
        False,
        "Send nothing over a network: backends that would are unreachable.",
        scope=Scope.PROJECT,
        narrowing=Narrowing.ON,
    )

    backend: Literal["auto", "mistral", "openai", "llama_cpp", "host", "workspace", "scripted"] = declared(
        "auto",
        "Who answers. `auto` takes Mistral where a key is set, else a running model host, else the workspace model.",
        scope=Scope.MACHINE,
    )
    base_url: str = declared(
        "",
        "Address of the backend, as host, /v1, path prefix or full endpoint; empty for the provider's own. "
        "A key is sent to this origin and to no other.",
        scope=Scope.MACHINE,
    )
    model: str = declared(
        "",
        "Model to ask for; empty for the backend's own choice. With `host`, a model of the Hugging Face cache or a folder, for "
        "which a model host is started where none runs.",
        scope=Scope.MACHINE,
    )
    host_idle_minutes: int = declared(
        30,
        "Time without a request after which a model host that Infill started ends and frees its memory; 0 for never.",
        unit="minutes",
        limits=(0, 10_080),
        scope=Scope.MACHINE,
    )
    fim_template: str = declared(
        "",
        "How the backend `openai` marks the place to fill in: a family such as `qwen` or `starcoder2`, or `suffix` where the "
        "server does it; empty for what the model's name says.",
        scope=Scope.MACHINE,
    )
    chat_model: str = declared(
        "",
        "Model for explanations, edits and reviews; empty for the backend's own choice: with Mistral Codestral, or Mistral Small "
        "where a prompt is too long for it, elsewhere the first model that the server lists.",
        scope=Scope.MACHINE,
    )
    review_model: str = declared(
        "", "Model for reviews alone; empty for the one that `chat_model` gives.", scope=Scope.MACHINE
    )
    failover: bool = declared(
        True,
        "With `auto`: when a backend fails, ask the next one, never one that sends where the failed one did not.",
        scope=Scope.MACHINE,
    )
    timeout_ms: int = declared(
        10_000, "Longest wait for an answer.", unit="milliseconds", limits=(100, 120_000), scope=Scope.MACHINE
    )
    chat_timeout_ms: int = declared(
        120_000,
        "Longest wait for an explanation, an edit or a review.",
        unit="milliseconds",
        limits=(1_000, 600_000),
        scope=Scope.MACHINE,
    )
    ca_file: str = declared(
        "", "Certificates to trust, as a PEM file; empty for the system's own.", scope=Scope.MACHINE
    )
    proxy: str = declared(
        "", "Proxy for remote backends; empty for what HTTPS_PROXY and NO_PROXY say.", scope=Scope.MACHINE
    )

    eagerness: Literal["low", "normal", "high"] = declared(
        "normal",
        "How readily Infill asks and shows. A model that knows how sure it is stays silent unasked below 85 %, 76 % or 60 %. "
        "A request goes out after 2.2, 1.4 or 0.8 of the typist's usual times between two keys: sooner at a new line, later "
        "within a word, and at least 150, 60 or 0 and at most 800, 500 or 300 milliseconds after the key.",
        scope=Scope.USER,
    )
    max_tokens: int = declared(
        128, "Longest answer to ask for.", unit="tokens", limits=(1, 4096), scope=Scope.MACHINE
    )  # fmt: skip
    context_tokens: int = declared(
        4096,
        "Largest prompt to send; the backend's own limit holds where it is smaller.",
        unit="tokens",
        limits=(64, 262_144),
        scope=Scope.MACHINE,
    )
    prefetch: bool = declared(
        True, "Ask for the next suggestion while one is shown, as if it were accepted.", scope=Scope.USER
    )
    in_comments: bool = declared(True, "Offer suggestions inside comments.", scope=Scope.USER)
    in_strings: bool = declared(True, "Offer suggestions inside strings.", scope=Scope.USER)
    completion_fallback: Literal["auto", "on", "off"] = declared(
        "auto",
        "Offer the suggestion as an ordinary completion item too; `auto`: only where the editor has no ghost text.",
        scope=Scope.USER,
    )
    max_file_bytes: int = declared(
        2_000_000,
        "Files larger than this get no suggestions.",
        unit="bytes",
        limits=(1_000, 8_000_000),
        scope=Scope.USER,
    )

    daily_tokens: int = declared(
        0,
        "Tokens a day after which backends that cost money are left alone; 0 for no limit.",
        unit="tokens",
        limits=(0, 1_000_000_000),
        scope=Scope.MACHINE,
    )
    daily_cost: float = declared(
        0.0,
        "Spending a day after which backends that cost money are left alone; 0 for no limit.",
        unit="US dollars",
        limits=(0, 10_000),
        scope=Scope.MACHINE,
    )
    audit: bool = declared(
        False,
        "Keep a ledger on this machine of what left it: when, to whom, from which files, with hashes and never with text. "
        "Where it cannot be written, nothing is sent. `infill audit` shows it.",
        scope=Scope.MACHINE,
    )
    log_level: Literal["error", "warning", "info", "debug"] = declared(
        "warning", "How much the server writes to standard error; never the text of files.", scope=Scope.MACHINE
    )


_TYPES = get_type_hints(Settings)
OPTIONS: tuple[Option, ...] = tuple(
    option_of(declaration, _TYPES[declaration.name]) for declaration in fields(Settings)
)
