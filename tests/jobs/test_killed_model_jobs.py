"""Jobs about models whose process is killed: what is left is as the ledger says, and the job tells what happened."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from jobs.job import Job
from jobs.kinds import KINDS
from jobs.requests import request_job, run_again
from jobs.supervision import environment_of
from lake_access.database import open_database
from lake_access.ledger import entries, verify
from lake_access.settings import Settings, load_settings
from tests.jobs.dying_kinds import DIE_AT
from tests.jobs.trial import ROOT, ROOT_USER, end_worker, wait_until
from tests.training.promotion import model_lakes
from training.promotion.records import champion, requests
from training.registry import REGISTRATION_STEPS, champion_alias, mirror_differences, versions
from training.retraining import retrain

pytestmark = pytest.mark.slow

SECONDS = 180
RECORDED = "Finishing the run"  # what comes before it leaves no version


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A lake with a champion, and a worker whose jobs die where they are told to."""
    home = tmp_path_factory.mktemp("killed") / "home"
    model_lakes.begun(home)
    settings = load_settings({"LEADLAKE_HOME": str(home)})
    worker = subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.dying_kinds"],
        cwd=ROOT,
        env=environment_of(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    yield settings
    end_worker(worker)


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Engine:
    return open_database(settings)


def killed_at(settings: Settings, engine: Engine, step: str, kind: str, **parameters: object) -> Job:
    """The job of this kind after its process was killed as it began the step."""
    Path(settings.home, DIE_AT).write_text(step, encoding="utf-8")
    try:
        job = request_job(engine, KINDS, kind, parameters, ROOT_USER, datetime.now(UTC))
        return wait_until(engine, job, lambda job: not job.is_active, SECONDS)
    finally:
        Path(settings.home, DIE_AT).unlink()


def says_that_it_was_killed(job: Job, step: str) -> bool:
    return job.state == "failed" and job.step == step and "was killed" in (job.error or "")


def one_champion_as_the_ledger_says(settings: Settings, engine: Engine) -> str:
    live = champion(engine)
    assert live is not None
    (first,) = entries(engine, event="promotion.first")
    assert (live.version, live.tenure.ledger_row) == (first.details["version"], first.number)
    assert champion_alias(settings) == live.version
    assert verify(engine).valid
    return live.version


@pytest.mark.parametrize("step", ["Reading the leads", "Fitting", *REGISTRATION_STEPS])
def test_a_training_killed_at_any_step_leaves_no_version_or_a_whole_one(
    settings: Settings, engine: Engine, step: str
) -> None:
    before = {told.version for told in versions(settings)}

    job = killed_at(settings, engine, step, "train", algorithm="logistic_regression")

    assert says_that_it_was_killed(job, step), job
    new = {told.version for told in versions(settings)} - before
    assert len(new) == (step == RECORDED)
    registered = {entry.subject for entry in entries(engine, event="model.registered")}
    assert registered == {f"model {told.version}" for told in versions(settings)}
    assert one_champion_as_the_ledger_says(settings, engine) == "1"


def test_what_was_killed_is_run_again_and_mlflow_agrees(settings: Settings, engine: Engine) -> None:
    before = len(versions(settings))
    job = killed_at(settings, engine, "Registering with MLflow", "train", algorithm="logistic_regression")

    again = run_again(engine, KINDS, job.id, ROOT_USER, datetime.now(UTC))
    done = wait_until(engine, again, lambda job: not job.is_active, SECONDS)

    assert (done.state, done.attempt) == ("succeeded", 2), done.error
    assert len(versions(settings)) == before + 1
    assert mirror_differences(settings) == []


@pytest.mark.parametrize(
    "step", ["Looking for a drift report", "Evidently at work", "Making the version again", "Measuring both versions"]
)
def test_a_request_killed_at_any_step_is_not_there(settings: Settings, engine: Engine, step: str) -> None:
    version = _second(settings)

    job = killed_at(settings, engine, step, "request_promotion", version=version, reason="It sees more.")

    assert says_that_it_was_killed(job, step), job
    assert requests(engine) == ()
    assert entries(engine, event="promotion.requested") == []
    assert one_champion_as_the_ledger_says(settings, engine) == "1"


def test_and_requested_again_it_waits_with_its_drift_report(settings: Settings, engine: Engine) -> None:
    asked = {"version": _second(settings), "reason": "It sees more."}
    job = request_job(engine, KINDS, "request_promotion", asked, ROOT_USER, datetime.now(UTC))

    done = wait_until(engine, job, lambda job: not job.is_active, SECONDS)

    assert done.state == "succeeded", done.error
    (waiting,) = requests(engine, "requested")
    assert waiting.bound.drift_report is not None
    assert {gate.gate: gate.passed for gate in waiting.gates}["drift_report"]
    assert entries(engine, event="promotion.requested")[0].via == "local"


def _second(settings: Settings) -> str:
    found = sorted(int(told.version) for told in versions(settings))
    if len(found) == 1:
        retrain(settings, ROOT_USER, {"algorithm": "gradient_boosting"}, datetime.now(UTC))
        return _second(settings)
    return str(found[1])
