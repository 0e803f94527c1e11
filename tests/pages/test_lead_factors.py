"""What moved a lead's score, asked for on its page and worked out by the process of a job."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import app.acting
from app.lead_factors import MOST_EACH_WAY, factors_frame, note_on, strongest
from jobs.lead_factors import newest_factors
from jobs.running import take_next, this_worker
from lake_access.database import open_database
from lake_access.permissions import Actor, local_user
from lake_access.settings import load_settings
from tests.pages import lakes
from tests.pages.conftest import OpenPage
from tests.training.promotion import model_lakes

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
def one_model_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("factors")
    model_lakes.begun(home)
    return home


@pytest.mark.slow
def test_a_reader_has_the_factors_worked_out_and_sees_them(
    open_page: OpenPage, one_model_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((lead,),) = (
        lakes.opened(one_model_home)
        .pin()
        .rows("SELECT min(lead_id::VARCHAR) FROM curated.scores WHERE model_version = '1'")
    )
    engine = open_database(load_settings({"LEADLAKE_HOME": str(one_model_home)}))
    monkeypatch.setattr(app.acting, "acting", lambda: Actor("egon", frozenset({"viewer"}), "oidc"))
    page = open_page(one_model_home, "leads.py", lead=lead)
    assert "What moved the score" not in [each.value for each in page.subheader]

    monkeypatch.setattr(app.acting, "acting", lambda: Actor("ana", frozenset({"analyst"}), "oidc"))
    page = open_page(one_model_home, "leads.py", lead=lead)
    next(button for button in page.button if button.label == "Work it out").click().run()
    assert not page.exception
    assert "Work it out" not in [button.label for button in page.button]

    taken = take_next(engine, this_worker(), datetime.now(UTC))
    assert taken is not None
    assert taken.kind == "lead_factors"
    environment = {**os.environ, "LEADLAKE_HOME": str(one_model_home)}
    command = [sys.executable, "-m", "jobs.child", str(taken.id), str(this_worker())]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE) as child:
        child.wait(120)
    told = newest_factors(engine, local_user("ana"), lead, "1")
    assert told is not None
    assert told.state == "succeeded", told.error

    page = open_page(one_model_home, "leads.py", lead=lead)
    assert not page.exception
    assert "What moved the score" in [each.value for each in page.subheader]
    assert any("Shapley values" in each.value for each in page.caption)
    assert "Work it out" not in [button.label for button in page.button]
