"""Days, as options take them."""

from __future__ import annotations

from datetime import date

import typer


def day(text: str | None, option: str) -> date | None:
    """The day of a text such as 2025-01-31; wrong usage where it is none."""
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise typer.BadParameter(f"{text!r} is not a date such as 2025-01-31", param_hint=option) from exc
