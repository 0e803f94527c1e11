"""From comparisons to what the page Drift says and shows: words, frames, and the order in which columns stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from app import formatting
from lake_access.drift.compared import OUTCOME, SCORE
from monitoring.drift.choice import TITLES
from monitoring.drift.result import ColumnDrift, DatasetDrift, Unseen
from monitoring.drift_checks import CheckedWeek, DriftCheck
from monitoring.kept_reports import SeenRows, StoredReport
from monitoring.score_shift import ScoreShift
from training.promotion.records import Tenure

NAMED = 6
SEEN = (SCORE, OUTCOME)  # what sales sees, before what moves it


@dataclass(frozen=True)
class Cost:
    """What makes a drift cost something: a feature's permutation importance, and leads that change band."""

    importance: Mapping[str, float]
    moved: int

    def of(self, column: ColumnDrift) -> float | None:
        """Its weight, as `monitoring.drift.mattering` has it; None where its importance is not known."""
        known = self.importance.get(column.column)
        return None if known is None else (column.psi or 0.0) * max(known, 0.0) * self.moved

    @property
    def tells(self) -> bool:
        """Whether it tells features apart at all."""
        return self.moved > 0 and any(loss > 0 for loss in self.importance.values())


def verdicts(found: DatasetDrift) -> tuple[str, str]:
    """Both verdicts in words: Evidently's, and the one on chance."""
    drifted = formatting.share(len(found.drifted_columns), len(found.columns))
    rule = (
        f"{'Drifted' if found.dataset_drift else 'Not drifted'} by Evidently's rule: {drifted} columns passed their "
        "threshold; from half of them on it calls the whole drifted."
    )
    beyond = [column.column for column in found.columns if column.beyond_chance]
    if not beyond:
        return rule, "Nothing that chance could not do."
    return rule, f"More than chance: {named(beyond)}."


def heading(found: DatasetDrift) -> str:
    """How many columns have both verdicts."""
    both = len(to_act_on(found))
    if not both:
        return "Nothing to act on"
    return f"{formatting.count(both)} {'column' if both == 1 else 'columns'} to act on"


def act_on(found: DatasetDrift) -> str:
    """Which columns have both verdicts."""
    both = to_act_on(found)
    return f"Act on: {named(both)}." if both else "No column has both verdicts: there is nothing to act on."


def to_act_on(found: DatasetDrift) -> list[str]:
    """The columns that drifted beyond their threshold, and by more than chance."""
    return [column.column for column in found.columns if column.drifted and column.beyond_chance]


def named(names: Sequence[str]) -> str:
    """Some names, and how many more there are."""
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def in_order(found: DatasetDrift, cost: Cost | None) -> list[ColumnDrift]:
    """The columns, what costs sales something first: score and outcome that drifted, then by weight, then by PSI."""
    if cost is None or not cost.tells:
        return list(found.columns)
    seen = [column for column in found.columns if column.drifted and column.column in SEEN]
    rest = [column for column in found.columns if column not in seen]
    # What has not drifted has a weight by its noise, and stands below whatever has.
    return [*seen, *sorted(rest, key=lambda column: (not column.drifted, -(cost.of(column) or 0.0)))]


def order_told(cost: Cost | None) -> str:
    """Why the columns stand in this order."""
    if cost is not None and cost.tells:
        return (
            "Order: drifted first, of these score and outcome, then PSI × permutation importance × leads that change "
            f"band ({formatting.count(cost.moved)}), then PSI. 0.0% of the cost: the model loses nothing without that "
            "feature. No share: score, outcome, and what the model does not learn from."
        )
    return (
        "Order: drifted first, of these the mix of sources, score and outcome before features, then by PSI. What each "
        "costs is not weighed: that takes two versions that scored the same leads, and importances above nothing."
    )


def columns_frame(columns: Sequence[ColumnDrift], cost: Cost | None) -> pd.DataFrame:
    """A row a column."""
    weights = {column.column: (cost.of(column) if cost else None) for column in columns}
    total = sum(weight or 0.0 for weight in weights.values())
    rows = [
        {
            "Column": column.column,
            "Drifted": column.drifted,
            "Beyond chance": column.beyond_chance,
            "Share of the cost": _share_of(weights[column.column], total),
            "Value": column.value,
            "Threshold": column.threshold,
            "Noise floor": column.noise,
            "PSI": column.psi,
            "Test": TITLES[column.test],
            "Why this test": column.why,
            "Missing before": _missing(column.reference.missing, column.reference.rows),
            "Missing now": _missing(column.current.missing, column.current.rows),
            "Unseen before": unseen(column.unseen),
            "Gone now": unseen(column.gone),
            "Chance p, adjusted": column.adjusted_p,
            "Note": column.note,
        }
        for column in columns
    ]
    frame = pd.DataFrame(rows)
    return frame if total else frame.drop(columns="Share of the cost")


def unseen(found: Unseen) -> str:
    """Values that one side lacks: the commonest, and in how many rows they are."""
    if not found.values:
        return ""
    more = "" if found.values <= len(found.examples) else ", …"
    return f"{', '.join(found.examples)}{more} ({formatting.count(found.rows)} rows)"


def sources_frame(found: Mapping[str | None, DatasetDrift], labels: Mapping[str, str]) -> pd.DataFrame:
    """A row a source and drifted column, the most moved first."""
    rows = [
        {
            "Source": "All leads" if source is None else labels.get(source, source),
            "Column": column.column,
            "Test": column.test,
            "Value": column.value,
            "Threshold": column.threshold,
            "Drifted": column.drifted,
            "Beyond chance": column.beyond_chance,
            "PSI": column.psi,
            "Rows before": drift.reference_rows,
            "Rows now": drift.current_rows,
        }
        for source, drift in found.items()
        for column in drift.columns
        if column.drifted or column.beyond_chance
    ]
    frame = pd.DataFrame(rows, columns=list(rows[0]) if rows else ["Source", "Column"])
    return frame.sort_values("PSI", ascending=False, kind="stable") if rows else frame


