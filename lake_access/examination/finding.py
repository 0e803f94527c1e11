"""What an examination finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "failure"]


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what, how it stands, what was seen, and what to do where something is wrong."""

    subject: str
    verdict: Verdict
    detail: str
    remedy: str = ""
