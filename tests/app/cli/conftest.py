"""The command line as a user has it: run in this process for speed, over lakes in folders of their own."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli.main import app
from jobs.demo import fill_with_demo
from lake_access.demo_events import DemoPlan
from lake_access.lake import open_lake
from lake_access.settings import load_settings
from tests.app.cli.running import Ended

UNTIL = datetime(2026, 1, 2, 12, tzinfo=UTC)
DEMO = DemoPlan(until=UNTIL, leads=600)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that does not exist yet, and no other setting."""
    for name in [name for name in os.environ if name.startswith("LEADLAKE_")]:
        monkeypatch.delenv(name)
    folder = tmp_path / "home"
    monkeypatch.setenv("LEADLAKE_HOME", str(folder))
    return folder


@pytest.fixture
def leadlake() -> Callable[..., Ended]:
    """Run one command in this process, as `leadlake ARGUMENTS`."""

    def run(*arguments: str | Path, **environment: str | Path) -> Ended:
        variables = {f"LEADLAKE_{name.upper()}": str(value) for name, value in environment.items()}
        ended = CliRunner().invoke(app, [str(argument) for argument in arguments], env=variables, prog_name="leadlake")
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        return Ended(ended.exit_code, ended.stdout, ended.stderr)

    return run


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a built demo lake of 600 leads; only for reading."""
    folder = tmp_path_factory.mktemp("demo") / "home"
    fill_with_demo(open_lake(load_settings({"LEADLAKE_HOME": str(folder)})), DEMO)
    return folder


@pytest.fixture
def webinar(tmp_path: Path) -> Path:
    """A file of three webinar lines: two events, and one that is no JSON."""
    file = tmp_path / "webinar.jsonl"
    file.write_text("".join(f"{line}\n" for line in _lines()), encoding="utf-8")
    return file


def _lines() -> Iterator[str]:
    for name in ("ann", "bob"):
        event = {"event_type": "webinar_attendance", "email": f"{name}@example.com", "duration": 42}
        yield json.dumps({**event, "timestamp": "2025-01-01T10:00:00Z"})
    yield "no JSON"