def weeks_frame(weeks: Sequence[CheckedWeek]) -> pd.DataFrame:
    """A row a week of a check."""
    return pd.DataFrame(
        [
            {
                "Week": week.week,
                "Rows": week.rows,
                "Columns drifted": sum(column.drifted for column in week.columns),
                "Beyond chance too": len(week.acted_on),
                "Which": named([column.column for column in week.columns if column.column in week.acted_on]),
            }
            for week in weeks
        ]
    )


def lasting_told(check: DriftCheck) -> str:
    """What drifted in the newest weeks, and since when."""
    if len(check.weeks) < 2:
        return "There are not two whole weeks after the baseline yet."
    if not check.lasting:
        return "No column is beyond threshold and chance in both of the newest weeks."
    dated = [(name, check.since(name)) for name in check.lasting]
    parts = [name if week is None else f"{name} (since the week of {formatting.day(week)})" for name, week in dated]
    return f"Beyond threshold and chance in both of the newest weeks: {named(parts)}."


def moved_most(check: DriftCheck, most: int) -> list[str]:
    """The columns that moved most in any week, those that last first."""
    psi: dict[str, float] = {}
    for week in check.weeks:
        for column in week.columns:
            psi[column.column] = max(psi.get(column.column, 0.0), column.psi or 0.0)
    return [*check.lasting, *sorted(psi.keys() - set(check.lasting), key=lambda name: (-psi[name], name))][:most]


def psi_by_week(check: DriftCheck, column: str) -> dict[date, float | None]:
    """A column's PSI in each week."""
    return {week.week: one.psi for week in check.weeks for one in week.columns if one.column == column}


def psi_frame(check: DriftCheck, names: Sequence[str]) -> pd.DataFrame:
    """A row a week, with the PSI of each of these columns."""
    by_name = {name: psi_by_week(check, name) for name in names}
    return pd.DataFrame(
        [{"Week": week.week, **{name: by_name[name].get(week.week) for name in names}} for week in check.weeks]
    )


def champions_by_day(tenures: Sequence[Tenure], first: date, last: date) -> dict[date, str]:
    """When which version became champion, within these weeks."""
    taken = {tenure.since.date(): tenure.version for tenure in tenures}
    return {day: version for day, version in sorted(taken.items()) if first <= day <= last + timedelta(days=6)}


def shift_told(shift: ScoreShift) -> str:
    """A shift of scores in a sentence or two."""
    rho = "cannot be told" if shift.rank_correlation is None else f"is {formatting.figure(shift.rank_correlation, 3)}"
    means = (
        ""
        if shift.mean_reference is None or shift.mean_current is None
        else f" Mean score {formatting.score(shift.mean_reference)} → {formatting.score(shift.mean_current)}."
    )
    return (
        f"{formatting.count(shift.leads)} leads have a score of both versions; "
        f"{formatting.share(shift.moved, shift.leads)} change band. The rank correlation (Spearman) {rho}.{means}"
    )


def moves_frame(shift: ScoreShift, labels: Mapping[str, str]) -> pd.DataFrame:
    """The leads whose scores are furthest apart."""
    return pd.DataFrame(
        [
            {
                "Lead": move.lead_id,
                "Source": labels.get(move.source or "", move.source or ""),
                f"Version {shift.reference}": move.reference,
                f"Version {shift.current}": move.current,
                "Change": move.current - move.reference,
            }
            for move in shift.moves
        ]
    )


def moved_by_source_frame(shift: ScoreShift, labels: Mapping[str, str]) -> pd.DataFrame:
    """By source, how many leads change band."""
    rows = [
        {
            "Source": labels.get(source, source),
            "Leads": leads,
            "Change band": shift.moved_by_source.get(source, 0),
            "Share": shift.moved_by_source.get(source, 0) / leads if leads else None,
        }
        for source, leads in shift.leads_by_source.items()
    ]
    return pd.DataFrame(rows, columns=["Source", "Leads", "Change band", "Share"]).sort_values("Leads", ascending=False)


def report_label(report: StoredReport) -> str:
    """A report in a list."""
    return f"{formatting.moment(report.made_at)}: {report.reference} against {report.current}"


def reports_frame(reports: Sequence[StoredReport]) -> pd.DataFrame:
    """A row a report."""
    return pd.DataFrame(
        [
            {
                "Made": formatting.moment(report.made_at),
                "By": report.made_by,
                "Reference": report.reference,
                "Current": report.current,
                "Drifted": f"{report.drifted} of {len(report.columns)}",
                "By Evidently's rule": report.dataset_drift,
                "Beyond chance": report.beyond_chance,
                "Id": report.id,
            }
            for report in reports
        ]
    )


def rows_told(side: str, rows: SeenRows, seed: int) -> str:
    """How many rows of a side Evidently saw, and what a sample may be off by."""
    if rows.seen == rows.rows:
        return f"{side}: Evidently saw all {formatting.count(rows.rows)} rows."
    return (
        f"{side}: Evidently saw a random sample of {formatting.share(rows.seen, rows.rows)} rows (seed {seed}); "
        f"a share of them is off by up to {formatting.percentage(rows.share_error)} in 95 of 100 samples. "
        "Our own numbers are over all rows."
    )


def _share_of(weight: float | None, total: float) -> float | None:
    """None for what has no weight: score, outcome, and features that the version does not learn from."""
    return None if weight is None or not total else weight / total


def _missing(missing: int, rows: int) -> float | None:
    return missing / rows if rows else None
