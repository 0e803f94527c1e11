"""jobs and schedules on the command line: asked for, shown, cancelled, run again; set, listed, removed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.cli.running import Ended, finish, start

Leadlake = Callable[..., Ended]


@pytest.fixture(autouse=True)
def user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLAKE_USER", "ada")


def test_a_request_is_queued_and_the_same_one_is_the_same_job(leadlake: Leadlake) -> None:
    first = leadlake("jobs", "request", "maintain", "--parameter", "dry_run=yes")
    second = leadlake("jobs", "request", "maintain", "--parameter", "dry_run=true", "--json").json

    assert first.out == "Job 1 (maintain) is queued.\n"
    assert (second["id"], second["parameters"], second["requested_by"]) == (1, {"dry_run": True}, "ada")


def test_the_list_says_what_there_is(leadlake: Leadlake) -> None:
    assert leadlake("jobs", "list").out == "There are no jobs.\n"
    leadlake("jobs", "request", "build")
    leadlake("jobs", "request", "maintain")
    leadlake("jobs", "cancel", "1")

    listed = leadlake("jobs", "list", "--json").json["jobs"]
    failed = leadlake("jobs", "list", "--state", "failed")

    assert [(job["id"], job["kind"], job["state"]) for job in listed] == [
        (2, "maintain", "queued"),
        (1, "build", "cancelled"),
    ]
    assert [line.split()[:4] for line in leadlake("jobs", "list").out.splitlines()[1:]] == [
        ["2", "maintain", "queued", "ada"],
        ["1", "build", "cancelled", "ada"],
    ]
    assert failed.out == "There are no such jobs.\n"
    assert [job["id"] for job in leadlake("jobs", "list", "--kind", "build", "--json").json["jobs"]] == [1]


def test_a_cancelled_job_is_run_again_as_its_next_attempt(leadlake: Leadlake) -> None:
    leadlake("jobs", "request", "build")
    assert leadlake("jobs", "cancel", "1").out == "Job 1 (build) is cancelled.\n"

    again = leadlake("jobs", "again", "1")

    assert again.out == "Job 2 (build) is queued: attempt 2 of what job 1 was to do.\n"
    shown = leadlake("jobs", "show", "1")
    assert shown.out.startswith("Job 1 (build) was cancelled by ada.\n  asked for by: ada at ")
    assert leadlake("jobs", "show", "2", "--json").json["attempt"] == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("jobs", "request", "bild"), "There is no kind of job 'bild' (did you mean \"build\"?)."),
        (("jobs", "request", "build", "--parameter", "fast"), "--parameter 'fast': write it as name=value."),
        (("jobs", "request", "maintain", "--parameter", "dry_run=perhaps"), "dry_run is true or false"),
        (
            ("jobs", "request", "maintain", "--parameter", "dry_run=1", "--parameter", "dry_run=0"),
            "--parameter dry_run: it is given twice.",
        ),
        (("jobs", "show", "7"), "There is no job 7"),
        (("jobs", "cancel", "7"), "There is no job 7"),
        (("jobs", "again", "7"), "There is no job 7"),
        (("jobs", "list", "--state", "done"), "There is no state 'done' of a job; known: queued, running"),
        (("schedules", "set", "build", "61 * * * *"), "The minute of a schedule cannot be '61'"),
        (("schedules", "remove", "7"), "There is no schedule 7"),
    ],
)
def test_what_cannot_be_is_one_sentence(leadlake: Leadlake, arguments: tuple[str, ...], sentence: str) -> None:
    ended = leadlake(*arguments)

    assert (ended.code, ended.out) == (1, "")
    assert sentence in ended.err


def test_schedules_are_set_listed_and_removed(leadlake: Leadlake) -> None:
    made = leadlake("schedules", "set", "maintain", "0  3 * * mon", "--parameter", "dry_run=yes")
    listed = leadlake("schedules", "list", "--json").json["schedules"]
    table = leadlake("schedules", "list").out
    removed = leadlake("schedules", "remove", "1")

    assert made.out.startswith("Schedule 1: maintain at 0 3 * * mon (UTC), next ")
    assert [(one["id"], one["crontab"], one["set_by"], one["time_zone"]) for one in listed] == [
        (1, "0 3 * * mon", "ada", "UTC")
    ]
    assert "dry_run true" in table
    assert removed.out == "Schedule 1 is removed: maintain at 0 3 * * mon.\n"
    assert leadlake("schedules", "list").out == "There are no schedules.\n"


def test_a_request_that_waits_tells_how_the_job_ended(leadlake: Leadlake, webinar: Path, home: Path) -> None:
    leadlake("ingest", "webinar", webinar)
    worker = start("worker", home=home)
    try:
        ended = finish(start("jobs", "request", "build", "--wait", "--json", home=home))
        listed = leadlake("jobs", "list", "--all", "--json").json["jobs"]
    finally:
        worker.terminate()
        finish(worker)

    assert ended.code == 0, ended.err
    assert ended.json["state"] == "succeeded"
    # Whether the worker saw the file first or was asked first: it was built once.
    assert sum(job["result"]["read"] for job in listed if job["result"]) == 3
