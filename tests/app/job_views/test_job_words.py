"""What came of a job and when a schedule comes, in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from app.job_views.view import schedule_line, written
from jobs.schedules import Schedule


@pytest.mark.parametrize(
    ("result", "said"),
    [
        ({"read": 1_204, "dry_run": False}, "read 1,204, dry run no"),
        ({"version": "2", "leads": 1}, "version 2, 1 lead"),
        ({"weeks": 12, "drifted": ["a", "b", "c", "d", "e"]}, "12 weeks; drifted: a, b and 3 more"),
        ({"drifted": ["a", "b", "c"], "against": "training"}, "drifted: a, b and c; against training"),
        ({"drifted": ["a"]}, "drifted: a"),
        ({"weeks": 1, "drifted": []}, "1 week; drifted: none"),
        ({"gaps": [{"column": "a"}, {"column": "b"}]}, "gaps 2"),
    ],
)
def test_a_result_is_said_in_words(result: dict[str, object], said: str) -> None:
    assert written(result) == said


@pytest.mark.parametrize(
    ("crontab", "said"),
    [
        ("0 5 * * 1", "Every Monday at 05:00 UTC (0 5 * * 1)"),
        ("0 5 1 * 1", "0 5 1 * 1 (UTC)"),
    ],
)
def test_a_schedule_says_when_it_comes_with_its_crontab_beside(crontab: str, said: str) -> None:
    next_run = datetime(2026, 11, 30, 5, tzinfo=UTC)
    schedule = Schedule(1, "maintain", {}, crontab, "ada", {}, next_run, True, None, next_run)
    assert schedule_line(schedule) == f"{said} · next 2026-11-30 05:00 UTC · has not run yet · set by ada"
