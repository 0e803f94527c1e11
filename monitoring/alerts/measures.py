"""The value of each metric, from a pinned lake and what stands beside it, as of a moment: nothing else is asked.

Periods are whole days (UTC) that end with the newest landing, not with the reader's clock: where no data come, figures
stay as they were, and the metric of freshness tells. Beyond chance means that the 99% interval of the change leaves out
"no change": a rule is checked again and again, and at 95% one check in twenty would pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from math import exp, log
from statistics import NormalDist
from typing import Any, Final

from lake_access import differences
from lake_access.conversion import Conversion, ConversionFilters, conversion
from lake_access.differences import Difference
from lake_access.headline import ScoreSums
from lake_access.lake import PinnedLake
from lake_access.quarantine import quarantined_between
from lake_access.score_histograms import RULES, SCORES, ScoreHistogram, ScoreKind, score_histograms
from lake_access.score_measures import quality
from monitoring.alerts.metrics import in_days, in_unit
from monitoring.alerts.rules import Rule, segment_words

CERTAINTY: Final = 0.99
_WIDER: Final = NormalDist().inv_cdf(0.5 + CERTAINTY / 2) / NormalDist().inv_cdf(0.5 + differences.CONFIDENCE / 2)


@dataclass(frozen=True)
class Measured:
    """A metric's value; None where there is none, and `detail` says why, else what it rests on.

    `beyond_chance` is None where too few leads could tell it, or the metric has no period before; `before` is its value
    of that period.
    """

    value: float | None
    detail: str
    beyond_chance: bool | None = None
    before: float | None = None


@dataclass(frozen=True)
class Surroundings:
    """What rules are measured against; answers that several rules share are computed once.

    `failed_jobs` counts jobs that failed between two moments, `waiting_approvals` promotions that wait: both stand in
    the database, where what is above this room keeps them.
    """

    pinned: PinnedLake
    now: datetime
    failed_jobs: Callable[[datetime, datetime], int]
    waiting_approvals: Callable[[], int]
    answers: dict[Any, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Period:
    """Days from the first to the last, both included."""

    first: date
    last: date

    def before(self, days: int) -> Period:
        """So many days that end where this begins."""
        return Period(self.first - timedelta(days=days), self.first - timedelta(days=1))

    def moments(self) -> tuple[datetime, datetime]:
        """Its beginning, and the moment after its end."""
        return _midnight(self.first), _midnight(self.last + timedelta(days=1))


def measure(rule: Rule, around: Surroundings) -> Measured:
    """The value of the rule's metric in its segment and period.

    Raises:
        QueryRefusedError: the rule names a column that is not there.
        StorageError: the lake or the database cannot be read.
    """
    return _MEASURES[rule.metric](rule, around)


def breached(rule: Rule, found: Measured) -> bool | None:
    """Whether the value is too much; None where nothing can be judged."""
    if rule.comparison == "beyond chance":
        return found.beyond_chance
    if found.value is None or rule.threshold is None:
        return None
    value = abs(found.value) if rule.metric == "calibration_gap" else found.value
    return value > rule.threshold if rule.comparison == "above" else value < rule.threshold


def certain(change: Difference | None) -> bool | None:
    """Whether a change's interval, widened to 99%, leaves out "no change"."""
    if change is None:
        return None
    if change.none == 1.0:  # of a ratio, whose interval is even on the scale of its logarithm
        middle = log(change.change)
        low = exp(middle - _WIDER * (middle - log(change.low)))
        high = exp(middle + _WIDER * (log(change.high) - middle))
    else:
        low = change.change - _WIDER * (change.change - change.low)
        high = change.change + _WIDER * (change.high - change.change)
    return not low <= change.none <= high


def newest_days(around: Surroundings, days: int, *, mature: bool = False) -> Period | None:
    """The newest whole days that the lake knows, or of which all leads are mature; None without any data."""
    known = around.pinned.known_until
    if known is None:
        return None
    window = timedelta(days=around.pinned.settings.declarations.lake.outcome_window_days if mature else 0)
    last = (known.astimezone(UTC) - window).date() - timedelta(days=1)
    return Period(last - timedelta(days=days - 1), last)


def leads_of(rule: Rule, period: Period, *, all_leads: bool = False) -> ConversionFilters:
    """The rule's leads of a period."""
    value = (str(rule.segment_value),)
    return ConversionFilters(
        since=period.first,
        until=period.last,
        all_leads=all_leads,
        sources=value if rule.segment == "source" else (),
        bands=value if rule.segment == "band" else (),
        model_versions=value if rule.segment == "version" else (),
    )


