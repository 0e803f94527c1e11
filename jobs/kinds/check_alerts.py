"""The job `check_alerts`: every rule held against the lake, and messages delivered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jobs.kind import JobKind, JobTask
from lake_access.permissions import Action


def _run(task: JobTask, _parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    from jobs.alert_checks import check_alerts
    from lake_access.database import open_database

    done = check_alerts(open_database(task.settings), task.settings, task.actor, task.now, task.progress)
    states = [message.state for message in done.messages]
    for message in done.messages:
        if message.error:
            task.log(message.error)
    return {
        "rules": len(done.checked),
        "too_much": sum(each.breached is True for each in done.checked),
        "no_value": sum(each.breached is None for each in done.checked),
        "delivered": states.count("delivered"),
        "not_delivered": len(states) - states.count("delivered"),
    }


CHECK_ALERTS = JobKind("check_alerts", "Check the alerts", Action.MANAGE_ALERTS, _run)
