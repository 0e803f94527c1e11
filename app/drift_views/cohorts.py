"""Cohorts of leads as tables and as points of charts: what was expected, estimated, and what came."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from app import formatting
from monitoring.late_outcomes import Cohort

# A rate of fewer leads, or a ratio or ROC AUC of fewer conversions, jumps so far that a chart would hide all others.
FEWEST_LEADS, FEWEST_CONVERSIONS = 30, 5
FEW_LEADS_TOLD = f"Weeks of fewer than {FEWEST_LEADS} mature leads stand in the table alone."
FEW_EXPECTED_TOLD = (
    f"Weeks in which fewer than {FEWEST_CONVERSIONS} conversions were expected stand in the table alone."
)
FEW_CONVERSIONS_TOLD = (
    f"The true one of weeks of fewer than {FEWEST_CONVERSIONS} conversions stands in the table alone."
)


def cohorts_frame(found: Sequence[Cohort]) -> pd.DataFrame:
    """A row a cohort: calibration and what came over mature leads; estimates are called so."""
    return pd.DataFrame(
        [
            {
                "Version": each.version,
                "Week": each.week,
                "Leads": each.leads,
                "Mature": each.mature,
                "Mean score": each.mean_score,
                "Expected": each.expected.value if each.mature else None,
                "Came": each.conversions if each.mature else None,
                "Came / expected": each.conversions / each.expected.value if each.expected.value else None,
                "As expected": each.as_expected if each.mature else None,
                "Conversion": each.rate.value if each.rate else None,
                "95% from": each.rate.low if each.rate else None,
                "95% to": each.rate.high if each.rate else None,
                "ROC AUC (mature)": each.roc_auc,
                "ROC AUC (estimate, mature)": each.estimated_roc_auc_of_mature,
                "ROC AUC (estimate, all)": each.estimated_roc_auc,
                "Called and converted (estimate)": each.estimated.true_positives,
                "Called in vain (estimate)": each.estimated.false_positives,
                "Missed (estimate)": each.estimated.false_negatives,
            }
            for each in found
        ]
    )


def drawn_rate(each: Cohort) -> float | None:
    """The conversion rate that a chart shows; None of too few leads."""
    return each.rate.value if each.rate and each.mature >= FEWEST_LEADS else None


def drawn_ratio(each: Cohort) -> float | None:
    """Conversions over expected ones, as a chart shows it; None where too few were expected."""
    return each.conversions / each.expected.value if each.expected.value >= FEWEST_CONVERSIONS else None


def drawn_roc_auc(each: Cohort) -> float | None:
    """The true ROC AUC that a chart shows; None of too few conversions."""
    return each.roc_auc if each.conversions >= FEWEST_CONVERSIONS else None


def estimates_frame(found: Sequence[Cohort]) -> pd.DataFrame:
    """A row a cohort with mature leads: what was estimated for just these from their scores, and what came true."""
    return pd.DataFrame(
        [
            {
                "Week": each.week,
                "Mature": each.mature,
                "ROC AUC (estimate)": each.estimated_roc_auc_of_mature,
                "ROC AUC (true)": each.roc_auc,
                "Called and converted (estimate)": each.estimated_of_mature.true_positives,
                "Called and converted (true)": each.actual.true_positives,
                "Called in vain (estimate)": each.estimated_of_mature.false_positives,
                "Called in vain (true)": each.actual.false_positives,
                "Missed (estimate)": each.estimated_of_mature.false_negatives,
                "Missed (true)": each.actual.false_negatives,
            }
            for each in found
            if each.mature
        ]
    )


def estimates_told(found: Sequence[Cohort]) -> str:
    """By how much the estimates were off, over all cohorts with mature leads."""
    told = [each for each in found if each.mature]
    pairs = [
        (each.estimated_roc_auc_of_mature, true)
        for each in told
        if each.estimated_roc_auc_of_mature is not None and (true := drawn_roc_auc(each)) is not None
    ]
    counts = ", ".join(
        f"{name} {formatting.figure(estimated, 1)} estimated and {formatting.figure(true, 0)} true"
        for name, estimated, true in (
            (
                "called and converted",
                sum(each.estimated_of_mature.true_positives for each in told),
                sum(each.actual.true_positives for each in told),
            ),
            (
                "missed",
                sum(each.estimated_of_mature.false_negatives for each in told),
                sum(each.actual.false_negatives for each in told),
            ),
        )
    )
    if not pairs:
        return f"Of mature leads: {counts}."
    bias = round(sum(estimated - true for estimated, true in pairs) / len(pairs), 3)
    off = (
        f"{formatting.figure(abs(bias), 3)} {'too high' if bias > 0 else 'too low'}"
        if bias
        else "right to three digits"
    )
    return f"Of mature leads: {counts}. The estimated ROC AUC was {off} on average of {len(pairs)} weeks."
