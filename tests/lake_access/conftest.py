"""Lakes to write to, a new one for each test, and one built demo lake that tests may only read."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.demo_events import DemoPlan
from lake_access.lake import Lake
from tests.lake_access.lakes import NOW, lake_in, land_demo
from tests.lake_access.s3_server import S3Server


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake with the shipped declarations."""
    return lake_in(tmp_path / "home")


@pytest.fixture(scope="session")
def demo_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A built lake of some 1,500 leads; only for reading."""
    folder = tmp_path_factory.mktemp("demo")
    lake = lake_in(folder / "home")
    land_demo(lake, DemoPlan(until=NOW, leads=1_500), folder / "events")
    build(lake, NOW)
    return lake


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """An S3 on this machine, over HTTP; it starts with the first test that asks for it."""
    server = S3Server()
    yield server
    server.stop()


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A new bucket, in an environment in which boto3 finds it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server.make_bucket(f"lake-{uuid.uuid4()}")
