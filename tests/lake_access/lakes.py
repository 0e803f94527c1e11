"""Lakes for the tests: opened in a folder, fed with lines, and read whole, table by table."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lake_access.demo_events import DemoPlan, write_demo_events
from lake_access.engine import give_access, open_connection
from lake_access.iceberg.commits import pin_by_name
from lake_access.iceberg.tables import (
    BATCHES,
    EVENTS,
    IDENTITIES,
    LEADS,
    QUARANTINE,
    ROLLED_UP,
    SCORES,
    table_definitions,
)
from lake_access.lake import Lake, PinnedLake, open_lake
from lake_access.raw import Batch, Landing, land
from lake_access.settings import SHIPPED_CONFIG, Settings, load_settings

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
IDENTITY_KEY = "a key for tests alone"
# What the oracle tells; the other tables follow from these.
CURATED_TABLES = (EVENTS, LEADS, SCORES, QUARANTINE, IDENTITIES, BATCHES)

Line = str | bytes | Mapping[str, Any]
Row = tuple[Any, ...]


def settings_in(home: Path, config: str | None = None, **variables: str) -> Settings:
    """Settings of a lake in this folder, with the shipped declarations or those of the given text."""
    config_file = SHIPPED_CONFIG
    if config is not None:
        home.mkdir(parents=True, exist_ok=True)
        config_file = home / "leadlake.toml"
        config_file.write_text(config, encoding="utf-8")
    environment = {"home": str(home), "config": str(config_file), "identity_key": IDENTITY_KEY, "threads": "2"}
    return load_settings({f"LEADLAKE_{name.upper()}": value for name, value in (environment | variables).items()})


def lake_in(home: Path, config: str | None = None, **variables: str) -> Lake:
    return open_lake(settings_in(home, config, **variables))


def shipped_config(*edits: tuple[str, str]) -> str:
    """The shipped leadlake.toml with pieces of its text replaced; each must stand there."""
    text = SHIPPED_CONFIG.read_text(encoding="utf-8")
    for old, new in edits:
        assert old in text, f"leadlake.toml has no {old!r}"
        text = text.replace(old, new)
    return text


def touch(**keys: Any) -> dict[str, Any]:
    """A valid event of the webinar stream, with these keys besides or instead; a key of None is left out."""
    event = {
        "event_type": "webinar_registration",
        "email": "john@example.com",
        "timestamp": "2025-11-01T10:00:00Z",
    } | keys
    return {key: value for key, value in event.items() if value is not None}


def as_bytes(line: Line) -> bytes:
    if isinstance(line, bytes):
        return line
    return (line if isinstance(line, str) else json.dumps(line, ensure_ascii=False)).encode()


def land_lines(lake: Lake, stream: str, *lines: Line, at: datetime = NOW, history: bool = False) -> Landing:
    """Land these lines as one file."""
    return land_bytes(lake, stream, b"".join(as_bytes(line) + b"\n" for line in lines), at=at, history=history)


def land_bytes(lake: Lake, stream: str, content: bytes, *, at: datetime = NOW, history: bool = False) -> Landing:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "lines.jsonl"
        file.write_bytes(content)
        return land(lake.store, stream, file, at, history=history)


def batch_of(landing: Landing) -> Batch:
    assert landing.batch is not None
    return landing.batch


def land_demo(lake: Lake, plan: DemoPlan, folder: Path) -> list[Batch]:
    """Land a demo's events as they would have come: month by month, a moment after each other, up to `plan.until`."""
    files = [(file.stem[-7:], stream, file) for stream, of in write_demo_events(plan, folder).items() for file in of]
    return [
        batch_of(land(lake.store, stream, file, plan.until + timedelta(seconds=place), history=True))
        for place, (_, stream, file) in enumerate(sorted(files))
    ]


def read_table(lake: Lake, name: str) -> list[dict[str, Any]]:
    """Every row of a table as it stands now, restricted tables and columns too; none where there is no such table."""
    pinned = pin_by_name(lake.catalog, name)
    if pinned is None:
        return []
    with open_connection(lake.settings) as connection:
        give_access(connection, lake.store)
        found = connection.execute(f"SELECT * FROM {pinned.scan()}")
        columns = [column[0] for column in found.description or []]
        return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]


def read_tables(lake: Lake, *, without: Iterable[str] = ()) -> dict[str, list[Row]]:
    """The rows of every table, ordered by value and without the named columns: equal for lakes that say the same."""
    left_out = set(without)
    return {
        name: sorted(
            (tuple(value for column, value in row.items() if column not in left_out) for row in read_table(lake, name)),
            key=repr,
        )
        for name in table_definitions(lake.settings.declarations)
    }


def without_rollups(pinned: PinnedLake) -> PinnedLake:
    """The same lake as one that was built before there were rollups."""
    return replace(pinned, tables={name: table for name, table in pinned.tables.items() if name != ROLLED_UP})


def quarantined(lake: Lake) -> dict[int, str]:
    """The reason by line number, of a lake into which one file landed."""
    return {row["line_number"]: row["reason"] for row in read_table(lake, QUARANTINE)}
