"""The command line, `leadlake`: a thin layer of words over the functions beneath."""

from __future__ import annotations

from app.cli.main import main

__all__ = ["main"]
