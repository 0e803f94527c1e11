"""SQL of the benchmarks: the leads that are made up, and each question as an analyst writes it for the same files.

An analyst knows the lake: that it counts as of 2026-01-01, so that leads from before 2025-11-02 are mature; where bands
begin; and that a lead without a source is called unknown.
"""

from __future__ import annotations

from importlib.resources import files


def load_query(name: str) -> str:
    """The text of `<name>.sql` in this folder."""
    return files(__name__).joinpath(f"{name}.sql").read_text(encoding="utf-8")