def _conversion_rate(rule: Rule, around: Surroundings) -> Measured:
    period = newest_days(around, rule.days, mature=True)
    if period is None:
        return _NOTHING
    leads, conversions = _counted(conversion(around.pinned, [], leads_of(rule, period)))
    if not leads:
        return Measured(None, f"no mature lead {_within(period)}")
    others, before = _counted(conversion(around.pinned, [], leads_of(rule, period.before(rule.days_before))))
    least = around.pinned.settings.declarations.lake.minimum_cell
    change = differences.of_proportions(conversions, leads, before, others, least)
    detail = f"{conversions:,} of {leads:,} leads {_within(period)}; before {before:,} of {others:,}"
    return Measured(conversions / leads, detail, certain(change), before / others if others else None)


def _leads_per_day(rule: Rule, around: Surroundings) -> Measured:
    period = newest_days(around, rule.days)
    if period is None:
        return _NOTHING
    daily, daily_before = (_daily(rule, around, part) for part in (period, period.before(rule.days_before)))
    change = differences.of_counts(daily, daily_before, around.pinned.settings.declarations.lake.minimum_cell)
    before = sum(daily_before) / len(daily_before)
    detail = f"{sum(daily):,} leads {_within(period)}; before {before:,.1f} a day"
    return Measured(sum(daily) / len(daily), detail, certain(change), before)


def _mean_score(rule: Rule, around: Surroundings) -> Measured:
    # A score by the rules grows with a lead's events; a version's is the first that it gave.
    period = newest_days(around, rule.days, mature=rule.segment != "version")
    if period is None:
        return _NOTHING
    now, before = (_score_sums(rule, around, part) for part in (period, period.before(rule.days_before)))
    if not now.scored:
        return Measured(None, f"no scored lead {_within(period)}")
    change = differences.of_means(now, before, around.pinned.settings.declarations.lake.minimum_cell)
    told = f"{before.mean:.1f} over {before.scored:,}" if before.scored else "none"
    detail = f"{now.scored:,} leads {_within(period)}; before {told}"
    return Measured(now.mean, detail, certain(change), before.mean if before.scored else None)


def _drifted_share(rule: Rule, around: Surroundings) -> Measured:
    found = _drift(rule, around)
    if isinstance(found, Measured):
        return found
    named = ", ".join(found.drifted_columns[:5]) or "none"
    return Measured(found.share, f"drifted: {named}; {_rows(found)}", found.beyond_chance)


def _dataset_drift(rule: Rule, around: Surroundings) -> Measured:
    found = _drift(rule, around)
    if isinstance(found, Measured):
        return found
    told = f"{len(found.drifted_columns)} of {len(found.columns)} columns drifted; {_rows(found)}"
    return Measured(float(found.dataset_drift), told, found.beyond_chance)


def _column_drift(rule: Rule, around: Surroundings) -> Measured:
    found = _drift(rule, around)
    if isinstance(found, Measured):
        return found
    column = next((each for each in found.columns if each.column == rule.column), None)
    if column is None:
        return Measured(None, f"there is no column {rule.column} to compare")
    value = "none" if column.value is None else f"{column.value:.4f}"
    detail = f"{column.test} {value}, threshold {column.threshold:g}; {_rows(found)}"
    return Measured(column.psi, detail, column.beyond_chance)


def _calibration_gap(rule: Rule, around: Surroundings) -> Measured:
    histogram = _of_version(rule, around)
    if isinstance(histogram, Measured):
        return histogram
    leads, conversions = sum(histogram.mature), sum(histogram.conversions)
    chances = [score / SCORES[-1] for score in SCORES]
    expected = sum(count * chance for count, chance in zip(histogram.mature, chances, strict=True))
    variance = sum(count * chance * (1 - chance) for count, chance in zip(histogram.mature, chances, strict=True))
    spread = NormalDist().inv_cdf(0.5 + CERTAINTY / 2) * variance**0.5
    detail = (
        f"{conversions:,} conversions of {leads:,} leads of version {histogram.kind.version}, {expected:,.1f} expected"
    )
    return Measured((conversions - expected) / leads, detail, abs(conversions - expected) > spread)


def _roc_auc(rule: Rule, around: Surroundings) -> Measured:
    histogram = _of_version(rule, around)
    if isinstance(histogram, Measured):
        return histogram
    found = quality(histogram)
    detail = f"{found.conversions:,} of {found.leads:,} leads of version {histogram.kind.version} converted"
    return Measured(found.auc, detail)


def _quarantine_share(rule: Rule, around: Surroundings) -> Measured:
    stream = rule.segment_value if rule.segment == "stream" else None
    until = around.now
    since = until - timedelta(days=rule.days)
    refused, read = quarantined_between(around.pinned, since, until, stream)
    if not read:
        return Measured(None, f"no line was read in {in_days(rule.days)}")
    earlier = since - timedelta(days=rule.days_before)
    before, read_before = quarantined_between(around.pinned, earlier, since, stream)
    least = around.pinned.settings.declarations.lake.minimum_cell
    change = differences.of_proportions(refused, read, before, read_before, least)
    return Measured(
        refused / read, f"{refused:,} of {read:,} lines; before {before:,} of {read_before:,}", certain(change)
    )


