"""Data under a registered version that were changed from outside: a retraining says so, and nothing is believed."""

from __future__ import annotations

from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from lake_access.building.build import build
from lake_access.database import open_database
from lake_access.demo_events import DemoPlan
from lake_access.errors import StorageError, TrainingRefusedError
from lake_access.ledger import entries
from lake_access.settings import Settings
from tests.lake_access.lakes import NOW, lake_in, land_demo
from tests.training.people import ANALYST
from training.reproduce import reproduce
from training.retraining import retrain

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A demo lake with one version."""
    folder = tmp_path_factory.mktemp("tampered")
    lake = lake_in(folder / "home")
    land_demo(lake, DemoPlan(until=NOW, leads=1_500), folder / "events")
    build(lake, NOW)
    retrain(lake.settings, ANALYST, {"algorithm": "logistic_regression"}, NOW)
    return lake.settings


def files(settings: Settings, ending: str) -> list[Path]:
    folder = Path(settings.lake) / "warehouse" / "features" / "lead_features"
    found = sorted(folder.rglob(f"*{ending}"))
    assert found
    return found


def test_features_that_were_changed_are_named_and_refused(settings: Settings) -> None:
    kept = {file: file.read_bytes() for file in files(settings, ".parquet")}
    for file in kept:
        table = pq.read_table(file)
        place = table.column_names.index("past_event_count")
        more = pc.add(table["past_event_count"], 1).cast(table.schema.field(place).type)
        pq.write_table(table.set_column(place, table.schema.field(place), more), file)

    try:
        with pytest.raises(TrainingRefusedError, match=r'TRAINING_SCORING_DISAGREE: .* another "past_event_count"'):
            reproduce(settings, ANALYST, "1", NOW)
    finally:
        for file, content in kept.items():
            file.write_bytes(content)

    assert entries(open_database(settings), event="model.reproduced") == []
    assert reproduce(settings, ANALYST, "1", NOW).same


def test_a_manifest_that_was_changed_is_refused_in_a_sentence(settings: Settings) -> None:
    kept = {file: file.read_bytes() for file in files(settings, ".avro")}
    for file in kept:
        file.write_bytes(b"\x80\x04N.")

    try:
        with pytest.raises(StorageError, match=r"lead_features: its manifests cannot be read"):
            reproduce(settings, ANALYST, "1", NOW)
    finally:
        for file, content in kept.items():
            file.write_bytes(content)

    assert reproduce(settings, ANALYST, "1", NOW).same


def test_features_that_are_no_parquet_are_refused_in_a_sentence(settings: Settings) -> None:
    kept = {file: file.read_bytes() for file in files(settings, ".parquet")}
    for file in kept:
        file.write_bytes(b"\x80\x04N." * 10)

    try:
        with pytest.raises(StorageError, match=r"\.parquet is no whole Parquet file"):
            reproduce(settings, ANALYST, "1", NOW)
    finally:
        for file, content in kept.items():
            file.write_bytes(content)

    assert reproduce(settings, ANALYST, "1", NOW).same
