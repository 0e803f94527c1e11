"""A check of the alerts in a process of its own, as of a moment: `python -m tests.jobs.alert_check_process MOMENT`."""

from __future__ import annotations

import os
import sys
from datetime import datetime

from jobs.alert_checks import check_alerts
from lake_access.database import open_database
from lake_access.permissions import local_user
from lake_access.settings import load_settings

if __name__ == "__main__":
    settings = load_settings(os.environ)
    check_alerts(open_database(settings), settings, local_user("worker"), datetime.fromisoformat(sys.argv[1]))
