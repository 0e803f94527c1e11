"""Each page × role × action of the table, over a home that has all that a page can offer something about."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from streamlit.testing.v1 import AppTest

from app.cli.acting import ACTIONS
from app.navigation import PAGES
from jobs.alert_checks import check_alerts
from jobs.kinds import KINDS
from jobs.promotion_sources import promotion_sources
from jobs.requests import cancel_job, request_job
from jobs.schedules import set_schedule
from lake_access.database import open_database
from lake_access.permissions import ALLOWED, ROLES, Action, Role, local_user
from lake_access.settings import load_settings
from monitoring.alerts.rules import RuleWish, set_rule
from tests.pages import lakes
from tests.pages.conftest import OpenPage
from tests.pages.people import Door
from tests.test_roles_beneath import TAKES
from tests.training.promotion import model_lakes
from training.promotion.deciding import approve, override_gate
from training.promotion.records import request_of
from training.promotion.requesting import request_promotion

OF_ANOTHER = local_user("ada")
LEAD = "the lead that is open"


class Offer(NamedTuple):
    """What a page has for who may: the page, what opens the part of it, the label or key, and the action it takes."""

    file: str
    opens: dict[str, str]
    named: str
    action: Action


OFFERS = [
    Offer("overview.py", {}, "Champion", Action.VIEW_MODELS),
    Offer("conversion.py", {"leads": "All that are counted"}, "All leads as CSV", Action.EXPORT),
    Offer("conversion.py", {"leads": "All that are counted"}, "All leads as Parquet", Action.EXPORT),
    Offer("scores.py", {"scores_view": "Bands"}, "Save", Action.PROPOSE_BANDS),
    Offer("leads.py", {}, "leads_CSV", Action.EXPORT),
    Offer("leads.py", {}, "leads_Parquet", Action.EXPORT),
    Offer("leads.py", {}, "Find a lead by its id", Action.VIEW_LEADS),
    Offer("leads.py", {}, "Find a lead by its id or e-mail", Action.REVEAL_PERSON),
    Offer("leads.py", {"lead": LEAD}, "Forget for good", Action.FORGET_PERSON),
    Offer("leads.py", {"lead": LEAD}, "Work it out", Action.SCORE_OFFLINE),
    Offer("drift.py", {"section": "Weeks"}, "Check now", Action.RUN_DRIFT),
    Offer("drift.py", {"section": "Reports"}, "Make Evidently's report", Action.RUN_DRIFT),
    Offer("models.py", {}, "Retrain", Action.RETRAIN),
    Offer("models.py", {}, "Compare on the newest leads", Action.RETRAIN),
    Offer("models.py", {}, "Roll back", Action.ROLL_BACK),
    Offer("models.py", {"version": "1"}, "Request", Action.REQUEST_PROMOTION),
    Offer("approvals.py", {}, "Approve", Action.DECIDE_PROMOTION),
    Offer("approvals.py", {}, "Reject", Action.DECIDE_PROMOTION),
    Offer("approvals.py", {}, "Override", Action.OVERRIDE_GATE),
    Offer("alerts.py", {}, "Acknowledge", Action.MANAGE_ALERTS),
    Offer("alerts.py", {}, "Mute", Action.MANAGE_ALERTS),
    Offer("alerts.py", {}, "Save the rule", Action.MANAGE_ALERTS),
    Offer("alerts.py", {}, "Check now", Action.MANAGE_ALERTS),
    Offer("explore.py", {}, "Run", Action.EXPLORE_SQL),
    Offer("explore.py", {}, "Save under this name", Action.EXPLORE_SQL),
    Offer("jobs.py", {}, "request_job", Action.VIEW_JOBS),
    Offer("jobs.py", {}, "cancel_2", Action.CANCEL_ANY_JOB),
    Offer("jobs.py", {}, "set_schedule", Action.MANAGE_SCHEDULES),
    Offer("jobs.py", {}, "pause_1", Action.MANAGE_SCHEDULES),
    Offer("jobs.py", {}, "remove_1", Action.MANAGE_SCHEDULES),
    *(Offer("jobs.py", {}, kind.title, kind.action) for kind in KINDS.values()),
]
# The view that a link opens, once for all that it offers.
VIEWS = [*dict.fromkeys((offer.file, tuple(offer.opens.items())) for offer in OFFERS)]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A champion with one before it, a request, an open alert, a job of somebody else, one that ended, a schedule."""
    home = tmp_path_factory.mktemp("everything")
    model_lakes.filled(home)
    now, settings = datetime.now(UTC), load_settings({"LEADLAKE_HOME": str(home)})
    engine = open_database(settings)
    sources = promotion_sources(settings, OF_ANOTHER, now)
    for gate in request_of(engine, 1).failed:
        override_gate(engine, OF_ANOTHER, 1, gate.gate, "It is a test.", now)
    approve(engine, sources, OF_ANOTHER, 1, "So that there is one to go back to.", now)
    request_promotion(engine, sources, model_lakes.ANA, "1", "It was better.", now)
    set_rule(engine, OF_ANOTHER, RuleWish("stale", "freshness_hours", "above", 36, channels=()), (), now)
    check_alerts(engine, settings, OF_ANOTHER, now)
    cancel_job(engine, request_job(engine, KINDS, "build", {}, OF_ANOTHER, now).id, OF_ANOTHER, now)
    assert request_job(engine, KINDS, "maintain", {}, OF_ANOTHER, now).id == 2
    assert set_schedule(engine, KINDS, "maintain", {}, "30 2 * * *", OF_ANOTHER, now).id == 1
    yield home
    engine.dispose()


