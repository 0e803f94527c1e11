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
    digits = 2 if metric.startswith("lift") else 3
    return f"{interval.value:.{digits}f}", f"{interval.low:.{digits}f} to {interval.high:.{digits}f}"


def verdict(difference: Difference) -> str:
    """Whether the second version is better, and whether that is more than chance."""
    if not difference.beyond_chance:
        return "within chance"
    return "worse" if difference.loss > 0 else "better"


def metrics_table(metrics: Sequence[Difference], first: str, second: str) -> pd.DataFrame:
    """A row a metric: both versions, the difference with its interval, and the verdict."""
    rows = []
    for each in metrics:
        digits = 2 if each.metric.startswith("lift") else 3
        between = f"{each.difference.low:+.{digits}f} to {each.difference.high:+.{digits}f}"
        rows.append(
            {
                "Metric": METRICS.get(each.metric, each.metric),
                f"Version {first}": round(each.first.value, 4),
                f"Version {second}": round(each.second.value, 4),
                "Difference": round(each.difference.value, 4),
                "95% interval": between,
                "Verdict": verdict(each),
            }
        )
    return pd.DataFrame(rows)


def sources_table(by_source: Sequence[SourceComparison], labels: Mapping[str, str]) -> pd.DataFrame:
    """A row a source: its leads, its conversion, mean scores, and ROC AUC under both versions."""
    rows = []
    for each in by_source:
        ranking = each.metric("roc_auc")
        rows.append(
            {
                "Source": labels.get(each.source, each.source),
                "Leads": each.counted.leads,
                "Conversion": _rate(each.counted),
                "Mean score before": round(each.mean_score_first, 1),
                "Mean score after": round(each.mean_score_second, 1),
                "ROC AUC before": None if ranking is None else round(ranking.first.value, 3),
                "ROC AUC after": None if ranking is None else round(ranking.second.value, 3),
                "Verdict": "too few to tell" if ranking is None else verdict(ranking),
            }
        )
    return pd.DataFrame(rows)


def movers_table(movers: Sequence[Mover], labels: Mapping[str, str]) -> pd.DataFrame:
    """A row a lead that moves much, and what moves it."""
    return pd.DataFrame(
        [
            {
                "Lead": each.lead_id,
                "Source": labels.get(each.source, each.source),
                "Score before": each.first_score,
                "Score after": each.second_score,
                "Band": each.first_band if each.first_band == each.second_band else
                f"{each.first_band} → {each.second_band}",
                "Converted": each.converted,
                "Moved by": ", ".join(f"{why.feature} {why.second - why.first:+.2f}" for why in each.reasons),
            }
            for each in movers
        ]
    )  # fmt: skip


def cutoffs_table(comparison: Comparison) -> pd.DataFrame:
    """A row a band, the highest first: its cut-off, and the new ones that hold its volume or its conversion."""
    rows = [
        {
            "Band": volume.band,
            "Cut-off now": volume.first_cutoff,
            "Leads and conversion now": _counted(volume.first),
            "Holds volume": volume.second_cutoff,
            "Then": _counted(volume.second),
            "Holds conversion": conversion.second_cutoff,
            "Then ": _counted(conversion.second),
        }
        for volume, conversion in zip(
            _downwards(comparison.hold_volume), _downwards(comparison.hold_conversion), strict=True
        )
    ]
    return pd.DataFrame(rows)


def gaps_table(gaps: Sequence[Gap]) -> pd.DataFrame:
    """A row a metric: on the leads that calibrated the version, on its test leads, and on the newest mature leads."""
    return pd.DataFrame(
        [
            {
                "Metric": METRICS.get(each.metric, each.metric),
                "Validation": None if each.validation is None else round(each.validation, 4),
                "Test, at training": round(each.at_training.value, 4),
                "Newest leads": round(each.newest.value, 4),
                "95% interval": figure_of(each.metric, each.newest)[1],
                "Gap": None if each.validation is None else round(each.newest.value - each.validation, 4),
            }
            for each in gaps
        ]
    )


def _downwards(bands: Sequence[CarriedBand]) -> list[CarriedBand]:
    return list(reversed(bands))


def _counted(counted: CountedRate | None) -> str:
    if counted is None or counted.rate is None:
        return "no leads"
    return f"{formatting.count(counted.leads)}, {formatting.percentage(counted.rate)}"


def _rate(counted: CountedRate) -> str:
    if counted.rate is None:
        return "no leads"
    return f"{formatting.percentage(counted.rate)} ({formatting.interval(counted.low, counted.high)})"
