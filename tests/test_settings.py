"""Which wish is believed, what a project may do, and what becomes of entries that cannot be taken."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lsp_server.resolve import Resolved, resolve
from lsp_server.settings import OPTIONS, Settings


def project(folder: Path, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / ".infill.toml"
    path.write_text(text)
    return path


def user(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text)
    return path


def complaints(resolved: Resolved) -> list[str]:
    return [str(problem) for problem in resolved.problems]


def test_nothing_said_gives_the_defaults(tmp_path: Path) -> None:
    resolved = resolve({}, {}, {}, tmp_path / "none.toml", [tmp_path / ".infill.toml"])
    assert resolved.settings == Settings()
    assert not resolved.problems
    assert set(resolved.provenance) == {option.name for option in OPTIONS}
    assert set(resolved.provenance.values()) == {"default"}


def test_nearer_layer_is_believed(tmp_path: Path) -> None:
    layers = {
        "command_line": {"model": "flag"},
        "environment": {"INFILL_MODEL": "variable", "INFILL_BACKEND": "workspace"},
        "editor": {"model": "editor", "backend": "mistral", "max_tokens": 50},
        "user_file": user(tmp_path, 'model = "file"\nbackend = "openai"\nmax_tokens = 60\neagerness = "low"\n'),
    }
    resolved = resolve(**layers)  # type: ignore[arg-type]
    assert (resolved.settings.model, resolved.provenance["model"]) == ("flag", "command line")
    assert (resolved.settings.backend, resolved.provenance["backend"]) == ("workspace", "environment")
    assert (resolved.settings.max_tokens, resolved.provenance["max_tokens"]) == (50, "editor settings")
    assert (resolved.settings.eagerness, resolved.provenance["eagerness"]) == ("low", str(tmp_path / "settings.toml"))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("LOCAL_ONLY", "1", True),
        ("ENABLED", "Off", False),
        ("MAX_TOKENS", " 64 ", 64),
        ("DAILY_COST", "2.5", 2.5),
        ("LANGUAGES_OFF", "yaml, markdown,", ("yaml", "markdown")),
        ("BASE_URL", "http://127.0.0.1:8012/v1", "http://127.0.0.1:8012/v1"),
    ],
)
def test_environment_text_becomes_the_declared_type(name: str, text: str, value: object) -> None:
    resolved = resolve(environment={f"INFILL_{name}": text, "PATH": "/bin"})
    assert getattr(resolved.settings, name.lower()) == value
    assert not resolved.problems


def test_variable_of_our_prefix_that_is_no_setting_is_somebody_elses() -> None:
    resolved = resolve(
        environment={"INFILL_EDITORS_REQUIRED": "1", "INFILL_API_KEY": "k", "INFILL_BACKENDD": "mistral"}
    )
    (complaint,) = complaints(resolved)
    assert complaint == "environment: INFILL_BACKENDD: there is no such setting. Did you mean INFILL_BACKEND?"


def test_a_letter_too_few_makes_no_key_of_a_setting() -> None:
    said = {
        name: str(resolve(environment={name: "1"}).problems[0]) for name in ("INFILL_MAX_TOKEN", "INFILL_MODEL_KEY")
    }
    assert said["INFILL_MAX_TOKEN"].endswith("Did you mean INFILL_MAX_TOKENS?")
    assert said["INFILL_MODEL_KEY"].endswith("Remove it there and use `infill key set`.")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_tokens", 0),
        ("max_tokens", 1.5),
        ("max_tokens", True),
        ("max_tokens", float("nan")),
        ("max_tokens", float("inf")),
        ("timeout_ms", "10"),
        ("model", None),
        ("prefetch", "yes"),
        ("daily_cost", {}),
    ],
)
def test_bad_entry_is_dropped_alone(key: str, value: object) -> None:
    resolved = resolve(editor={key: value, "eagerness": "high"})
    assert resolved.settings == Settings(eagerness="high")
    (problem,) = resolved.problems
    assert (problem.where, problem.key) == ("editor settings", key)
    assert "wants" in problem.what


def test_problem_never_repeats_a_value() -> None:
    resolved = resolve(editor={"max_tokens": "hunter2", "api_key": "hunter2", "modle": "hunter2"})
    text = " ".join(complaints(resolved))
    assert "hunter2" not in text
    assert "infill key set" in text
    assert "Did you mean model?" in text


def test_project_narrows(tmp_path: Path) -> None:
    path = project(tmp_path, 'enabled = false\nexclude = ["secret/"]\nlanguages_off = ["yaml"]\nlocal_only = true\n')
    resolved = resolve({}, {}, {"exclude": ["vendor/"], "languages_off": ["toml"]}, None, [path])
    assert resolved.settings == Settings(
        enabled=False, exclude=("vendor/", "secret/"), languages_off=("toml", "yaml"), local_only=True
    )
    assert resolved.provenance["exclude"] == f"editor settings, narrowed by {path}"
    assert not resolved.problems


@pytest.mark.parametrize(
    ("mine", "theirs", "both"),
    [
        (["*"], ["go"], ("go",)),
        (["go", "rust"], ["*"], ("go", "rust")),
        (["go", "rust"], ["rust", "c"], ("rust",)),
        (["go"], ["c"], ()),
    ],
)
def test_project_chooses_among_the_users_languages(
    tmp_path: Path, mine: list[str], theirs: list[str], both: tuple[str, ...]
) -> None:
    path = project(tmp_path, f"languages = {theirs}\n")
    assert resolve(editor={"languages": mine}, project_files=[path]).settings.languages == both


def test_project_cannot_widen(tmp_path: Path) -> None:
    path = project(tmp_path, "enabled = true\nlocal_only = false\n")
    resolved = resolve({"enabled": False, "local_only": True}, project_files=[path])
    assert resolved.settings == Settings(enabled=False, local_only=True)
    assert [problem.key for problem in resolved.problems] == ["enabled", "local_only"]


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.narrowing is None], ids=lambda one: one.name)
def test_project_naming_anything_else_is_refused(tmp_path: Path, option: object) -> None:
    name = option.name  # type: ignore[attr-defined]
    path = project(tmp_path, f'{name} = "http://evil.example"\nexclude = ["secret/"]\n')
    resolved = resolve(project_files=[path])
    assert resolved.settings == Settings(exclude=("secret/",))
    (complaint,) = complaints(resolved)
    assert complaint.startswith(f"{path}: {name}: a project's file may not set this.")
    assert "evil" not in complaint


def test_every_project_file_counts(tmp_path: Path) -> None:
    one, two = project(tmp_path / "one", 'exclude = ["a"]\n'), project(tmp_path / "two", 'exclude = ["b"]\n')
    assert resolve(project_files=[one, two]).settings.exclude == ("a", "b")


def test_exclusions_of_every_layer_count(tmp_path: Path) -> None:
    resolved = resolve({"exclude": ["c"]}, {"INFILL_EXCLUDE": "b"}, {}, user(tmp_path, 'exclude = ["a"]\n'))
    assert resolved.settings.exclude == ("a", "b", "c")
    assert resolved.provenance["exclude"] == f"{tmp_path / 'settings.toml'}, environment, command line"


@pytest.mark.parametrize(
    "text",
    ["exclude = 5", "local_only = 'true'", "exclude = [1]", "exclude = [", "\x00", "a" * 70_000, "x = " + "9" * 5_000,
     "x = " + "[" * 30_000, ".".join("a" * 30_000) + " = 1"],
)  # fmt: skip
def test_narrowing_rule_that_cannot_be_read_keeps_text_here(tmp_path: Path, text: str) -> None:
    resolved = resolve({"local_only": False}, project_files=[project(tmp_path, text)])
    assert resolved.settings.local_only
    (complaint,) = complaints(resolved)
    assert "Nothing is sent to a network until it is mended." in complaint


@pytest.mark.parametrize(
    ("key", "value"), [("backend", "workspce"), ("local_ony", True), ("exlude", ["secret/"]), ("langages", ["go"])]
)
def test_a_misspelt_wish_to_keep_text_here_keeps_it_here(key: str, value: object) -> None:
    resolved = resolve(editor={key: value})
    assert resolved.settings.local_only and resolved.not_understood == f"editor settings: {key}"
    (complaint,) = complaints(resolved)
    assert complaint.endswith("Nothing is sent to a network until it is mended.")


def test_home_that_is_no_folder_has_no_settings(tmp_path: Path) -> None:
    (tmp_path / "null").write_text("")
    resolved = resolve(user_file=tmp_path / "null" / "infill" / "settings.toml")
    assert resolved.settings == Settings()
    assert not resolved.problems


def test_file_that_is_no_plain_file_inside_the_project_is_not_followed(tmp_path: Path) -> None:
    outside = user(tmp_path, "enabled = false\n")
    folder = tmp_path / "project"
    folder.mkdir()
    path = folder / ".infill.toml"

    def check(words: str) -> None:
        resolved = resolve(project_files=[path])
        assert resolved.settings == Settings(local_only=True)
        (complaint,) = complaints(resolved)
        assert words in complaint
        path.unlink()

    path.symlink_to(outside)
    check("a link to a place outside the project")
    path.symlink_to(folder / "nowhere")
    check("a link to nowhere")
    path.symlink_to(path)
    check("cannot be read")
    os.mkfifo(path)
    check("not a regular file")


def test_link_inside_the_project_is_read(tmp_path: Path) -> None:
    project(tmp_path, "").unlink()
    (tmp_path / "shared.toml").write_text("enabled = false\n")
    (tmp_path / ".infill.toml").symlink_to("shared.toml")
    assert not resolve(project_files=[tmp_path / ".infill.toml"]).settings.enabled


def test_a_message_that_interrupts_has_the_name_of_the_file_and_no_more_of_a_key_than_a_name(tmp_path: Path) -> None:
    long = project(tmp_path / "p", '"\\u001b]0;owned\\u0007' + "x" * 5_000 + '" = 1\n')
    [problem] = resolve(project_files=[long]).problems
    assert problem.brief.startswith(".infill.toml: ]0;ownedxxx") and len(problem.brief) < 100
