"""Scores of two versions side by side, and cohorts whose outcomes come late: as pandas and scikit-learn say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from lake_access.building.build import build
from lake_access.demo_events import DemoPlan
from lake_access.lake import PinnedLake
from monitoring.late_outcomes import cohorts
from monitoring.score_shift import score_shift
from tests.lake_access.lakes import NOW, lake_in, land_demo, land_lines, touch


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> PinnedLake:
    folder = tmp_path_factory.mktemp("demo")
    lake = lake_in(folder / "home")
    land_demo(lake, DemoPlan(until=NOW, leads=2_000), folder / "events")
    build(lake, NOW)
    return lake.pin()


def scores(pinned: PinnedLake) -> pd.DataFrame:
    return pinned.frame(
        "SELECT s.lead_id::VARCHAR AS lead_id, s.model_version, s.score, s.scored_at, l.source, l.mature, l.converted "
        "FROM curated.scores s JOIN curated.leads l USING (lead_id) ORDER BY s.scored_at"
    )


def test_the_same_leads_under_both_versions_are_pandas(pinned: PinnedLake) -> None:
    newest = scores(pinned).groupby(["lead_id", "model_version"]).score.last().unstack().dropna()
    edges = [-1, 39, 69, 100]
    ours, theirs = (pd.cut(newest[version], edges, labels=["cold", "warm", "hot"]) for version in ("1", "2"))

    found = score_shift(pinned, "1", "2", most_moves=5)

    assert found.leads == len(newest) > 20
    assert found.matrix == tuple(map(tuple, pd.crosstab(ours, theirs, dropna=False).to_numpy().tolist()))
    assert found.moved == sum(found.moved_by_source.values()) == (ours.astype(str) != theirs.astype(str)).sum()
    assert found.rank_correlation == pytest.approx(newest["1"].corr(newest["2"], method="spearman"))
    assert (found.mean_reference, found.mean_current) == pytest.approx((newest["1"].mean(), newest["2"].mean()))
    furthest = (newest["1"] - newest["2"]).abs().sort_values(ascending=False).head(5)
    assert [abs(move.current - move.reference) for move in found.moves] == furthest.tolist()


def test_versions_that_share_no_lead_have_no_shift(pinned: PinnedLake) -> None:
    found = score_shift(pinned, "1", "none such")

    assert (found.leads, found.moved, found.rank_correlation, found.mean_current) == (0, 0, None, None)


def test_cohorts_are_pandas_and_scikit_learns(pinned: PinnedLake) -> None:
    first = scores(pinned).query("model_version == '1'").groupby("lead_id").first()
    weeks = (first.scored_at.dt.tz_convert("UTC").dt.tz_localize(None).dt.to_period("W-SUN").dt.start_time).dt.date
    found = {cohort.week: cohort for cohort in cohorts(pinned, "1", 40)}

    assert found.keys() == set(weeks)
    compared = 0
    for week, leads in first.groupby(weeks):
        cohort, mature = found[date.fromisoformat(str(week))], leads[leads.mature]
        chances = mature.score / 100
        assert (cohort.leads, cohort.mature, cohort.conversions) == (len(leads), len(mature), mature.converted.sum())
        assert cohort.expected.value == pytest.approx(chances.sum())
        assert cohort.expected.high <= chances.sum() + 1.96 * np.sqrt((chances * (1 - chances)).sum()) + 1e-9
        assert cohort.actual.true_positives == ((mature.score >= 40) & mature.converted).sum()
        assert cohort.estimated.true_positives == pytest.approx((leads.score / 100)[leads.score >= 40].sum())
        assert cohort.estimated_of_mature.true_positives == pytest.approx(chances[mature.score >= 40].sum())
        assert cohort.estimated_of_mature.false_negatives == pytest.approx(chances[mature.score < 40].sum())
        if mature.converted.nunique() == 2:
            compared += 1
            assert cohort.roc_auc == pytest.approx(roc_auc_score(mature.converted, mature.score))
            doubled = np.concatenate([np.ones(len(leads)), np.zeros(len(leads))])
            weights = np.concatenate([leads.score / 100, 1 - leads.score / 100])
            estimate = roc_auc_score(doubled, np.tile(leads.score, 2), sample_weight=weights)
            assert cohort.estimated_roc_auc == pytest.approx(estimate)
    assert compared > 5


def test_who_had_converted_before_the_score_is_in_no_cohort(tmp_path: Path) -> None:
    lake = lake_in(tmp_path)
    for name, converted in (("before", "2025-03-04T10:00:00Z"), ("after", "2025-03-08T10:00:00Z")):
        email = f"{name}@example.com"
        land_lines(lake, "webinar", touch(email=email, timestamp="2025-03-01T10:00:00Z"))
        scored = {"model_version": "1", "score": 70, "timestamp": "2025-03-06T10:00:00Z"}
        land_lines(lake, "scores", {"event_type": "score", "email": email, **scored})
        outcome = {"event_type": "outcome", "email": email, "converted": True, "timestamp": converted}
        land_lines(lake, "outcomes", outcome)
    build(lake, NOW)

    (found,) = cohorts(lake.pin(), "1", 40)

    assert (found.leads, found.mature, found.conversions) == (1, 1, 1)


def test_calibrated_probabilities_take_the_place_of_hundredths(pinned: PinnedLake) -> None:
    flat = cohorts(pinned, "1", 40, probabilities=[0.1] * 101)

    assert all(cohort.expected.value == pytest.approx(cohort.mature / 10) for cohort in flat)
    assert all(cohort.estimated_roc_auc == pytest.approx(0.5) for cohort in flat)


def test_the_over_confident_version_promises_too_much(pinned: PinnedLake) -> None:
    mature = [cohort for cohort in cohorts(pinned, "1", 40) if cohort.is_mature]

    assert sum(cohort.expected.value for cohort in mature) > 1.3 * sum(cohort.conversions for cohort in mature)
    assert not all(cohort.as_expected for cohort in mature)