def _freshness_hours(_rule: Rule, around: Surroundings) -> Measured:
    known = around.pinned.known_until
    if known is None:
        return _NOTHING
    hours = max(0.0, (around.now - known).total_seconds() / 3600)
    return Measured(hours, f"the newest batch landed at {known:%Y-%m-%d %H:%M} UTC")


def _failed_jobs(rule: Rule, around: Surroundings) -> Measured:
    count = around.failed_jobs(around.now - timedelta(days=rule.days), around.now)
    return Measured(float(count), f"{count:,} jobs failed in {in_days(rule.days)}; the page Jobs says why")


def _waiting_approvals(_rule: Rule, around: Surroundings) -> Measured:
    count = around.waiting_approvals()
    return Measured(float(count), f"{count:,} requests wait; see the page Approvals")


_NOTHING: Final = Measured(None, "nothing was built yet")
_MEASURES: Final[Mapping[str, Callable[[Rule, Surroundings], Measured]]] = {
    "conversion_rate": _conversion_rate,
    "leads_per_day": _leads_per_day,
    "mean_score": _mean_score,
    "drifted_share": _drifted_share,
    "dataset_drift": _dataset_drift,
    "column_drift": _column_drift,
    "calibration_gap": _calibration_gap,
    "roc_auc": _roc_auc,
    "quarantine_share": _quarantine_share,
    "freshness_hours": _freshness_hours,
    "failed_jobs": _failed_jobs,
    "waiting_approvals": _waiting_approvals,
}


def _counted(answer: Conversion) -> tuple[int, int]:
    return sum(row.leads for row in answer.rows), sum(row.conversions for row in answer.rows)


def _daily(rule: Rule, around: Surroundings, period: Period) -> list[int]:
    answer = conversion(around.pinned, ["day"], leads_of(rule, period, all_leads=True))
    counts = {row.keys["day"]: row.leads for row in answer.rows}
    days = (period.last - period.first).days + 1
    return [counts.get((period.first + timedelta(days=day)).isoformat(), 0) for day in range(days)]


def _score_sums(rule: Rule, around: Surroundings, period: Period) -> ScoreSums:
    of_version = rule.segment == "version"
    kind = ScoreKind(rule.segment_value, "online") if of_version else RULES
    filters = ConversionFilters(since=period.first, until=period.last, all_leads=True)
    counts = (
        score_histograms(around.pinned, filters if of_version else leads_of(rule, period)).of(kind).leads(of_version)
    )
    weighed = list(zip(SCORES, counts, strict=True))
    return ScoreSums("", sum(counts), sum(s * n for s, n in weighed), sum(s * s * n for s, n in weighed))


def _of_version(rule: Rule, around: Surroundings) -> ScoreHistogram | Measured:
    """The scores of the rule's version, or of the one that was the last to score a lead, with what became of them."""
    period = newest_days(around, rule.days, mature=True)
    if period is None:
        return _NOTHING
    filters = ConversionFilters(since=period.first, until=period.last)
    found = score_histograms(around.pinned, filters).histograms
    asked = rule.segment_value if rule.segment == "version" else None
    online = (each for each in found if each.kind.mode == "online" and asked in (None, each.kind.version))
    histogram = next(online, None)
    if histogram is None or not sum(histogram.mature):
        return Measured(None, f"no mature lead{segment_words(rule)} with a score {_within(period)}")
    return histogram


def _drift(rule: Rule, around: Surroundings) -> Any:
    """The comparison of the rule's period with the one before it; or why there is none."""
    from lake_access.drift.compared import Side
    from monitoring.drift.columns import Wish
    from monitoring.drift.compare import compare_lake

    period = newest_days(around, rule.days)
    if period is None:
        return _NOTHING
    version = rule.segment_value if rule.segment == "version" else None
    source = rule.segment_value if rule.segment == "source" else None
    current, reference = (Side(version, *part.moments(), source) for part in (period, period.before(rule.days_before)))
    if (reference, current) not in around.answers:
        found = compare_lake(around.pinned, reference, current, wish=Wish(halves=0))
        around.answers[reference, current] = found
    found = around.answers[reference, current]
    if not found.reference_rows or not found.current_rows:
        return Measured(None, f"nothing to compare: {_rows(found)}")
    return found


def _rows(found: Any) -> str:
    return f"{found.current_rows:,} rows against {found.reference_rows:,}"


def _within(period: Period) -> str:
    return f"from {period.first} to {period.last}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def told(rule: Rule, found: Measured) -> str:
    """The value and what it rests on: `3.1% (12 of 390 leads from …)`."""
    return f"{in_unit(found.value, rule.of.unit)} ({found.detail})"
