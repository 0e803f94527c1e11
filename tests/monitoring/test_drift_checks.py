"""Kept checks of drift: each baseline has its own newest ones."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import func, select

from lake_access.database import open_database, reading
from lake_access.permissions import local_user
from lake_access.settings import load_settings
from monitoring.drift_checks import (
    CHECKS,
    KEPT,
    Baseline,
    DriftCheck,
    days_of_period,
    keep_check,
    newest_check,
    period_words,
)

ANN = local_user("ann")
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def made(baseline: Baseline, against: str) -> DriftCheck:
    return DriftCheck(baseline, against, NOW, "ann", (), ())


def test_checks_against_a_fixed_period_push_out_none_against_the_training(tmp_path: Path) -> None:
    engine = open_database(load_settings({"LEADLAKE_HOME": str(tmp_path)}))
    keep_check(engine, ANN, made("training", "what version 1 learnt from"))
    for number in range(KEPT + 3):
        keep_check(engine, ANN, made("fixed period", f"period {number}"))

    assert newest_check(engine) == made("training", "what version 1 learnt from")
    assert newest_check(engine, "fixed period", "period 2") is None
    assert newest_check(engine, "fixed period", "period 3") is not None
    with reading(engine) as connection:
        kept = connection.execute(select(CHECKS.c.baseline, func.count()).group_by(CHECKS.c.baseline)).all()
    assert sorted(tuple(row) for row in kept) == [("fixed period", KEPT), ("training", 1)]
    engine.dispose()


def test_a_period_is_read_from_its_words() -> None:
    days = (date(2025, 1, 1), date(2025, 3, 31))
    assert days_of_period(period_words(*days)) == days
