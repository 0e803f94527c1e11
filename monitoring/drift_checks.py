"""Checks of drift week by week, kept in the database: a worker computes them, pages and alerts read them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Literal, get_args

from sqlalchemy import JSON, Column, Engine, Integer, MetaData, String, Table, Text, delete, insert, select

from lake_access.database import Moment, make_tables, reading, writing
from lake_access.permissions import Action, Actor, require

Baseline = Literal["training", "fixed period", "previous week"]
BASELINES: tuple[Baseline, ...] = get_args(Baseline)
METADATA = MetaData()
CHECKS = Table(
    "drift_checks",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("baseline", String(32), nullable=False),
    Column("against", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("made_by", String(320), nullable=False),
    Column("found", JSON, nullable=False),
)
KEPT = 50  # of each baseline: what readers ask for leaves what alerts read alone
# A column has drifted for good where it did in so many of the newest weeks.
LASTING_WEEKS = 2


@dataclass(frozen=True)
class CheckedColumn:
    """A column in one week, as `monitoring.drift.result.ColumnDrift` has it."""

    column: str
    test: str
    value: float | None
    psi: float | None
    drifted: bool
    beyond_chance: bool


@dataclass(frozen=True)
class CheckedWeek:
    """A week (its Monday, UTC) against the baseline."""

    week: date
    rows: int
    columns: tuple[CheckedColumn, ...]

    @property
    def acted_on(self) -> frozenset[str]:
        """The columns that drifted beyond the threshold, and by more than chance."""
        return frozenset(column.column for column in self.columns if column.drifted and column.beyond_chance)


@dataclass(frozen=True)
class DatedChange:
    """A column, and the week before and after which it differs most."""

    column: str
    week: date


@dataclass(frozen=True)
class DriftCheck:
    """A check: against what (in words), the newest weeks, the oldest first, and since when what lasts has changed."""

    baseline: Baseline
    against: str
    made_at: datetime
    made_by: str
    weeks: tuple[CheckedWeek, ...]
    changes: tuple[DatedChange, ...]

    @property
    def lasting(self) -> tuple[str, ...]:
        """The columns that drifted, beyond chance too, in each of the newest weeks; the most moved first."""
        newest = self.weeks[-LASTING_WEEKS:]
        if len(newest) < LASTING_WEEKS:
            return ()
        times = Counter(name for week in newest for name in week.acted_on)
        psi = {column.column: column.psi or 0.0 for column in newest[-1].columns}
        return tuple(sorted((name for name in times if times[name] == len(newest)), key=lambda name: -psi[name]))

    def since(self, column: str) -> date | None:
        """The week in which this column changed, where that is known."""
        return next((change.week for change in self.changes if change.column == column), None)


def keep_check(engine: Engine, actor: Actor, check: DriftCheck) -> None:
    """Keep a check, and of those before against the same baseline the newest.

    Raises:
        NotAllowedError: the actor may not look for drift.
        StorageError: the database cannot be written.
    """
    require(actor, Action.RUN_DRIFT)
    make_tables(engine, METADATA)
    found = {
        "weeks": [{**asdict(week), "week": week.week.isoformat()} for week in check.weeks],
        "changes": {change.column: change.week.isoformat() for change in check.changes},
    }
    told = {name: getattr(check, name) for name in ("baseline", "against", "made_at", "made_by")}
    with writing(engine) as connection:
        connection.execute(insert(CHECKS).values(found=found, **told))
        alike = CHECKS.c.baseline == check.baseline
        newest = select(CHECKS.c.id).where(alike).order_by(CHECKS.c.id.desc()).limit(KEPT)
        connection.execute(delete(CHECKS).where(alike, CHECKS.c.id.not_in(newest.scalar_subquery())))


def period_words(first: date, last: date) -> str:
    """A fixed period as checks against it have it in words: `2025-01-01 to 2025-03-31`."""
    return f"{first} to {last}"


def days_of_period(words: str) -> tuple[date, date]:
    """The first and the last day of a fixed period from its words."""
    first, last = words.split(" to ")
    return date.fromisoformat(first), date.fromisoformat(last)


def newest_check(engine: Engine, baseline: Baseline = "training", against: str | None = None) -> DriftCheck | None:
    """The newest check against this baseline, and of it only what is `against` it in these words; None without one.

    Raises:
        StorageError: the database cannot be read.
    """
    make_tables(engine, METADATA)
    query = select(CHECKS).where(CHECKS.c.baseline == baseline).order_by(CHECKS.c.id.desc()).limit(1)
    if against is not None:
        query = query.where(CHECKS.c.against == against)
    with reading(engine) as connection:
        row = connection.execute(query).mappings().first()
    if row is None:
        return None
    weeks = tuple(_week(told) for told in row["found"]["weeks"])
    changes = tuple(DatedChange(name, date.fromisoformat(week)) for name, week in row["found"]["changes"].items())
    return DriftCheck(baseline, row["against"], row["made_at"], row["made_by"], weeks, changes)


def _week(told: Mapping[str, Any]) -> CheckedWeek:
    columns = tuple(CheckedColumn(**column) for column in told["columns"])
    return CheckedWeek(date.fromisoformat(told["week"]), told["rows"], columns)
