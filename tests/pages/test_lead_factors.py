"""What moved a lead's score, asked for on its page and worked out by the process of a job."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update
from streamlit.testing.v1 import AppTest

from app.lead_views.factors import MOST_EACH_WAY, factors_frame, note_on, strongest
from jobs.kinds import KINDS
from jobs.lead_factors import newest_factors
from jobs.requests import request_job
from jobs.running import finish, take_next, this_worker
from lake_access.building.build import build
from lake_access.database import open_database, writing
from lake_access.iceberg.tables import IDENTITIES
from lake_access.permissions import Actor, Role, local_user
from lake_access.settings import Settings, load_settings
from tests.lake_access.lakes import read_table
from tests.pages import lakes
from tests.pages.conftest import OpenPage
from tests.training.promotion import model_lakes
from training.retraining import retrain
from training.version_records import VERSIONS

ROOT = Path(__file__).parents[2]
FOUND = {
    "version": "2",
    "score": 41,
    "scored_at": "2026-02-01T10:00:00+00:00",
    "mode": "online",
    "model_score": 41,
    "base": -1.5,
    "factors": [{"feature": f"f{n}", "contribution": 0.1 * n, "value": None} for n in range(9, -9, -1)],
}


def test_the_strongest_factors_stand_from_up_to_down_and_the_others_are_counted() -> None:
    frame = factors_frame(FOUND)

    shown = strongest(frame)

    assert list(shown["feature"]) == ["f9", "f8", "f7", "f6", "f5", "f4", "f-3", "f-4", "f-5", "f-6", "f-7", "f-8"]
    assert len(shown) == 2 * MOST_EACH_WAY
    assert set(frame["value"]) == {"missing"}
    assert "6 more features" in note_on(FOUND, len(frame) - len(shown))


def test_a_score_that_the_registered_model_does_not_give_is_said_to_be_another_s() -> None:
    assert "not the score on record" not in note_on(FOUND, 0)
    assert "The registered model gives 63" in note_on({**FOUND, "model_score": 63}, 0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two registered versions, both of which scored leads."""
    home = tmp_path_factory.mktemp("factors")
    model_lakes.begun(home)
    retrain(settings_of(home), model_lakes.ANA, {"algorithm": "gradient_boosting", "seed": 0}, model_lakes.NOW)
    return home


@pytest.fixture
def state(home: Path) -> Iterator[Engine]:
    engine = open_database(settings_of(home))
    yield engine
    engine.dispose()


@pytest.fixture
def by_analyst(monkeypatch: pytest.MonkeyPatch) -> None:
    acting_as(monkeypatch, "analyst")


def acting_as(monkeypatch: pytest.MonkeyPatch, role: Role) -> None:
    for module in ("app.acting", "app.model_views.actions"):
        monkeypatch.setattr(f"{module}.acting", lambda: Actor("ana", frozenset({role}), "oidc"))


def settings_of(home: Path) -> Settings:
    return load_settings({"LEADLAKE_HOME": str(home)})


def leads_scored_by(home: Path, versions: str) -> list[str]:
    """The leads that these versions (`1,2`), and no others, scored."""
    found = lakes.opened(home).pin().rows(
        "SELECT lead_id::VARCHAR FROM curated.scores GROUP BY 1 "
        "HAVING string_agg(DISTINCT model_version, ',' ORDER BY model_version) = $versions ORDER BY 1",
        {"versions": versions},
    )  # fmt: skip
    return [lead for (lead,) in found]


def buttons(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def headings(page: AppTest) -> list[str]:
    assert not page.exception
    assert not page.error
    return [each.value for each in page.subheader]


def work_out(home: Path, state: Engine) -> None:
    """Do the job that waits, in a process of its own as the worker does."""
    taken = take_next(state, this_worker(), datetime.now(UTC))
    assert taken is not None
    assert taken.kind == "lead_factors"
    environment = {**os.environ, "LEADLAKE_HOME": str(home)}
    command = [sys.executable, "-m", "jobs.child", str(taken.id), str(this_worker())]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE) as child:
        child.wait(120)


