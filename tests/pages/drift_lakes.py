"""A demo lake with a check of drift and a report, as the worker keeps them."""

from __future__ import annotations

from pathlib import Path

from jobs.demo import fill_with_demo
from lake_access.database import open_database
from lake_access.demo_events import DemoPlan
from lake_access.drift.compared import Side
from lake_access.permissions import local_user
from monitoring.drift.checking import CheckWish, check_drift
from monitoring.drift_checks import DriftCheck, keep_check
from monitoring.evidently_report import ReportWish, make_report
from monitoring.kept_reports import StoredReport
from tests.pages.lakes import LANDED, opened

ANN = local_user("ann")
COLUMNS = ("score", "converted", "first_source", "device_model_interest")


def filled(home: Path, leads: int = 3_000) -> tuple[DriftCheck, StoredReport]:
    """Fill this home; the check and the report that it holds."""
    lake = opened(home)
    fill_with_demo(lake, DemoPlan(until=LANDED, leads=leads, seed=7))
    check = check_drift(lake, CheckWish(), ANN, LANDED)
    engine = open_database(lake.settings)
    keep_check(engine, ANN, check)
    engine.dispose()
    return check, make_report(lake, ReportWish(Side("1"), Side("2"), COLUMNS), ANN, LANDED).stored
