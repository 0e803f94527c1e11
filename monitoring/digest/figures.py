"""What a digest says, from a pinned lake and what stands beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from lake_access.conversion import ConversionFilters, ConversionRow, conversion
from monitoring.alerts.measures import Measured, Surroundings, measure, newest_days
from monitoring.alerts.metrics import METRICS
from monitoring.alerts.records import Alert, list_alerts
from monitoring.alerts.rules import Rule
from training.promotion.records import Champion, champion

WEEK, WEEKS_SHOWN, SOURCE_DAYS = 7, 12, 28
# The figures at its head, with the days that each is over.
HEADLINE = (("leads_per_day", WEEK), ("conversion_rate", SOURCE_DAYS), ("mean_score", SOURCE_DAYS))
DRIFT_DAYS, DRIFT_DAYS_BEFORE = 14, 56


@dataclass(frozen=True)
class Headline:
    """A figure of the newest days, and of the same number of days before."""

    metric: str
    days: int
    found: Measured

    @property
    def title(self) -> str:
        return METRICS[self.metric].title


@dataclass(frozen=True)
class WeekOfLeads:
    """A week's leads (its Monday), and of those of whom all are mature how many converted."""

    week: date
    leads: int
    mature: int
    conversions: int


@dataclass(frozen=True)
class ColumnMove:
    """A column, how far it moved, and whether it drifted or moved beyond chance."""

    column: str
    psi: float
    drifted: bool
    beyond_chance: bool


@dataclass(frozen=True)
class Digest:
    """All of it; `drift_detail` says what was compared, or why nothing was."""

    now: datetime
    known_until: datetime | None
    headline: tuple[Headline, ...]
    weeks: tuple[WeekOfLeads, ...]
    sources: tuple[ConversionRow, ...]
    source_days: int
    drift_detail: str
    moves: tuple[ColumnMove, ...]
    model: Champion | None
    calibration: Measured
    ranking: Measured
    open_alerts: tuple[Alert, ...]
    ended_alerts: tuple[Alert, ...]


def digest_of(engine: Engine, around: Surroundings) -> Digest:
    """The digest as of the surroundings' moment.

    Raises:
        StorageError: the lake or the database cannot be read.
    """
    week_ago = around.now - timedelta(days=WEEK)
    drift_detail, moves = _moves(around)
    live = champion(engine)
    of_model = _rule("calibration_gap", 56)
    if live is not None:
        of_model = replace(of_model, segment="version", segment_value=live.version)
    return Digest(
        now=around.now,
        known_until=around.pinned.known_until,
        headline=tuple(Headline(metric, days, measure(_rule(metric, days), around)) for metric, days in HEADLINE),
        weeks=_weeks(around),
        sources=_sources(around),
        source_days=SOURCE_DAYS,
        drift_detail=drift_detail,
        moves=moves,
        model=live,
        calibration=measure(of_model, around),
        ranking=measure(replace(of_model, metric="roc_auc"), around),
        open_alerts=tuple(list_alerts(engine, ended=False)),
        ended_alerts=tuple(
            each for each in list_alerts(engine, ended=True) if each.ended_at and each.ended_at >= week_ago
        ),
    )


def _rule(metric: str, days: int, days_before: int = 0) -> Rule:
    return Rule(metric, metric, days=days, days_before=days_before or days)


def _weeks(around: Surroundings) -> tuple[WeekOfLeads, ...]:
    """The newest whole weeks, Monday to Sunday."""
    period = newest_days(around, 1)
    mature = newest_days(around, 1, mature=True)
    if period is None or mature is None:
        return ()
    following = period.last + timedelta(days=1)
    end = following - timedelta(days=following.weekday())
    first = end - timedelta(weeks=WEEKS_SHOWN + _weeks_until_mature(around))
    filters = ConversionFilters(since=first, until=end - timedelta(days=1))
    came = {row.keys["week"]: row for row in conversion(around.pinned, ["week"], replace(filters, all_leads=True)).rows}
    counted = {row.keys["week"]: row for row in conversion(around.pinned, ["week"], filters).rows}
    weeks = []
    for monday in (first + timedelta(weeks=week) for week in range((end - first).days // 7)):
        name = f"{monday:%G-W%V}"
        leads = came[name].leads if name in came else 0
        whole = monday + timedelta(days=6) <= mature.last and name in counted
        rows = (counted[name].leads, counted[name].conversions) if whole else (0, 0)
        weeks.append(WeekOfLeads(monday, leads, *rows))
    return tuple(weeks)


def _weeks_until_mature(around: Surroundings) -> int:
    return around.pinned.settings.declarations.lake.outcome_window_days // 7 + 1


def _sources(around: Surroundings) -> tuple[ConversionRow, ...]:
    period = newest_days(around, SOURCE_DAYS, mature=True)
    if period is None:
        return ()
    rows = conversion(around.pinned, ["source"], ConversionFilters(since=period.first, until=period.last)).rows
    return tuple(sorted(rows, key=lambda row: -row.leads))


def _moves(around: Surroundings) -> tuple[str, tuple[ColumnMove, ...]]:
    """What moved: the columns of the newest days against those before, the furthest first."""
    found = measure(_rule("drifted_share", DRIFT_DAYS, DRIFT_DAYS_BEFORE), around)
    compared = next(iter(around.answers.values()), None)
    if found.value is None or compared is None:
        return found.detail, ()
    moves = [ColumnMove(each.column, each.psi or 0.0, each.drifted, each.beyond_chance) for each in compared.columns]
    return found.detail, tuple(moves)
