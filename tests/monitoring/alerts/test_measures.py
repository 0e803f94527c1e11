"""Every metric's value on a demo lake, against pandas over the rows themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jobs.demo import fill_with_demo
from lake_access.demo_events import DemoPlan
from lake_access.differences import Difference
from lake_access.drift.compared import Side
from lake_access.lake import PinnedLake
from monitoring.alerts.measures import Measured, Surroundings, breached, certain, measure
from monitoring.alerts.rules import Rule, RuleWish, checked_wish
from monitoring.drift.columns import Wish
from monitoring.drift.compare import compare_lake
from tests.lake_access.lakes import lake_in, settings_in

UNTIL = datetime(2025, 12, 31, 12, tzinfo=UTC)
NOW = UNTIL + timedelta(hours=5)
LAST = pd.Timestamp("2025-12-30", tz="UTC")  # the last whole day that the lake knows


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> PinnedLake:
    lake = lake_in(tmp_path_factory.mktemp("demo"))
    fill_with_demo(lake, DemoPlan(until=UNTIL, leads=2_500, seed=7))
    return lake.pin()


@pytest.fixture(scope="module")
def around(pinned: PinnedLake) -> Surroundings:
    return Surroundings(pinned, NOW, lambda since, until: 3 if until - since == timedelta(days=1) else 0, lambda: 2)


@pytest.fixture(scope="module")
def leads(pinned: PinnedLake) -> pd.DataFrame:
    frame = pinned.frame("SELECT * FROM curated.leads")
    frame["day"] = frame.created_at.dt.tz_convert("UTC").dt.floor("D")
    return frame


def rule(metric: str, comparison: Any = "beyond chance", **keys: Any) -> Rule:
    return Rule(**vars(checked_wish(RuleWish(metric, metric, comparison, **keys), ())))


def within(frame: pd.DataFrame, days: int, last: pd.Timestamp) -> pd.DataFrame:
    return frame[(frame.day <= last) & (frame.day > last - pd.Timedelta(days=days))]


@pytest.mark.parametrize(
    ("segment", "value", "chosen"),
    [
        ("all", None, lambda frame: frame),
        ("source", "webinar", lambda frame: frame[frame.source == "webinar"]),
        ("band", "warm", lambda frame: frame[frame.final_score.between(40, 69)]),
        ("version", "2", lambda frame: frame[frame.model_version == "2"]),
    ],
)
def test_conversion_rate(
    around: Surroundings,
    leads: pd.DataFrame,
    segment: Any,
    value: str | None,
    chosen: Callable[[pd.DataFrame], pd.DataFrame],
) -> None:
    last = LAST - pd.Timedelta(days=60)
    ours = within(chosen(leads), 56, last)
    before = within(chosen(leads), 100, last - pd.Timedelta(days=56))

    found = measure(rule("conversion_rate", segment=segment, segment_value=value, days=56, days_before=100), around)

    assert ours.mature.all()
    assert found.value == pytest.approx(ours.converted.mean(), abs=1e-12)
    assert found.before == pytest.approx(before.converted.mean(), abs=1e-12)
    assert found.detail.startswith(
        f"{int(ours.converted.sum()):,} of {len(ours):,} leads from 2025-09-06 to 2025-10-31"
    )


def test_leads_per_day(around: Surroundings, leads: pd.DataFrame) -> None:
    found = measure(rule("leads_per_day", segment="source", segment_value="online"), around)

    online = leads[leads.source == "online"]
    assert found.value == pytest.approx(len(within(online, 7, LAST)) / 7)
    assert found.before == pytest.approx(len(within(online, 28, LAST - pd.Timedelta(days=7))) / 28)


def test_mean_score_by_the_rules(around: Surroundings, leads: pd.DataFrame) -> None:
    found = measure(rule("mean_score", days=28), around)

    assert found.value == pytest.approx(within(leads, 28, LAST - pd.Timedelta(days=60)).final_score.mean())


def test_mean_score_of_a_version_is_of_its_first_scores(
    around: Surroundings, pinned: PinnedLake, leads: pd.DataFrame
) -> None:
    scores = pinned.frame("SELECT * FROM curated.scores WHERE model_version = '2'").sort_values("scored_at")
    first = scores.groupby("lead_id").score.first()

    found = measure(rule("mean_score", segment="version", segment_value="2", days=14), around)

    assert found.value == pytest.approx(within(leads, 14, LAST).lead_id.map(first).mean())


def test_calibration_gap_is_observed_less_expected(
    around: Surroundings, pinned: PinnedLake, leads: pd.DataFrame
) -> None:
    scores = pinned.frame("SELECT * FROM curated.scores WHERE model_version = '2'").sort_values("scored_at")
    first = scores.groupby("lead_id")[["score", "scored_at"]].first()
    ours = within(leads, 90, LAST - pd.Timedelta(days=60)).join(first, on="lead_id", how="inner")
    ours = ours[~(ours.converted & (ours.converted_at <= ours.scored_at))]

    found = measure(rule("calibration_gap", segment="version", segment_value="2", days=90), around)

    assert found.value == pytest.approx(ours.converted.mean() - ours.score.mean() / 100, abs=1e-12)
    spread = 2.5758293 * ((ours.score / 100) * (1 - ours.score / 100)).sum() ** 0.5
    assert found.beyond_chance == (abs(ours.converted.sum() - ours.score.sum() / 100) > spread)


def test_roc_auc_is_scikit_learns(around: Surroundings, pinned: PinnedLake, leads: pd.DataFrame) -> None:
    from sklearn.metrics import roc_auc_score

    scores = pinned.frame("SELECT * FROM curated.scores WHERE model_version = '2'").sort_values("scored_at")
    first = scores.groupby("lead_id")[["score", "scored_at"]].first()
    ours = within(leads, 90, LAST - pd.Timedelta(days=60)).join(first, on="lead_id", how="inner")
    ours = ours[~(ours.converted & (ours.converted_at <= ours.scored_at))]

    found = measure(rule("roc_auc", "below", threshold=0.6, segment="version", segment_value="2", days=90), around)

    assert found.value == pytest.approx(roc_auc_score(ours.converted, ours.score), abs=1e-12)


def test_drift_is_what_the_comparison_says(around: Surroundings, pinned: PinnedLake) -> None:
    end = datetime(2025, 12, 31, tzinfo=UTC)
    current = Side(since=end - timedelta(days=14), until=end)
    reference = Side(since=end - timedelta(days=70), until=end - timedelta(days=14))
    expected = compare_lake(pinned, reference, current, wish=Wish(halves=0))

    share, dataset, column = (
        measure(rule(metric, column="score"), around) for metric in ("drifted_share", "dataset_drift", "column_drift")
    )

    assert (share.value, share.beyond_chance) == (expected.share, expected.beyond_chance)
    assert dataset.value == float(expected.dataset_drift)
    assert column.value == expected.column("score").psi
    assert column.beyond_chance == expected.column("score").beyond_chance


def test_quarantined_share_is_of_the_lines_that_landed(around: Surroundings, pinned: PinnedLake) -> None:
    batches = pinned.frame("SELECT * FROM curated.batches")

    found = measure(rule("quarantine_share", segment="stream", segment_value="online"), around)

    ours = batches[(batches.stream == "online") & (batches.landed_at >= pd.Timestamp(NOW - timedelta(days=1)))]
    assert found.value == pytest.approx(ours.quarantined.sum() / ours.read.sum())


def test_freshness_jobs_and_approvals_are_counted(around: Surroundings) -> None:
    hours, failed, waiting = (
        measure(rule(metric, "above", threshold=1), around)
        for metric in ("freshness_hours", "failed_jobs", "waiting_approvals")
    )

    assert hours.value == pytest.approx(5, abs=0.01)
    assert (failed.value, waiting.value) == (3, 2)


def test_a_lake_without_data_and_a_segment_without_leads_have_no_value(around: Surroundings, tmp_path: Path) -> None:
    empty = Surroundings(lake_in(tmp_path).pin(), NOW, lambda _since, _until: 0, lambda: 0)

    for metric in ("conversion_rate", "leads_per_day", "mean_score", "drifted_share", "calibration_gap"):
        assert measure(rule(metric), empty).value is None
    nobody = rule("conversion_rate", segment="source", segment_value="nobody's")
    assert measure(nobody, around).value is None
    assert breached(nobody, measure(nobody, around)) is None


@pytest.mark.parametrize(
    ("comparison", "value", "too_much"),
    [("above", 0.2, True), ("above", 0.1, False), ("below", 0.1, False), ("below", 0.05, True), ("above", None, None)],
)
def test_a_threshold_is_passed_and_not_met(comparison: Any, value: float | None, too_much: bool | None) -> None:
    watched = rule("conversion_rate", comparison, threshold=0.1)

    assert breached(watched, Measured(value, "")) is too_much


def test_beyond_chance_is_at_99_percent() -> None:
    assert certain(Difference(2.0, 0.1, 3.9)) is False  # beyond chance at 95%, not at 99%
    assert certain(Difference(2.0, 0.6, 3.4)) is True
    assert certain(Difference(2.0, 1.05, 3.81, none=1.0)) is False
    assert certain(Difference(2.0, 1.5, 2.67, none=1.0)) is True
    assert certain(None) is None


def test_the_settings_of_a_lake_hold_the_channels_as_a_secret(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, alert_channels="team=mailto://user:hunter2@example.com")

    assert "hunter2" not in repr(settings)