def offered(page: AppTest) -> set[str]:
    """Labels and keys of all that a reader can use, and what the lists of kinds of jobs and the headings say."""
    found: list[Any] = [*page.button, *page.text_input, *page.get("download_button")]
    kinds = [select.options for select in page.selectbox if select.key == "request_kind"]
    said = {str(getattr(one, part, None) or one.proto.id) for one in found for part in ("label", "key")}
    ids = {one.proto.id for one in page.get("download_button")}
    keys = {key for key in ("leads_CSV", "leads_Parquet") if any(named.endswith(f"-{key}") for named in ids)}
    return said | keys | {heading.value for heading in page.subheader} | {title for titles in kinds for title in titles}


@pytest.mark.slow
@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(
    ("file", "opens"),
    VIEWS,
    ids=[" ".join([file, *(f"{name} {value}" for name, value in opens)]) for file, opens in VIEWS],
)
def test_a_page_offers_what_the_table_says_and_nothing_else(
    open_page: OpenPage,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    file: str,
    opens: tuple[tuple[str, str], ...],
    role: Role,
) -> None:
    ((lead,),) = (
        lakes.opened(home).pin().rows("SELECT min(lead_id::VARCHAR) FROM curated.scores WHERE model_version = '1'")
    )
    Door(monkeypatch, tmp_path).lets_in(role)
    (needed,) = [entry.action for entry in PAGES if entry.file == file]

    page = open_page(home, file, **{name: lead if value is LEAD else value for name, value in opens})

    assert not page.exception
    assert not page.error
    found = offered(page)
    for offer in OFFERS:
        if (offer.file, tuple(offer.opens.items())) == (file, opens):
            shown = role in ALLOWED[needed] and role in ALLOWED[offer.action]
            if offer.named == "Find a lead by its id":
                shown = shown and role not in ALLOWED[Action.REVEAL_PERSON]
            assert (offer.named in found) == shown, (offer, sorted(found))


# Tried elsewhere: what only reads asks in its page or route, which tests/pages and tests/app/serving try.
ONLY_READ = {Action.VIEW_DASHBOARDS, Action.VIEW_MODELS}


def test_every_action_of_the_table_is_asked_for_by_a_function_a_job_or_a_command() -> None:
    asked = {*TAKES.values(), *(kind.action for kind in KINDS.values()), *ACTIONS.values()}
    beneath = {*TAKES.values(), *(kind.action for kind in KINDS.values())}

    # A function that takes VIEW_JOBS first asks for it, which tests/jobs/test_requests.py tries.
    within = {Action.CANCEL_ANY_JOB}
    assert set(Action) - asked == within
    assert set(Action) - beneath == ONLY_READ | within | {Action.VIEW_LEDGER}
