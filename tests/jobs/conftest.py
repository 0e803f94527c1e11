"""A lake to write to, a new one for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake_access.lake import Lake
from tests.lake_access.lakes import lake_in


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake with the shipped declarations."""
    return lake_in(tmp_path / "home")
