from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from jobs.requests import cancel_job, list_jobs
from lake_access.database import open_database
from lake_access.permissions import Actor, Role, RowLimits, local_user
from lake_access.settings import load_settings
from tests.pages.conftest import OpenPage
from tests.training.promotion import model_lakes

ROOT = Path(__file__).parents[2]
ActingAs = Callable[..., None]


@pytest.fixture(scope="module")
def models_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("models")
    model_lakes.filled(home)
    return home


@pytest.fixture
def acting_as(monkeypatch: pytest.MonkeyPatch) -> ActingAs:
    """Have the pages read by somebody else."""

    def act(role: Role, name: str = "egon", limits: RowLimits | None = None) -> None:
        actor = Actor(name, frozenset({role}), "oidc", limits)
        for module in ("app.acting", "app.model_views.actions"):
            monkeypatch.setattr(f"{module}.acting", lambda: actor)

    return act


def at(page: AppTest, file: str) -> AppTest:
    return page.switch_page(str(ROOT / "pages" / file)).run()


def shown(page: AppTest) -> str:
    tables = [frame.value.to_string() for frame in page.dataframe]
    texts = [each.value for each in (*page.text, *page.markdown, *page.caption, *page.subheader, *page.info)]
    return "\n".join([*texts, *tables])


def buttons(page: AppTest) -> set[str]:
    return {button.label for button in page.button}


def test_without_a_model_both_pages_say_so(open_page: OpenPage, calls_home: Path) -> None:
    models = at(open_page(calls_home), "models.py")
    assert not models.exception
    assert "No model has been trained yet." in shown(models)
    approvals = at(open_page(calls_home), "approvals.py")
    assert not approvals.exception
    assert "No request waits for a decision." in shown(approvals)


