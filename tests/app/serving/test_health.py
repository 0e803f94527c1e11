"""Figures for a monitoring system: that they are right, and who gets them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import update
from starlette.requests import Request

from app.serving.headers import content_security_policy, inline_scripts
from app.serving.health import Health, figures_of
from jobs.kinds import KINDS
from jobs.requests import request_job
from jobs.tables import JOBS
from lake_access.database import open_database, writing
from lake_access.permissions import Actor
from lake_access.settings import load_settings
from tests.lake_access.lakes import shipped_config
from tests.pages import lakes

TOKEN = "a-token-of-some-length"


def health(home: Path, **environment: str) -> Health:
    settings = load_settings({"LEADLAKE_HOME": str(home), **environment})
    return Health(settings, open_database(settings))


def asked(client: str | None, **headers: str) -> Request:
    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "client": (client, 1) if client else None, "headers": raw})


def test_the_figures_are_those_of_the_tables(tmp_path: Path) -> None:
    lake = lakes.fill(tmp_path)
    state = open_database(lake.settings)
    actor = Actor("maria@example.com", frozenset({"admin"}), "oidc")
    for kind, parameters in (("build", {}), ("maintain", {}), ("maintain", {"dry_run": True})):
        request_job(state, KINDS, kind, parameters, actor, lakes.LANDED)
    with writing(state) as connection:
        done = {"state": "succeeded", "finished_at": lakes.LANDED, "error": "secret", "worker": "host-7"}
        connection.execute(update(JOBS).where(JOBS.c.kind == "build").values(done))

    text = figures_of(lake, state).decode()

    jobs = re.findall(r'^leadlake_jobs\{kind="(\w+)",state="(\w+)"\} ([\d.]+)$', text, flags=re.MULTILINE)
    assert set(jobs) == {("build", "succeeded", "1.0"), ("maintain", "queued", "2.0")}
    last = re.search(r'^leadlake_job_succeeded_timestamp_seconds\{kind="build"\} ([\d.e+]+)$', text, flags=re.MULTILINE)
    assert last is not None
    assert float(last[1]) == lakes.LANDED.timestamp()
    for name in ("maria", "secret", "host-7"):
        assert name not in text

    ((events, leads),) = lake.pin().rows(
        "SELECT (SELECT count(*) FROM curated.events), (SELECT count(*) FROM curated.leads)"
    )
    told = dict(re.findall(r'^leadlake_table_rows\{table="([\w.]+)"\} ([\d.]+)$', text, flags=re.MULTILINE))
    assert (float(told["curated.events"]), float(told["curated.leads"])) == (events, leads)
    known = re.search(r"^leadlake_data_known_until_timestamp_seconds ([\d.e+]+)$", text, flags=re.MULTILINE)
    assert known is not None
    assert float(known[1]) == lakes.LANDED.timestamp()
    assert "example.com" not in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize("client", ["127.0.0.1", "::1"])
def test_without_a_token_this_machine_alone_may_look_and_through_no_proxy(tmp_path: Path, client: str) -> None:
    looked_at = health(tmp_path)

    assert looked_at._may_scrape(asked(client))
    assert not looked_at._may_scrape(asked(client, x_forwarded_for="127.0.0.1"))
    assert not looked_at._may_scrape(asked(client, forwarded="for=127.0.0.1"))
    for other in ("192.0.2.1", None, "unix"):
        assert not looked_at._may_scrape(asked(other))


def test_with_a_token_whoever_shows_it_may_and_nobody_else(tmp_path: Path) -> None:
    looked_at = health(tmp_path, LEADLAKE_METRICS_TOKEN=TOKEN)

    assert looked_at._may_scrape(asked("192.0.2.1", authorization=f"Bearer {TOKEN}"))
    for shown in ("", TOKEN, f"Bearer {TOKEN} ", f"bearer {TOKEN}", "Bearer ", "Bearer é"):
        assert not looked_at._may_scrape(asked("127.0.0.1", authorization=shown))
    assert not looked_at._may_scrape(asked("127.0.0.1"))


def test_a_token_stands_in_no_sentence(tmp_path: Path) -> None:
    assert TOKEN not in repr(health(tmp_path, LEADLAKE_METRICS_TOKEN=TOKEN))


def test_metrics_can_be_switched_off(tmp_path: Path) -> None:
    config = tmp_path / "leadlake.toml"
    config.write_text(f"{shipped_config()}\n[access]\nmetrics = false\n", encoding="utf-8")

    off = health(tmp_path, LEADLAKE_CONFIG=str(config))

    assert [route.path for route in off.routes("")] == ["/healthz"]
    assert [route.path for route in health(tmp_path).routes("/x")] == ["/x/healthz", "/x/metrics"]


def test_the_policy_knows_scripts_by_their_hash_alone() -> None:
    hashes = inline_scripts("<script>a()</script><script src='x'></script><script>\n b() </script>")

    assert len(hashes) == 2
    assert "script-src 'self' 'wasm-unsafe-eval' 'sha256-" in content_security_policy(hashes)
    assert "'unsafe-inline'" not in content_security_policy(hashes).split("script-src")[1].split(";")[0]
