"""A lake to write to, and receivers of alerts, new ones for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lake_access.lake import Lake
from tests.lake_access.lakes import lake_in
from tests.monitoring.alerts.receivers import Mailbox, Webhook, mailbox, webhook


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake with the shipped declarations."""
    return lake_in(tmp_path / "home")


@pytest.fixture
def team() -> Iterator[Mailbox]:
    """A mail server of the test's own."""
    with mailbox() as box:
        yield box


@pytest.fixture
def ops() -> Iterator[Webhook]:
    """A webhook of the test's own."""
    with webhook() as hook:
        yield hook