@pytest.mark.slow
def test_a_viewer_is_not_offered_to_have_factors_worked_out(
    open_page: OpenPage, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acting_as(monkeypatch, "viewer")
    page = open_page(home, "leads.py", lead=leads_scored_by(home, "1")[0])

    assert "What moved the score" not in headings(page)


@pytest.mark.slow
@pytest.mark.usefixtures("by_analyst")
def test_a_reader_has_the_factors_worked_out_and_again_once_a_newer_score_came(
    open_page: OpenPage, home: Path, state: Engine
) -> None:
    lead = leads_scored_by(home, "1")[0]
    page = open_page(home, "leads.py", lead=lead)
    next(button for button in page.button if button.label == "Work it out").click().run()
    assert not page.exception
    assert "Work it out" not in buttons(page)

    work_out(home, state)
    told = newest_factors(state, local_user("ana"), lead, "1")
    assert told is not None
    assert told.state == "succeeded", told.error
    page = open_page(home, "leads.py", lead=lead)
    assert "What moved the score" in headings(page)
    assert any("Shapley values" in each.value for each in page.caption)
    assert "Work it out" not in buttons(page)

    lake = lakes.opened(home)
    known = next(row for row in read_table(lake, IDENTITIES) if str(row["lead_id"]) == lead)
    at = model_lakes.NOW - timedelta(hours=1)
    newer = {
        "event_type": "score",
        known["kind"]: known["identity"],
        "model_version": "1",
        "score": 97,
        "timestamp": at.isoformat(),
    }
    lakes.land_events(lake, "scores", [newer], model_lakes.NOW)
    build(lake, model_lakes.NOW)
    page = open_page(home, "leads.py", lead=lead)
    assert "What moved the score" in headings(page)
    assert not any("Shapley values" in each.value for each in page.caption)
    assert "How far each feature moved the score of 97 by version 1, up or down." in [c.value for c in page.caption]
    assert "Work it out" in buttons(page)


@pytest.mark.slow
@pytest.mark.usefixtures("by_analyst")
def test_of_two_registered_versions_the_reader_chooses_one(open_page: OpenPage, home: Path) -> None:
    page = open_page(home, "leads.py", lead=leads_scored_by(home, "1,2")[0])
    headings(page)

    choice = page.selectbox(key="factors_version")
    assert sorted(choice.options) == ["1", "2"]
    for version in ("1", "2"):
        page.selectbox(key="factors_version").set_value(version).run()
        assert any(f"by version {version}, up or down." in each.value for each in page.caption)


@pytest.mark.slow
@pytest.mark.usefixtures("by_analyst")
def test_why_a_job_failed_is_told_as_text_and_it_can_be_asked_again(
    open_page: OpenPage, home: Path, state: Engine
) -> None:
    lead, error = leads_scored_by(home, "1")[1], "Its model is <b>not</b> the [one](http://x) of then."
    asked = request_job(
        state, KINDS, "lead_factors", {"lead_id": lead, "version": "1"}, local_user("ana"), datetime.now(UTC)
    )
    taken = take_next(state, this_worker(), datetime.now(UTC))
    assert taken is not None
    assert taken.id == asked.id
    assert finish(state, taken.id, str(this_worker()), "failed", datetime.now(UTC), error=error)

    page = open_page(home, "leads.py", lead=lead)

    assert "What moved the score" in headings(page)
    assert f"It could not be worked out: {error}" in [each.value for each in page.text]
    assert not any("http://x" in each.value for each in (*page.markdown, *page.caption))
    assert "Work it out" in buttons(page)


@pytest.mark.slow
@pytest.mark.usefixtures("by_analyst")
def test_a_lead_s_page_is_drawn_though_a_version_s_record_was_changed(
    open_page: OpenPage, home: Path, state: Engine
) -> None:
    lead, first = leads_scored_by(home, "1")[2], VERSIONS.c.version == 1
    with writing(state) as connection:
        record = connection.execute(select(VERSIONS.c.document).where(first)).scalar_one()
        connection.execute(update(VERSIONS).where(first).values(document=record.replace('"seed":0', '"seed":1')))
    page = open_page(home, "leads.py", lead=lead)
    with writing(state) as connection:
        connection.execute(update(VERSIONS).where(first).values(document=record))

    assert "What moved the score" in headings(page)
    (told,) = [each.value for each in page.text if each.value.startswith("It cannot be told")]
    assert "model 1: its record in the database is not the one" in told
    assert "Work it out" not in buttons(page)
    assert "Timeline" in headings(page)
