"""The libraries that pages with plots need, and what to do where they are not installed: known before a run, not after it."""

from __future__ import annotations

from editors.headless.exits import Exit, Stop


def require_libraries() -> None:
    """Raises `Stop` where the extra `report` is not installed."""
    try:
        import jinja2  # noqa: F401 - asked for here, so that nothing is half made when it is missing
        import pygal  # noqa: F401
    except ImportError as error:
        from backends.installing import with_extra

        what = f"A page with plots needs {error.name}, from Infill's extra `report`."
        raise Stop(Exit.USAGE, f"{what} Get it with {with_extra('report')}.") from None
