"""Commands for background work: jobs list, show, request, cancel, again; schedules list, set, remove."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from sqlalchemy import Engine

from app.cli.acting import acting
from app.cli.console import Json, Output, note, print_text, progress_bar
from app.cli.tables import cell_text, print_table
from app.formatting import count, duration, percentage, shortened
from jobs.job import FINISHED, STATES, Job, State, seconds_left
from jobs.kinds import KINDS
from jobs.queue import wake_worker
from jobs.requests import cancel_job, list_jobs, read_job, read_log, request_job, run_again, usual_seconds
from jobs.schedules import Schedule, list_schedules, remove_schedule, set_schedule
from lake_access.database import open_database
from lake_access.errors import RefusedError
from lake_access.permissions import Actor
from lake_access.settings import Settings, load_settings

SECONDS_BETWEEN_LOOKS = 0.3
# Nobody takes a job up for so long: then perhaps nobody is there to do so.
SECONDS_OF_PATIENCE = 10
LONGEST_CELL = 100

JobNumber = Annotated[int, typer.Argument(min=1, metavar="ID", help="The number of the job.")]
Parameters = Annotated[
    list[str] | None, typer.Option("--parameter", metavar="K=V", help="A parameter of the kind; again for each.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for its end; exit with 1 unless it succeeds.")]
Kind = Annotated[str, typer.Argument(metavar="KIND", help="The kind of job, as build or maintain.")]


@dataclass(frozen=True)
class _Place:
    settings: Settings
    engine: Engine
    actor: Actor


def register(app: typer.Typer) -> None:
    """Add these commands to the command line."""
    jobs = typer.Typer(name="jobs", help="Ask for background work, and see what became of it.", no_args_is_help=True)
    jobs.command("list")(jobs_list)
    jobs.command("request")(jobs_request)
    jobs.command("cancel")(jobs_cancel)
    jobs.command("again")(jobs_again)
    jobs.command("show")(jobs_show)
    app.add_typer(jobs)
    schedules = typer.Typer(name="schedules", help="Have jobs come again by crontab.", no_args_is_help=True)
    schedules.command("set")(schedules_set)
    schedules.command("list")(schedules_list)
    schedules.command("remove")(schedules_remove)
    app.add_typer(schedules)


def jobs_list(
    state: Annotated[
        list[str] | None, typer.Option(metavar="STATE", help=f"Only of this state: {', '.join(STATES)}.")
    ] = None,
    kind: Annotated[list[str] | None, typer.Option(metavar="KIND", help="Only of this kind.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="With the builds that the worker did by itself.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="Jobs to show.")] = 50,
    as_json: Json = False,
) -> None:
    """Say which jobs there are, the newest first.

    Builds that the worker did by itself are left out where they went well.

    \b
    Example: leadlake jobs list --state failed
    """
    place = _place()
    states = None if state is None else [_state(name) for name in state]
    found = list_jobs(place.engine, place.actor, states=states, kinds=kind, of_worker=everything, limit=limit)
    now = datetime.now(UTC)
    usual = usual_seconds(place.engine, sorted({job.kind for job in found if job.is_active}))
    Output(as_json).result({"jobs": [_as_json(job, usual, now) for job in found]})
    if as_json:
        return
    if not found:
        print_text("There are no jobs." if state is None and kind is None else "There are no such jobs.")
        return
    rows = [(job.id, job.kind, job.state, job.requested_by, job.requested_at, *_seen(job, usual, now)) for job in found]
    print_table(("job", "kind", "state", "by", "requested at", "took", "what"), rows, right=("job", "took"))


def jobs_show(job_id: JobNumber, as_json: Json = False) -> None:
    """Show a job: what was asked, how far it is, its log, its result or its error.

    \b
    Example: leadlake jobs show 1
    """
    place = _place()
    job = read_job(place.engine, job_id, place.actor)
    lines = read_log(place.engine, job_id, place.actor)
    now = datetime.now(UTC)
    usual = usual_seconds(place.engine, [job.kind])
    value = _as_json(job, usual, now) | {"log": [{"at": _moment(at), "line": line} for at, line in lines]}
    Output(as_json).result(value)
    if not as_json:
        _print_job(job, usual, now)
        for at, line in lines:
            print_text(f"  {cell_text(at)}  {line}")


def jobs_request(kind: Kind, parameter: Parameters = None, wait: Wait = False, as_json: Json = False) -> None:
    """Ask the worker for a job.

    While the same job (same kind, same parameters) is queued or running, it is that one. `leadlake up` and `leadlake
    worker` run a worker.

    \b
    Example: leadlake jobs request maintain --parameter dry_run=yes
    """
    place = _place()
    job = request_job(place.engine, KINDS, kind, _parameters(parameter), place.actor, datetime.now(UTC))
    _told_or_awaited(place, job, f"Job {job.id} ({job.kind}) is {job.state}.", wait=wait, as_json=as_json)


def jobs_cancel(job_id: JobNumber, as_json: Json = False) -> None:
    """Cancel a job: your own, or with the role for it anybody's.

    A queued job never starts; a running one stops within seconds. What it had committed stays.

    \b
    Example: leadlake jobs cancel 1
    """
    place = _place()
    job = cancel_job(place.engine, job_id, place.actor, datetime.now(UTC))
    told = "is cancelled" if job.state == "cancelled" else "is asked to stop"
    Output(as_json).result(_as_json(job, {}, datetime.now(UTC)), f"Job {job.id} ({job.kind}) {told}.")


def jobs_again(job_id: JobNumber, wait: Wait = False, as_json: Json = False) -> None:
    """Run a failed or cancelled job again, with the same parameters, as a new job.

    \b
    Example: leadlake jobs again 1
    """
    place = _place()
    job = run_again(place.engine, KINDS, job_id, place.actor, datetime.now(UTC))
    sentence = f"Job {job.id} ({job.kind}) is {job.state}: attempt {job.attempt} of what job {job_id} was to do."
    _told_or_awaited(place, job, sentence, wait=wait, as_json=as_json)


def schedules_list(as_json: Json = False) -> None:
    """Say which jobs come again, and when they do next (UTC).

    \b
    Example: leadlake schedules list
    """
    place = _place()
    found = list_schedules(place.engine, place.actor)
    Output(as_json).result({"schedules": [_schedule_as_json(schedule) for schedule in found]})
    if as_json:
        return
    if not found:
        print_text("There are no schedules.")
        return
    rows = [
        (
            *(schedule.id, schedule.kind, _written(schedule.parameters), schedule.crontab, schedule.set_by),
            *(schedule.last_run, schedule.next_run if schedule.enabled else "paused"),
        )
        for schedule in found
    ]
    columns = ("schedule", "kind", "parameters", "crontab", "set by", "last run", "next run")
    print_table(columns, rows, right=("schedule",))


def schedules_set(
    kind: Kind,
    crontab: Annotated[
        str,
        typer.Argument(metavar="CRONTAB", help="Minute, hour, day of the month, month, day of the week; in UTC."),
    ],
    parameter: Parameters = None,
    as_json: Json = False,
) -> None:
    """Have a job come again by a crontab expression, in UTC.

    The worker asks for it with the roles that you have now. One that was missed while no worker ran, runs once.

    \b
    Example: leadlake schedules set maintain "30 2 * * *"
    """
    place = _place()
    parameters = _parameters(parameter)
    now = datetime.now(UTC)
    schedule = set_schedule(place.engine, KINDS, kind, parameters, crontab, place.actor, now)
    told = f"Schedule {schedule.id}: {schedule.kind} at {schedule.crontab} (UTC), next {cell_text(schedule.next_run)}."
    Output(as_json).result(_schedule_as_json(schedule), told)


def schedules_remove(
    schedule_id: Annotated[int, typer.Argument(min=1, metavar="ID", help="The number of the schedule.")],
    as_json: Json = False,
) -> None:
    """Remove a schedule; jobs that it asked for stay.

    \b
    Example: leadlake schedules remove 1
    """
    place = _place()
    schedule = remove_schedule(place.engine, schedule_id, place.actor, datetime.now(UTC))
    told = f"Schedule {schedule.id} is removed: {schedule.kind} at {schedule.crontab}."
    Output(as_json).result(_schedule_as_json(schedule), told)


def _place() -> _Place:
    settings = load_settings(os.environ)
    return _Place(settings, open_database(settings), acting(settings))


def _state(name: str) -> State:
    for state in STATES:
        if state == name:
            return state
    raise RefusedError(f"There is no state {name!r} of a job; known: {', '.join(STATES)}.")


def _parameters(given: list[str] | None) -> dict[str, str]:
    """`name=value`, each once.

    Raises:
        RefusedError: one has no equals sign, or a name comes twice.
    """
    parameters: dict[str, str] = {}
    for text in given or []:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise RefusedError(f"--parameter {text!r:.80}: write it as name=value.")
        if name in parameters:
            raise RefusedError(f"--parameter {name}: it is given twice.")
        parameters[name] = value
    return parameters


def _told_or_awaited(place: _Place, job: Job, sentence: str, *, wait: bool, as_json: bool) -> None:
    wake_worker(place.settings)
    ended = _await(place, job) if wait else job
    now = datetime.now(UTC)
    Output(as_json).result(_as_json(ended, {}, now), *([] if wait else [sentence]))
    if wait and not as_json:
        _print_job(ended, {}, now)
    if wait and ended.state != "succeeded":
        raise typer.Exit(1)


def _await(place: _Place, job: Job) -> Job:
    """The job when it has ended; its progress is shown meanwhile."""
    asked, told = time.monotonic(), False
    with progress_bar("Waiting for the worker", "share") as bar:
        while job.state not in FINISHED:
            if job.state == "running":
                bar.show(job.step or "Starting", None if job.share is None else 1.0)
                bar.complete(job.share or 0.0)
            elif not told and time.monotonic() - asked > SECONDS_OF_PATIENCE:
                note("No worker has taken it up yet; `leadlake up` or `leadlake worker` runs one.")
                told = True
            time.sleep(SECONDS_BETWEEN_LOOKS)
            job = read_job(place.engine, job.id, place.actor)
    return job


def _print_job(job: Job, usual: Mapping[str, float], now: datetime) -> None:
    print_text(f"Job {job.id} ({job.kind}) {_ending(job)}")
    told = {
        "asked for by": f"{job.requested_by} at {cell_text(job.requested_at)}",
        "by schedule": job.of_schedule,
        "attempt": job.attempt if job.attempt > 1 else None,
        "parameters": _written(job.parameters),
        "took": _seen(job, usual, now)[0],
        "now": _now(job, usual, now) if job.is_active else None,
        "result": None if job.result is None else _written(job.result),
        "error": job.error,
    }
    for name, value in told.items():
        if value:
            print_text(f"  {name}: {value}")


def _ending(job: Job) -> str:
    if job.state == "cancelled":
        return f"was cancelled by {job.cancelled_by}."
    return f"{job.state}." if job.state in FINISHED else f"is {job.state}."


def _seen(job: Job, usual: Mapping[str, float], now: datetime) -> tuple[str, str]:
    """How long it took, and in a few words what it does or what became of it."""
    taken = job.seconds_taken(now)
    what = job.error or (_now(job, usual, now) if job.is_active else _written(job.result or {}))
    return "" if taken is None else duration(taken), shortened(what, LONGEST_CELL)


def _now(job: Job, usual: Mapping[str, float], now: datetime) -> str:
    """What a job at hand does: `Reading events, 43.0%, 12 s left`."""
    parts = [] if job.step is None else [job.step]
    if job.share is not None:
        parts.append(percentage(job.share))
    left = seconds_left(job, usual.get(job.kind), now)
    if left is not None:
        parts.append(f"{duration(left)} left")
    return ", ".join([*parts, *(["asked to stop"] if job.cancel_asked else [])])


def _written(values: Mapping[str, Any]) -> str:
    """`read 3, curated 2`; of a list of records how many."""
    return ", ".join(f"{name} {_value(value)}" for name, value in values.items())


def _value(value: object) -> str:
    if isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        return count(len(value))
    return count(value) if isinstance(value, int) and not isinstance(value, bool) else cell_text(value)


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _as_json(job: Job, usual: Mapping[str, float], now: datetime) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "parameters": job.parameters,
        "state": job.state,
        "requested_by": job.requested_by,
        "requested_at": _moment(job.requested_at),
        "started_at": _moment(job.started_at),
        "finished_at": _moment(job.finished_at),
        "step": job.step,
        "share": job.share,
        "seconds_left": seconds_left(job, usual.get(job.kind), now),
        "cancel_asked": job.cancel_asked,
        "cancelled_by": job.cancelled_by,
        "attempt": job.attempt,
        "of_schedule": job.of_schedule,
        "result": job.result,
        "error": job.error,
    }


def _schedule_as_json(schedule: Schedule) -> dict[str, Any]:
    return {
        "id": schedule.id,
        "kind": schedule.kind,
        "parameters": schedule.parameters,
        "crontab": schedule.crontab,
        "time_zone": "UTC",
        "set_by": schedule.set_by,
        "enabled": schedule.enabled,
        "last_run": _moment(schedule.last_run),
        "next_run": _moment(schedule.next_run),
    }
