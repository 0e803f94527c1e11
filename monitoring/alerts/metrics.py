"""What an alert can watch: each metric with its unit, the segments it can be asked of, and what its period means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from lake_access.wording import counted, percentage

Unit = Literal["share", "count", "score", "hours", "index"]
Segment = Literal["all", "source", "band", "version", "stream"]
Comparison = Literal["above", "below", "beyond chance"]
SEGMENTS: Final[tuple[Segment, ...]] = get_args(Segment)
COMPARISONS: Final[tuple[Comparison, ...]] = get_args(Comparison)
LEADS: Final[tuple[Segment, ...]] = ("all", "source", "band", "version")


@dataclass(frozen=True)
class Metric:
    """A figure of the lake.

    `days` is the usual period, 0 where the figure is of the moment; `against` is what "beyond
    chance" holds it against: the period before, what was expected, or nothing.
    """

    name: str
    title: str
    unit: Unit
    help: str
    segments: tuple[Segment, ...] = ("all",)
    days: int = 0
    against: Literal["", "before", "expected"] = ""
    page: str = ""


_ALL: Final = (
    Metric(
        "conversion_rate",
        "Conversion rate",
        "share",
        "Conversions over leads, of the newest days whose leads are all mature.",
        LEADS,
        28,
        "before",
        "conversion.py",
    ),
    Metric(
        "leads_per_day",
        "Leads a day",
        "count",
        "Leads of the newest whole days, a day.",
        ("all", "source", "version"),
        7,
        "before",
        "overview.py",
    ),
    Metric(
        "mean_score",
        "Mean score",
        "score",
        "By the rules, or of a model version, of leads that came in the newest whole days.",
        ("all", "source", "version"),
        7,
        "before",
        "scores.py",
    ),
    Metric(
        "drifted_share",
        "Share of drifted columns",
        "share",
        "Features, score and outcome of the newest days against the days before, by the tests of docs/drift.md.",
        ("all", "source", "version"),
        14,
        "before",
        "drift.py",
    ),
    Metric(
        "dataset_drift",
        "Drifted dataset",
        "index",
        "1 where at least half of the columns have drifted, else 0.",
        ("all", "source", "version"),
        14,
        "before",
        "drift.py",
    ),
    Metric(
        "column_drift",
        "Drift of one column (PSI)",
        "index",
        "The population stability index of a column, of the newest days against the days before.",
        ("all", "source", "version"),
        14,
        "before",
        "drift.py",
    ),
    Metric(
        "calibration_gap",
        "Calibration gap",
        "share",
        "Observed less expected conversion of a model version's mature leads; above and below ask for its size.",
        ("all", "version"),
        28,
        "expected",
        "scores.py",
    ),
    Metric(
        "roc_auc",
        "ROC AUC",
        "index",
        "How well a model version tells converted leads from others, of the newest days whose leads are all mature.",
        ("all", "version"),
        56,
        "",
        "scores.py",
    ),
    Metric(
        "quarantine_share",
        "Quarantined share of lines",
        "share",
        "Lines that were refused over lines read, of batches that landed in the newest days.",
        ("all", "stream"),
        1,
        "before",
        "lake.py",
    ),
    Metric(
        "freshness_hours",
        "Hours since the newest batch",
        "hours",
        "How old the newest of the data is.",
        page="lake.py",
    ),
    Metric("failed_jobs", "Failed jobs", "count", "Jobs that failed in the newest days.", days=1, page="jobs.py"),
    Metric(
        "waiting_approvals", "Waiting approvals", "count", "Promotions that wait for a decision.", page="approvals.py"
    ),
)
METRICS: Final[Mapping[str, Metric]] = {metric.name: metric for metric in _ALL}


def in_unit(value: float | None, unit: Unit) -> str:
    """A value as a sentence has it: `14.7%`, `26.3 hours`, `12`; “no value” where there is none."""
    if value is None:
        return "no value"
    if unit == "share":
        return percentage(value)
    if unit == "hours":
        return f"{value:,.1f} hours"
    if unit == "score":
        return f"{value:.1f}"
    if unit == "index":
        return f"{value:.3f}".rstrip("0").rstrip(".") or "0"
    return f"{value:,.1f}".removesuffix(".0")


def in_days(days: int) -> str:
    """`1 day`, `28 days`."""
    return counted(days, "day")