def test_pages_of_models_import_neither_mlflow_nor_scikit_learn() -> None:
    program = (
        "import sys, app.model_views.view, app.model_views.actions, training.registry, training.promotion.deciding,"
        "training.comparison.kept, training.promotion.requesting, jobs.promotion_sources;"
        "print([name for name in ('mlflow', 'sklearn', 'skops', 'shap', 'scipy', 'evidently') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"


@pytest.mark.slow
def test_models_shows_the_champion_its_versions_and_the_comparison(open_page: OpenPage, models_home: Path) -> None:
    page = at(open_page(models_home), "models.py")

    assert not page.exception
    text = shown(page)
    assert "Champion: version 1" in text
    assert list(page.dataframe[0].value["Version"]) == ["2", "1"]
    assert {metric.label for metric in page.metric} >= {"ROC AUC", "Brier score", "Calibration error"}
    assert "Differences are version 2 less version 1" in text
    assert "Metrics on the same leads" in text
    months = next(frame.value for frame in page.dataframe if "Month" in frame.value)
    assert len(months) >= 2
    sources = next(frame.value for frame in page.dataframe if {"Source", "Converted"} <= set(frame.value))
    assert months["Leads"].sum() == sources["Leads"].sum()
    assert re.search(r"Leads left out\n[\d,]+ immature", text)
    assert re.search(r"Snapshot of features.lead_features\n\d+", text)
    assert re.search(r"Model file\n\S+, SHA-256 [0-9a-f]{64}\n", text)  # whole, and as text
    formats = [json.loads(frame.proto.columns) for frame in page.dataframe if "Month" in frame.value]
    assert [formats[0][name]["type_config"]["format"] for name in ("Leads", "ROC AUC")] == ["%,d", "%,.3f"]
    assert "Empty where all are of one outcome." in text
    assert {"Retrain", "Compare on the newest leads"} <= buttons(page)


@pytest.mark.slow
def test_the_notes_of_a_card_are_drawn_as_text_where_it_has_any(open_page: OpenPage, models_home: Path) -> None:
    page = at(open_page(models_home), "models.py")

    assert page.selectbox(key="version").value == "2"
    assert [each.value for each in page.text].count(model_lakes.NOTE) == 1
    assert not any(model_lakes.NOTE in each.value for each in (*page.markdown, *page.caption, *page.info))
    page.selectbox(key="version").select("1").run()
    assert not page.exception
    assert model_lakes.NOTE not in shown(page)


@pytest.mark.parametrize(
    ("file", "menu", "says"),
    [
        ("models.py", "versions", "From the registry of models"),
        ("models.py", "card_sources", "From the card that training kept"),
        ("models.py", "compared_sources", "From the comparison that a job made"),
        ("approvals.py", "gaps_1", "frozen with the request"),
    ],
)
def test_a_card_of_a_model_says_where_it_is_kept_and_is_downloaded(
    open_page: OpenPage, models_home: Path, file: str, menu: str, says: str
) -> None:
    page = open_page(models_home, file, menu=menu)

    assert not page.exception
    assert says in shown(page)
    assert not page.code
    assert {each.label for each in page.download_button} >= {"CSV", "Parquet"}


@pytest.mark.slow
def test_a_viewer_is_offered_neither_retraining_nor_requests(
    open_page: OpenPage, models_home: Path, acting_as: ActingAs
) -> None:
    acting_as("viewer")

    page = at(open_page(models_home), "models.py")

    assert not page.exception
    assert {"Retrain", "Request", "Compare on the newest leads", "Roll back"}.isdisjoint(buttons(page))


@pytest.mark.slow
def test_an_engineer_sees_gates_impact_and_the_gap_and_decides(
    open_page: OpenPage, models_home: Path, acting_as: ActingAs
) -> None:
    acting_as("ml_engineer")

    page = at(open_page(models_home), "approvals.py")

    assert not page.exception
    text = shown(page)
    assert "Request 1: version 2 in place of 1" in text
    assert "It sees <b>more</b> [x](http://x)." in {each.value.split(": ", 1)[-1] for each in page.text}
    assert "From validation to today" in text
    assert "Leads that move most" in text
    assert {"Approve", "Reject", "Override"} <= buttons(page)
    assert next(button for button in page.button if button.label == "Approve").disabled
    assert "[x](http" not in json.dumps([each.value for each in page.markdown])


@pytest.mark.slow
def test_who_asked_may_withdraw_and_not_decide(open_page: OpenPage, models_home: Path, acting_as: ActingAs) -> None:
    acting_as("ml_engineer", "ana")

    page = at(open_page(models_home), "approvals.py")

    assert "Withdraw the request" in buttons(page)
    assert {"Approve", "Reject", "Override"}.isdisjoint(buttons(page))


@pytest.mark.slow
def test_who_may_see_some_leads_only_sees_no_single_ones(
    open_page: OpenPage, models_home: Path, acting_as: ActingAs
) -> None:
    acting_as("viewer", limits=RowLimits(sources=("online",)))

    page = at(open_page(models_home), "approvals.py")

    assert not page.exception
    assert "Leads that move most" not in shown(page)


@pytest.mark.slow
def test_a_reason_that_is_missing_is_told_and_nothing_changes(
    open_page: OpenPage, models_home: Path, acting_as: ActingAs
) -> None:
    acting_as("ml_engineer")
    page = at(open_page(models_home), "approvals.py")

    next(button for button in page.button if button.label == "Reject").click()
    page.run()

    assert "A reason is needed" in shown(page)
    assert "Request 1: version 2 in place of 1" in shown(page)


@pytest.mark.slow
def test_a_retrain_is_a_job_that_is_shown_at_once(open_page: OpenPage, models_home: Path, acting_as: ActingAs) -> None:
    acting_as("analyst", "ana")
    page = at(open_page(models_home), "models.py")

    next(button for button in page.button if button.label == "Retrain").click()
    page.run()

    assert not page.exception
    assert "Waits for a free place in the worker." in shown(page)
    engine = open_database(load_settings({"LEADLAKE_HOME": str(models_home)}))
    (job,) = list_jobs(engine, local_user("root"), states=["queued"])
    assert (job.kind, job.requested_by, job.actor.via) == ("train", "ana", "oidc")
    assert job.parameters == {"algorithm": "logistic_regression", "seed": 0}
    cancel_job(engine, job.id, local_user("root"), datetime.now(UTC))
    page.run()
    assert "Retrain**: cancelled" in shown(page)
    next(button for button in page.button if button.label == "Put away").click()
    page.run()
    assert "Retrain**: cancelled" not in shown(page)
