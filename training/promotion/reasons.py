"""The written reason that every request, decision and override needs."""

from __future__ import annotations

import re

from lake_access.errors import RefusedError

LONGEST = 2_000
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def written_reason(reason: str) -> str:
    """The reason without space around it.

    Raises:
        RefusedError: it is empty, too long, or holds an e-mail address, which the ledger would keep for ever.
    """
    text = reason.strip()
    if not text:
        raise RefusedError("A reason is needed: the ledger keeps it for those who ask later. Nothing was changed.")
    if len(text) > LONGEST:
        raise RefusedError(
            f"The reason has {len(text):,} characters; at most {LONGEST:,} are kept. Nothing was changed."
        )
    if _ADDRESS.search(text):
        raise RefusedError(
            "The reason holds an e-mail address, and the ledger never forgets; write it without. Nothing was changed."
        )
    return text
