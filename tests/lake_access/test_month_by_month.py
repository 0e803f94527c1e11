"""An export imported month by month, with a build after each, gives the tables of one import of all its rows."""

from __future__ import annotations

import csv
import gzip
import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import count, groupby
from pathlib import Path
from typing import Any

import pytest

from lake_access.building.build import build
from lake_access.crm_import import write_events
from lake_access.crm_mapping import CrmMapping, load_mapping
from lake_access.iceberg.tables import BATCHES, EVENTS, FEATURES, KNOWN_OUTCOMES, LEADS
from lake_access.lake import Lake
from lake_access.raw import land
from tests.lake_access.crm_exports import HEADER, MAPPING, mapping_of
from tests.lake_access.lakes import NOW, lake_in, read_table, read_tables

ROOT = Path(__file__).resolve().parents[2]
BANK_FILE = Path(os.environ.get("SAMPLE_DATA", ROOT.parent / "shared" / "data")) / "bank_marketing/bank_leads.csv.gz"
# What says when and in which batch a line came, and when it was built.
OF_THE_LANDING = ("batch_id", "ingested_at", "line_number")

Rows = Sequence[Sequence[str]]


def months_of(rows: Rows, column: int) -> Iterator[Rows]:
    """The rows of each month, the oldest first, as they stand in the export."""

    def month(row: Sequence[str]) -> str:
        return row[column][:7]

    return (list(of_month) for _, of_month in groupby(sorted(rows, key=month), key=month))


def import_rows(lake: Lake, mapping: CrmMapping, header: Sequence[str], portions: Iterator[Rows], folder: Path) -> int:
    """Import each portion and build, the last portion just now and the others earlier; how many there were."""
    folder.mkdir()
    waiting = list(portions)
    for place, rows in enumerate(waiting, 1):
        export = folder / f"{place}.csv"
        with export.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        written = write_events(mapping, [export], folder)
        landed_at = NOW - timedelta(hours=len(waiting) - place)
        for stream, events in (("crm", written.crm), ("outcomes", written.outcomes)):
            if events is not None:
                land(lake.store, stream, events, landed_at, history=True)
        build(lake, landed_at)
    return len(waiting)


def lines_counted(lake: Lake) -> Counter[str]:
    """What became of the lines of each stream, over all batches."""
    counted: Counter[str] = Counter()
    for row in read_table(lake, BATCHES):
        for name in ("read", "curated", "duplicates", "quarantined"):
            counted[f"{row['stream']} {name}"] += row[name]
    return counted


def assert_same_tables(apart: Lake, together: Lake) -> None:
    assert lines_counted(apart) == lines_counted(together)
    of_apart, of_together = (read_tables(lake, without=OF_THE_LANDING) for lake in (apart, together))
    assert of_apart.keys() == of_together.keys()
    for name in of_together.keys() - {BATCHES}:
        differing = set(map(repr, of_apart[name])) ^ set(map(repr, of_together[name]))
        assert (name, len(of_apart[name]), sorted(differing)[:4]) == (name, len(of_together[name]), [])
        assert of_apart[name] == of_together[name], name
    view = "SELECT * FROM curated.leads ORDER BY ALL"
    assert apart.pin().rows(view) == together.pin().rows(view)
    assert apart.pin().known_until == together.pin().known_until == NOW


def export_rows(seed: int, people: int) -> Iterator[tuple[str, ...]]:
    """Rows of five months: people who come back, some under an address first and a key later, or both."""
    rng = random.Random(seed)
    numbers = count()
    for person in range(people):
        for _ in range(rng.choice([1, 1, 2, 4])):
            both = rng.random()
            key = str(person) if both < 0.7 else ""
            mail = f"p{person}@example.com" if both > 0.4 or not key else ""
            at = f"2025-{rng.randint(1, 5):02d}-{rng.randint(1, 28):02d}T{rng.randint(0, 23):02d}:00:00Z"
            status = rng.choice(["won", "lost", "lost", "open"])
            row = (key, mail, at, rng.choice(["fair", "web"]), rng.choice(["Köln", "Jena", ""]), status,
                   str(rng.randint(1, 900)) if status == "won" else "", str(rng.randint(18, 90)),
                   f"note {next(numbers) // 2}")  # fmt: skip
            yield row
            if rng.random() < 0.1:
                yield row


def test_a_generated_export_gives_the_same_tables_month_by_month_as_at_once(tmp_path: Path) -> None:
    rows, header, mapping = list(export_rows(seed=1, people=120)), HEADER.split(","), mapping_of(MAPPING)
    apart, together = lake_in(tmp_path / "apart"), lake_in(tmp_path / "together")

    import_rows(together, mapping, header, iter([rows]), tmp_path / "all rows")
    assert import_rows(apart, mapping, header, months_of(rows, column=2), tmp_path / "months") == 5

    assert_same_tables(apart, together)
    assert lines_counted(together)["crm duplicates"] > 5
    assert len(read_table(together, LEADS)) < len(read_table(together, EVENTS)) / 2
    assert read_table(together, FEATURES)
    assert read_table(together, KNOWN_OUTCOMES)


@pytest.mark.slow
@pytest.mark.skipif(
    not BANK_FILE.is_file(), reason=f"the bank marketing data is not at hand: {BANK_FILE} (SAMPLE_DATA)"
)
def test_the_bank_data_gives_the_same_tables_month_by_month_as_at_once(tmp_path: Path) -> None:
    with gzip.open(BANK_FILE, "rt", encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    mapping = load_mapping(ROOT / "docs" / "examples" / "bank_marketing.toml")
    apart, together = lake_in(tmp_path / "apart"), lake_in(tmp_path / "together")

    import_rows(together, mapping, header, iter([rows]), tmp_path / "all rows")
    assert import_rows(apart, mapping, header, months_of(rows, column=1), tmp_path / "months") == 26

    assert_same_tables(apart, together)
    leads: list[dict[str, Any]] = read_table(apart, LEADS)
    assert (len(leads), sum(lead["converted"] for lead in leads)) == (41_188, 4_640)
