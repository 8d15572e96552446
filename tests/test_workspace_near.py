"""Which files are near the cursor's: the tested one, what is imported, the folder."""

from __future__ import annotations

from backends.workspace.near import Paths

PATHS = (
    "app/views.py",
    "app/models.py",
    "app/forms/__init__.py",
    "tests/test_views.py",
    "tests/test_models.py",
    "web/views.ts",
    "setup.py",
    "conf.py",
)


def near(path: str, text: str = "") -> list[str]:
    return [PATHS[number] for number in Paths(PATHS).near(path, text)]


def test_the_tested_file_comes_first_then_the_folder() -> None:
    assert near("tests/test_views.py") == ["tests/test_views.py", "app/views.py", "tests/test_models.py"]


def test_what_is_imported_is_near_also_by_the_name_of_its_folder() -> None:
    assert near("tools/make.py", "from app.models import A\nimport forms\n") == [
        "app/models.py",
        "app/forms/__init__.py",
    ]


def test_files_of_other_languages_are_far() -> None:
    assert "web/views.ts" not in near("tests/test_views.py") and near("web/views.ts") == ["web/views.ts"]


def test_a_file_in_the_topmost_folder_is_near_the_others_there() -> None:
    assert near("manage.py") == ["setup.py", "conf.py"]
