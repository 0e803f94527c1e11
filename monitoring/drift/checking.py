"""The check of drift that comes again: the newest whole weeks against what the model learnt from, or week by week."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta

from lake_access.drift.compared import Side, side_of_days
from lake_access.drift.scores import moments_span
from lake_access.errors import RefusedError
from lake_access.lake import Lake, PinnedLake
from lake_access.permissions import Action, Actor, require
from monitoring.drift.columns import Wish
from monitoring.drift.over_time import Baseline as FixedOrMoving
from monitoring.drift.over_time import WeekDrift, date_changes, drift_by_week
from monitoring.drift.result import ColumnDrift
from monitoring.drift_checks import Baseline, CheckedColumn, CheckedWeek, DatedChange, DriftCheck, period_words
from training.versions import ModelVersion

WEEKS = 12
# Dating a column tries every week: of the most moved alone.
MOST_DATED = 10
Progress = Callable[[str, float | None], None]


@dataclass(frozen=True)
class CheckWish:
    """Against what, how many of the newest weeks, and the version whose training data is the baseline, if any.

    `period` has the first and the last day (UTC) of a fixed period; the weeks after it are compared.
    """

    baseline: Baseline = "training"
    weeks: int = WEEKS
    trained: ModelVersion | None = None
    period: tuple[date, date] | None = None


def check_drift(
    lake: Lake, wish: CheckWish, actor: Actor, now: datetime, progress: Progress = lambda _step, _share: None
) -> DriftCheck:
    """Compare the newest weeks with the baseline, and date what lasts.

    Raises:
        NotAllowedError: the actor may not look for drift.
        RefusedError: the baseline is a fixed period, and no period is given, or one that ends before it begins.
        StorageError: the lake cannot be read.
    """
    require(actor, Action.RUN_DRIFT)
    pinned = lake.pin()
    against, words = _baseline(pinned, wish)
    weeks = drift_by_week(
        pinned,
        against,
        wish=Wish(halves=0),
        newest=wish.weeks,
        progress=lambda step, share: progress(step, share and share / 2),
    )
    found = DriftCheck(wish.baseline, words, now, actor.name, tuple(_checked(week) for week in weeks), ())
    return replace(found, changes=_dated(pinned, found.lasting[:MOST_DATED], progress))


def _baseline(pinned: PinnedLake, wish: CheckWish) -> tuple[FixedOrMoving, str]:
    """What weeks are compared with, and that in words."""
    if wish.baseline == "previous week":
        return "previous week", "the week before each"
    if wish.baseline == "fixed period":
        return _fixed(wish.period)
    if wish.trained is not None:
        day = f"{wish.trained.as_of:%Y-%m-%d}"
        return Side(until=wish.trained.as_of), f"what was known when version {wish.trained.version} learnt, until {day}"
    span = moments_span(pinned)
    if span is None:
        return Side(), "nothing, as no lead is known"
    last = datetime.combine(span[1], time(), UTC)
    until = last - timedelta(days=last.weekday(), weeks=wish.weeks)
    return Side(until=until), f"all before {until:%Y-%m-%d}, as no model has been trained"


def _fixed(period: tuple[date, date] | None) -> tuple[Side, str]:
    if period is None:
        raise RefusedError("Against which period? Give its first and its last day.")
    first, last = period
    if last < first:
        raise RefusedError(f"The period's last day, {last}, is before its first, {first}.")
    return side_of_days(None, first, last, None), period_words(first, last)


def _checked(week: WeekDrift) -> CheckedWeek:
    return CheckedWeek(week.week, week.drift.current_rows, tuple(_column(column) for column in week.drift.columns))


def _column(found: ColumnDrift) -> CheckedColumn:
    return CheckedColumn(found.column, found.test, found.value, found.psi, found.drifted, found.beyond_chance)


def _dated(pinned: PinnedLake, columns: tuple[str, ...], progress: Progress) -> tuple[DatedChange, ...]:
    if not columns:
        return ()
    changes = date_changes(
        pinned, columns, progress=lambda step, share: progress(step, None if share is None else 0.5 + share / 2)
    )
    return tuple(DatedChange(change.column, change.week) for change in changes if change.beyond_chance)
