"""Models of a company: registry, jobs and promotion in PostgreSQL, models on S3, homes that share nothing else."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from jobs.job import Job
from jobs.kinds import KINDS
from jobs.promotion_sources import promotion_sources
from jobs.requests import request_job
from jobs.supervision import ROOT, environment_of
from lake_access.database import open_database
from lake_access.errors import ModelRefusedError, NotAllowedError
from lake_access.ledger import entries, verify
from lake_access.permissions import Actor
from lake_access.settings import Settings, load_settings
from lake_access.storage import open_store
from tests.jobs.trial import end_worker, wait_until
from tests.lake_access.postgres_server import programs, running_postgres
from tests.lake_access.s3_server import S3Server
from tests.training.promotion import model_lakes
from training.examination import examine_models
from training.promotion.deciding import approve, override_gate
from training.promotion.moving import roll_back
from training.promotion.records import request_of
from training.registry import champion_alias, load_model, versions

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(programs() is None, reason="PostgreSQL's server programs are not installed"),
]

ANALYST = Actor("anton", frozenset({"analyst"}), "oidc")
ENGINEER = Actor("mia", frozenset({"ml_engineer"}), "oidc")
SECONDS = 240


@dataclass(frozen=True)
class Company:
    """Where its lake and its state are, and the folder of its homes."""

    folder: Path
    lake: str
    database: str
    s3: S3Server

    def settings(self, home: str) -> Settings:
        given = {"HOME": str(self.folder / home), "LAKE": self.lake, "DATABASE": self.database}
        return load_settings({f"LEADLAKE_{name}": value for name, value in given.items()})


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """A demo lake with version 1 as its champion, filled from one home; and a worker in another."""
    binaries = programs()
    assert binaries is not None
    server = S3Server()
    with running_postgres(binaries) as postgres, pytest.MonkeyPatch.context() as environment:
        for name, value in server.environment.items():
            environment.setenv(name, value)
        lake = f"s3://{server.make_bucket('models-of-a-company')}/lake"
        database = postgres.make_database(f"models-{uuid.uuid4()}")
        company = Company(tmp_path_factory.mktemp("company"), lake, database, server)
        model_lakes.begun(company.folder / "filler", lake=lake, database=company.database)
        worker = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "worker"],
            cwd=ROOT,
            env=environment_of(company.settings("worker")),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        yield company
        end_worker(worker)
    server.stop()


@pytest.fixture(scope="module")
def settings(company: Company) -> Settings:
    """Those of somebody at the page: a home that is neither the filler's nor the worker's."""
    return company.settings("page")


@pytest.fixture(scope="module")
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_database(settings)
    yield engine
    engine.dispose()


def done(engine: Engine, kind: str, **parameters: object) -> Job:
    job = request_job(engine, KINDS, kind, parameters, ANALYST, datetime.now(UTC))
    ended = wait_until(engine, job, lambda job: not job.is_active, SECONDS)
    assert ended.state == "succeeded", ended.error
    return ended


def test_a_worker_elsewhere_trains_a_version_whose_files_lie_on_s3(settings: Settings, engine: Engine) -> None:
    job = done(engine, "train", algorithm="gradient_boosting")

    assert job.result is not None
    assert job.result["version"] == "2"
    newest = versions(settings)[0]
    assert (newest.version, newest.created_by) == ("2", "anton")
    assert open_store(settings).address(newest.artifact).startswith("s3://")
    assert load_model(settings, "2").algorithm == "gradient_boosting"


def test_it_is_requested_approved_by_another_and_rolled_back(settings: Settings, engine: Engine) -> None:
    now = datetime.now(UTC)
    done(engine, "request_promotion", version="2", reason="It ranks better.")
    waiting = request_of(engine, 1)
    passed = {gate.gate: gate.passed for gate in waiting.gates}
    assert {passed[gate] for gate in ("artifact_loads", "fallback_loads", "reproduces", "drift_report")} == {True}
    sources, made_engineer = promotion_sources(settings, ENGINEER, now), Actor("anton", ENGINEER.roles, "oidc")
    with pytest.raises(NotAllowedError, match="another person must"):
        approve(engine, sources, made_engineer, 1, "Mine.", now)
    for gate in waiting.failed:
        override_gate(engine, ENGINEER, 1, gate.gate, "Few leads.", now)

    assert approve(engine, sources, ENGINEER, 1, "Go.", now).version == "2"
    assert champion_alias(settings) == "2"

    assert roll_back(engine, sources.registry, ENGINEER, "Odd scores.", now).version == "1"
    assert champion_alias(settings) == "1"


def test_the_ledger_holds_each_step_and_doctor_finds_all_whole(settings: Settings, engine: Engine) -> None:
    steps = [(entry.event, entry.actor) for entry in entries(engine) if entry.event.startswith(("promotion", "model."))]
    assert [step for step in steps if step[0] not in ("promotion.gate_overridden", "model.reproduced")] == [
        ("model.registered", "ana"),
        ("promotion.first", "ana"),
        ("model.registered", "anton"),
        ("promotion.requested", "anton"),
        ("promotion.approved", "mia"),
        ("promotion.rolled_back", "mia"),
    ]
    assert verify(engine).valid
    found = {finding.subject: (finding.verdict, finding.detail) for finding in examine_models(settings)}
    assert {verdict for verdict, _ in found.values()} == {"ok"}, found


def test_a_pickle_laid_over_a_model_on_s3_is_named_and_not_loaded(settings: Settings, company: Company) -> None:
    key = versions(settings)[0].artifact
    bucket, _, prefix = company.lake.removeprefix("s3://").partition("/")
    company.s3.client().put_object(Bucket=bucket, Key=f"{prefix}/{key}", Body=b"\x80\x04N.")

    with pytest.raises(ModelRefusedError, match="a pickle stands in its place"):
        load_model(settings, "2")
    found = {finding.subject: finding for finding in examine_models(settings)}
    assert found["model files"].verdict == "failure"
    assert key in found["model files"].detail
