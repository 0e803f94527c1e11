"""How models and their figures are called on pages: names of metrics and gates, and tables of comparisons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import pandas as pd

from app import formatting
from training.comparison.outcome import CarriedBand, Comparison, CountedRate, Difference, Mover, SourceComparison
from training.promotion.impact import Gap
from training.promotion.records import Gate
from training.versions import Interval

METRICS: Final[Mapping[str, str]] = {
    "roc_auc": "ROC AUC",
    "average_precision": "Average precision",
    "brier": "Brier score",
    "log_loss": "Log loss",
    "ece": "Calibration error",
    "lift_10": "Lift at 10%",
    "lift_20": "Lift at 20%",
    "capture_20": "Conversions in the top 20%",
}
GATES: Final[Mapping[str, str]] = {
    "artifact_loads": "The model file loads",
    "fallback_loads": "The champion's file loads, to fall back to",
    "reproduces": "Made again, it is the same",
    "leakage_audit": "The leakage audit is clean",
    "drift_report": "There is a drift report",
    "no_worse_than_champion": "No worse than the champion",
    "sources_hold": "No source collapses",
    "calibration": "It is calibrated",
}
ALGORITHMS: Final[Mapping[str, str]] = {
    "logistic_regression": "Logistic regression",
    "gradient_boosting": "Gradient boosting",
}


def gate_name(gate: Gate) -> str:
    """What a gate is called."""
    return GATES.get(gate.gate, gate.gate)


def figure_of(metric: str, interval: Interval) -> tuple[str, str]:
    """A metric's value and its interval, as text."""
    if metric == "capture_20":
        return formatting.percentage(interval.value), formatting.interval(interval.low, interval.high)
    digits = _digits(metric)
    return formatting.figure(interval.value, digits), formatting.figures(interval.low, interval.high, digits)


def verdict(difference: Difference) -> str:
    """Whether the second version is better, and whether that is more than chance."""
    if not difference.beyond_chance:
        return "within chance"
    return "worse" if difference.loss > 0 else "better"


def metrics_table(metrics: Sequence[Difference], first: str, second: str) -> pd.DataFrame:
    """A row a metric: both versions, the difference with its interval, and the verdict."""
    return pd.DataFrame(
        [
            {
                "Metric": METRICS.get(each.metric, each.metric),
                f"Version {first}": figure_of(each.metric, each.first)[0],
                f"Version {second}": figure_of(each.metric, each.second)[0],
                "Difference": _signed(each.metric, each.difference.value),
                "95% interval": f"{_signed(each.metric, each.difference.low)} to "
                f"{_signed(each.metric, each.difference.high)}",
                "Verdict": verdict(each),
            }
            for each in metrics
        ]
    )


def sources_table(by_source: Sequence[SourceComparison], labels: Mapping[str, str]) -> pd.DataFrame:
    """A row a source: its leads, its conversion, mean score and ROC AUC before and after."""
    rows = []
    for each in by_source:
        ranking = each.metric("roc_auc")
        rows.append(
            {
                "Source": labels.get(each.source, each.source),
                "Leads": formatting.count(each.counted.leads),
                "Conversion": _rate(each.counted),
                "Mean score": f"{formatting.score(each.mean_score_first)} → {formatting.score(each.mean_score_second)}",
                "ROC AUC": "" if ranking is None else _before_and_after("roc_auc", ranking),
                "Verdict": "too few to tell" if ranking is None else verdict(ranking),
            }
        )
    return pd.DataFrame(rows)


def movers_table(movers: Sequence[Mover], labels: Mapping[str, str]) -> pd.DataFrame:
    """A row a lead that moves much, and what moves it."""
    return pd.DataFrame(
        [
            {
                "Score": f"{each.first_score} → {each.second_score}",
                "Band": _moved(each.first_band, each.second_band),
                "Source": labels.get(each.source, each.source),
                "Converted": "yes" if each.converted else "no",
                "Moved by": ", ".join(
                    f"{why.feature} {formatting.signed(why.second - why.first, 2)}" for why in each.reasons
                ),
                "Lead": each.lead_id,
            }
            for each in movers
        ]
    )


def cutoffs_table(comparison: Comparison) -> pd.DataFrame:
    """A row a band, the highest first: its cut-off, and the new ones that hold its volume or its conversion."""
    carried = zip(_downwards(comparison.hold_volume), _downwards(comparison.hold_conversion), strict=True)
    return pd.DataFrame(
        [
            {
                "Band": volume.band,
                "Now": _cutoff(volume.first_cutoff, volume.first),
                "Same volume": _cutoff(volume.second_cutoff, volume.second),
                "Same conversion": _cutoff(conversion.second_cutoff, conversion.second),
            }
            for volume, conversion in carried
        ]
    )


def gaps_table(gaps: Sequence[Gap], shuffled: Mapping[str, float | None] | None = None) -> pd.DataFrame:
    """A row a metric: on the leads that calibrated the version, on its test leads, and on the newest mature leads.

    `shuffled` has what the same training gives on leads dealt at random; versions of before it was taken have none.
    """
    rows = []
    for each in gaps:
        newest, between = figure_of(each.metric, each.newest)
        validation = None if each.validation is None else Interval(each.validation, each.validation, each.validation)
        rows.append(
            {
                "Metric": METRICS.get(each.metric, each.metric),
                "Validation": "" if validation is None else figure_of(each.metric, validation)[0],
                "Test, at training": figure_of(each.metric, each.at_training)[0],
                "Newest leads": newest,
                "95% interval": between,
                "Gap": "" if validation is None else _signed(each.metric, each.newest.value - validation.value),
                "Shuffled": _plain(each.metric, (shuffled or {}).get(each.metric)),
            }
        )
    return pd.DataFrame(rows)


def _before_and_after(metric: str, difference: Difference) -> str:
    return f"{figure_of(metric, difference.first)[0]} → {figure_of(metric, difference.second)[0]}"


def _plain(metric: str, value: float | None) -> str:
    return "" if value is None else figure_of(metric, Interval(value, value, value))[0]


def _downwards(bands: Sequence[CarriedBand]) -> list[CarriedBand]:
    return list(reversed(bands))


def _cutoff(cutoff: int | None, counted: CountedRate | None) -> str:
    if cutoff is None or counted is None or counted.rate is None:
        return "no such band"
    return f"{cutoff}+: n {formatting.brief_count(counted.leads)}, {formatting.percentage(counted.rate)}"


def _moved(before: str, after: str) -> str:
    return before if before == after else f"{before} → {after}"


def _signed(metric: str, value: float) -> str:
    if metric == "capture_20":
        return formatting.signed_points(value)
    return formatting.signed(value, _digits(metric))


def _digits(metric: str) -> int:
    if metric.startswith("lift"):
        return 2
    return 4 if metric == "brier" else 3


def _rate(counted: CountedRate) -> str:
    if counted.rate is None:
        return "no leads"
    return f"{formatting.percentage(counted.rate)} ({formatting.interval(counted.low, counted.high)})"
