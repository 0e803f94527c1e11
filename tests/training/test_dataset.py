"""Datasets: who is learnt from, what became of them, and that all leads are counted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lake_access.building.build import build
from lake_access.iceberg.tables import LEADS
from lake_access.lake import PinnedLake
from tests.lake_access.lakes import NOW, lake_in, land_lines, touch
from training.dataset import Dataset, make_dataset, split_by_time
from training.encoding import learn_encoding


def outcomes_by_hand(pinned: PinnedLake, until: datetime) -> pd.DataFrame:
    """Lead, moment and outcome, by pandas from the events; the demo is history, so all is known when it occurs."""
    declared = pinned.settings.declarations
    events = pinned.frame("SELECT lead_id::VARCHAR AS lead_id, stream, occurred_at, converted FROM curated.events")
    events = events[events.occurred_at <= until]
    scores, touches = (events[events.stream.isin(declared.streams_of(kind))] for kind in ("score", "touch"))
    moments = touches.groupby("lead_id").occurred_at.max()
    moments.update(scores.groupby("lead_id").occurred_at.min())
    won = events[events.stream.isin(declared.streams_of("outcome")) & (events.converted == True)]  # noqa: E712
    first = won.groupby("lead_id").occurred_at.min().reindex(moments.index)
    frame = pd.DataFrame({"as_of": moments, "won_at": first})
    window = timedelta(days=declared.lake.outcome_window_days)
    closed = pd.Timestamp(until).normalize() - window
    frame = frame[(frame.as_of < closed) & ~(frame.won_at < frame.as_of)]
    return frame.assign(converted=(frame.won_at - frame.as_of) <= window)


@pytest.mark.parametrize("days_before", [0, 60, 120])
def test_leads_moments_and_outcomes_are_those_of_the_events_known_by_then(pinned: PinnedLake, days_before: int) -> None:
    until = pinned.known_until
    assert until is not None
    made = make_dataset(pinned, until - timedelta(days=days_before))

    expected = outcomes_by_hand(pinned, made.as_of)

    found = pd.DataFrame({"as_of": made.moments, "converted": made.converted}, index=made.lead_ids)
    expected = expected.reindex(found.index)
    assert len(expected) == len(found) == made.counts["used"]
    assert (expected.as_of.dt.tz_localize(None).to_numpy() == found.as_of.to_numpy()).all()
    assert (expected.converted.to_numpy() == found.converted.to_numpy()).all()
    assert 0.05 < made.converted.mean() < 0.2


@pytest.mark.parametrize("days_before", [0, 120])
def test_every_lead_is_counted_once(pinned: PinnedLake, days_before: int) -> None:
    until = pinned.known_until
    assert until is not None

    counts = make_dataset(pinned, until - timedelta(days=days_before)).counts

    assert sum(counts.values()) == pinned.tables[LEADS].rows
    assert counts["immature"] > 0
    assert (counts["not_known_yet"] > 0) == (days_before > 0)


def test_reasons_and_labels_by_hand(tmp_path: Path) -> None:
    lake = lake_in(tmp_path / "home")
    on = "2025-06-01T10:00:00Z"
    land_lines(
        lake,
        "webinar",
        *(touch(email=f"{who}@x.org", timestamp=on) for who in ("won", "late", "lost", "before", "edge")),
        touch(email="young@x.org", timestamp="2025-12-20T10:00:00Z"),
        at=NOW,
        history=True,
    )
    outcome = {"event_type": "outcome", "converted": True}
    land_lines(
        lake,
        "outcomes",
        outcome | {"email": "won@x.org", "timestamp": "2025-06-20T10:00:00Z"},
        outcome | {"email": "late@x.org", "timestamp": "2025-08-20T10:00:00Z"},
        outcome | {"email": "lost@x.org", "timestamp": "2025-06-20T10:00:00Z", "converted": False},
        outcome | {"email": "before@x.org", "timestamp": "2025-05-20T10:00:00Z"},
        outcome | {"email": "edge@x.org", "timestamp": on},
        outcome | {"email": "nobody@x.org", "timestamp": on},
        at=NOW,
        history=True,
    )
    build(lake, NOW)

    made = make_dataset(lake.pin())

    assert dict(made.counts) == {
        "not_known_yet": 0,
        "no_moment": 1,
        "no_features": 0,
        "immature": 1,
        "converted_before": 1,
        "used": 4,
    }
    # Converted are who won in the window, and who won with the very contact; a conversion after the window is none.
    assert int(made.converted.sum()) == 2


def test_the_same_lake_gives_the_same_digest_and_another_moment_another(pinned: PinnedLake, dataset: Dataset) -> None:
    again = make_dataset(pinned)
    earlier = make_dataset(pinned, datetime(2025, 10, 1, tzinfo=UTC))

    assert again.digest == dataset.digest
    assert earlier.digest != dataset.digest


def test_the_split_is_by_time_and_leads_of_one_moment_stay_together(dataset: Dataset) -> None:
    split = split_by_time(dataset)

    parts = [dataset.moments[rows] for rows in (split.fit, split.calibration, split.test)]
    assert sum(map(len, parts)) == len(dataset)
    assert parts[0].max() < parts[1].min() <= parts[1].max() < parts[2].min()
    assert len(parts[2]) == pytest.approx(0.2 * len(dataset), abs=2)

    one_moment = replace(dataset, moments=np.sort(dataset.moments.astype("datetime64[M]")))
    cut = split_by_time(one_moment)
    assert one_moment.moments[cut.test.start - 1] < one_moment.moments[cut.test.start]


def test_a_category_that_was_not_learnt_counts_as_missing(dataset: Dataset) -> None:
    fitted = dataset.features.iloc[:200]
    encoding = learn_encoding(fitted, (), ("first_source",))
    stranger = pd.DataFrame({"first_source": pd.Categorical(["roadshow", "tv", None])})

    matrix = encoding.matrix(stranger)

    assert encoding.categories["first_source"][int(matrix[0, 0])] == "roadshow"
    assert np.isnan(matrix[1:, 0]).all()
