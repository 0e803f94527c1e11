"""The drift report that a promotion rests on: the newest of the version against the champion, and what is in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.demo import fill_with_demo
from jobs.promoting import make_drift_report
from jobs.promotion_sources import newest_drift_report
from lake_access.demo_events import DemoPlan
from lake_access.settings import Settings
from tests.jobs.trial import ROOT_USER
from tests.pages.lakes import opened

NOW = datetime(2026, 3, 1, tzinfo=UTC)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A demo lake in which 2 was held against 1, and an hour later again."""
    lake = opened(tmp_path_factory.mktemp("reports"))
    fill_with_demo(lake, DemoPlan(until=NOW, leads=600, seed=7))
    for hours in (0, 1):
        when = NOW + timedelta(hours=hours)
        make_drift_report(lake.settings, ROOT_USER, "1", "2", when, lambda _step, _share: None)
    return lake.settings


def test_the_newest_report_of_a_version_against_the_champion_counts(settings: Settings) -> None:
    found = newest_drift_report(settings, "2", reference="1")

    assert found is not None
    assert found.made_at == NOW + timedelta(hours=1)
    assert found.summary.startswith("version 2 against version 1: ")
    assert newest_drift_report(settings, "2", reference=None) == found


def test_a_report_the_other_way_round_or_of_another_version_does_not(settings: Settings) -> None:
    assert newest_drift_report(settings, "1", reference="2") is None
    assert newest_drift_report(settings, "2", reference="7") is None
    assert newest_drift_report(settings, "7", reference="1") is None


def test_whatever_is_changed_in_it_makes_another_of_it(settings: Settings) -> None:
    before = newest_drift_report(settings, "2", reference="1")
    assert before is not None
    assert newest_drift_report(settings, "2", reference="1") == before
    for file in sorted((Path(settings.lake) / "reports" / before.id).iterdir()):
        content = file.read_bytes()
        file.chmod(0o644)
        file.write_bytes(content + b"\n")
        changed = newest_drift_report(settings, "2", reference="1")
        file.write_bytes(content)

        assert changed is not None
        assert (changed.id, changed.sha256 != before.sha256) == (before.id, True), file.name
