"""A lake of the demo's leads with all that they did, built: what training is measured on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from bench.building import land_base
from bench.events import LEADS_PER_EVENT, UNTIL, write_events
from bench.lakes import bench_lake
from lake_access.building.build import build


def make_trained_lake(folder: Path, leads: int) -> Path:
    """Write, land and build so many leads of the demo's year, but for the newest; the lake's home."""
    files = write_events(folder / "events", round(leads / LEADS_PER_EVENT))
    home = folder / "home"
    land_base(home, files)
    lake = bench_lake(home)
    build(lake, UNTIL + timedelta(days=1))
    lake.close()
    return home
