"""The lakes that are measured: opened in a folder, and put back to an earlier state between two repetitions."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from lake_access.lake import Lake, open_lake
from lake_access.settings import SHIPPED_CONFIG, load_settings

IDENTITY_KEY = "a key for benchmarks alone"


def bench_lake(home: Path) -> Lake:
    """The lake in this folder, with the shipped declarations and DuckDB's own limits."""
    named = {"HOME": str(home), "CONFIG": str(SHIPPED_CONFIG), "IDENTITY_KEY": IDENTITY_KEY}
    return open_lake(load_settings({f"LEADLAKE_{name}": value for name, value in named.items()}))


def copy_home(home: Path, to: Path) -> None:
    """Make `to` the same as `home`. Files of the lake are written once, and are linked; the catalog's is copied."""
    if to.exists():
        shutil.rmtree(to)
    shutil.copytree(home, to, copy_function=_copy_file)


def _copy_file(source: str, target: str) -> None:
    if ".sqlite" in source:
        shutil.copyfile(source, target)
    else:
        os.link(source, target)
