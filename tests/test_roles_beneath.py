"""Every function that takes `actor`, found by inspection: each refuses the roles that lack its action, before all else.

Whoever adds such a function is made to say here which action it takes, or why it takes none.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import pytest

from jobs.kinds import KINDS
from jobs.requests import cancel_job, list_jobs, request_job, run_again
from jobs.schedules import list_schedules, set_schedule
from lake_access.database import open_database
from lake_access.errors import NotAllowedError
from lake_access.permissions import ALLOWED, ROLES, Action, Actor, Role, RowLimits
from lake_access.settings import load_settings
from tests.lake_access.lakes import NOW

ROOT = Path(__file__).parent.parent
PACKAGES = ("lake_access", "training", "monitoring", "jobs", "app")

TAKES: Mapping[str, Action] = {
    "jobs.alert_checks.check_alerts": Action.MANAGE_ALERTS,
    "jobs.demo_models.make_demo_models": Action.MAINTAIN,
    "jobs.digest_sending.send_digest": Action.MANAGE_ALERTS,
    "jobs.kinds.forget.request_forgetting": Action.FORGET_PERSON,
    "jobs.promoting.request_with_evidence": Action.REQUEST_PROMOTION,
    "monitoring.alerts.board.board": Action.VIEW_LAKE,
    "monitoring.alerts.channels.try_channel": Action.MANAGE_ALERTS,
    "monitoring.alerts.outbox.send_again": Action.MANAGE_ALERTS,
    "monitoring.alerts.records.acknowledge": Action.MANAGE_ALERTS,
    "monitoring.alerts.rules.mute_rule": Action.MANAGE_ALERTS,
    "monitoring.alerts.rules.remove_rule": Action.MANAGE_ALERTS,
    "monitoring.alerts.rules.set_rule": Action.MANAGE_ALERTS,
    "monitoring.drift.checking.check_drift": Action.RUN_DRIFT,
    "monitoring.drift_checks.keep_check": Action.RUN_DRIFT,
    "app.explore_views.session.export": Action.EXPORT,
    "jobs.lead_factors.newest_factors": Action.VIEW_JOBS,
    "jobs.requests.cancel_job": Action.VIEW_JOBS,
    "jobs.requests.list_jobs": Action.VIEW_JOBS,
    "jobs.requests.read_job": Action.VIEW_JOBS,
    "jobs.requests.read_log": Action.VIEW_JOBS,
    "jobs.schedules.enable_schedule": Action.MANAGE_SCHEDULES,
    "jobs.schedules.list_schedules": Action.VIEW_JOBS,
    "jobs.schedules.remove_schedule": Action.MANAGE_SCHEDULES,
    "jobs.schedules.set_schedule": Action.MANAGE_SCHEDULES,
    "lake_access.band_proposals.propose_bands": Action.PROPOSE_BANDS,
    "lake_access.forgetting.forget.forget": Action.FORGET_PERSON,
    "lake_access.lake_state.builds": Action.VIEW_LAKE,
    "lake_access.lake_state.lines_by_day": Action.VIEW_LAKE,
    "lake_access.lake_state.newest_batches": Action.VIEW_LAKE,
    "lake_access.lake_state.refused_by_reason": Action.VIEW_LAKE,
    "lake_access.lake_state.snapshots": Action.VIEW_LAKE,
    "lake_access.lake_state.table_states": Action.VIEW_LAKE,
    "lake_access.lead_list.export_leads": Action.EXPORT,
    "lake_access.lead_rows.all_lead_rows": Action.EXPORT,
    "lake_access.lead_rows.lead_rows": Action.VIEW_LEADS,
    "lake_access.person_lookup.lead_of_address": Action.REVEAL_PERSON,
    "lake_access.saved_queries.delete_query": Action.EXPLORE_SQL,
    "lake_access.saved_queries.note_query": Action.EXPLORE_SQL,
    "lake_access.saved_queries.query_history": Action.EXPLORE_SQL,
    "lake_access.saved_queries.save_query": Action.EXPLORE_SQL,
    "lake_access.saved_queries.saved_queries": Action.EXPLORE_SQL,
    "lake_access.sessions.revoke": Action.CHANGE_SETTINGS,
    "monitoring.evidently_report.make_report": Action.RUN_DRIFT,
    "training.comparison.kept.keep_comparison": Action.RETRAIN,
    "training.demo_models.train_demo_models": Action.RETRAIN,
    "training.promotion.alias.repair_alias": Action.DECIDE_PROMOTION,
    "training.promotion.comparing.compare_and_keep": Action.RETRAIN,
    "training.promotion.deciding.approve": Action.DECIDE_PROMOTION,
    "training.promotion.deciding.override_gate": Action.OVERRIDE_GATE,
    "training.promotion.deciding.reject": Action.DECIDE_PROMOTION,
    "training.promotion.moving.bootstrap_champion": Action.DECIDE_PROMOTION,
    "training.promotion.moving.roll_back": Action.ROLL_BACK,
    "training.promotion.requesting.request_promotion": Action.REQUEST_PROMOTION,
    "training.promotion.requesting.withdraw": Action.REQUEST_PROMOTION,
    "training.registry.register": Action.RETRAIN,
    "training.reproduce.reproduce": Action.RETRAIN,
    "training.retraining.retrain": Action.RETRAIN,
    "training.score_factors.score_factors": Action.SCORE_OFFLINE,
    "training.scoring.score": Action.SCORE_OFFLINE,
}
OF_THE_KIND = "asks for the action of the job's kind, which the tests below try"
WITHIN = "a step within a transaction of a function that has asked; it takes the open connection"
DRAWS = "draws for the one who reads, and asks what is listed here to do anything"
BY_ANOTHER = "hands its actor to a function that is listed above, before anything is done"
TAKES_NONE: Mapping[str, str] = {
    "app.alert_views.forms.acknowledge_form": DRAWS,
    "app.alert_views.forms.mute_form": DRAWS,
    "app.alert_views.forms.rule_form": DRAWS,
    "app.job_views.cards.cancel_button": DRAWS,
    "app.job_views.cards.draw_job_at_hand": DRAWS,
    "app.job_views.cards.draw_log": DRAWS,
    "app.model_views.jobs.draw_model_jobs": DRAWS,
    "jobs.forgetting.forget_person": BY_ANOTHER,
    "jobs.promoting.make_drift_report": BY_ANOTHER,
    "jobs.promoting.score_where_never_scored": BY_ANOTHER,
    "lake_access.lead_rows.export_lead_rows": BY_ANOTHER,
    "app.attention.notices": "leaves out what the reader may not see, which tests/pages/test_limited_readers.py tries",
    "app.job_views.forms.request_form": DRAWS,
    "app.lead_views.factors.draw_factors": DRAWS,
    "app.lead_views.page.draw_lead": DRAWS,
    "app.job_views.forms.schedule_form": DRAWS,
    "app.sign_in.reader.who_line": DRAWS,
    "jobs.job.rights_of": "says what the actor may",
    "jobs.promotion_sources.promotion_sources": "names who is asked about, and does nothing by itself",
    "jobs.requests.add_job": WITHIN,
    "jobs.requests.may_cancel": "says what the actor may",
    "jobs.requests.request_job": OF_THE_KIND,
    "jobs.requests.run_again": OF_THE_KIND,
    "lake_access.ledger.append": "what was done is written down, whoever did it",
    "lake_access.ledger.record": "what was done is written down, whoever did it",
    "lake_access.permissions.may": "the table itself",
    "lake_access.permissions.require": "the table itself",
    "lake_access.sessions.end_session": "everybody may sign out",
    "lake_access.sessions.note_refusal": "what was refused is written down, whoever asked",
    "lake_access.sessions.note_seen": "who came is written down",
    "lake_access.sessions.note_sign_in": "who came is written down",
    "training.promotion.moving.move_champion": WITHIN,
    "training.promotion.moving.void": WITHIN,
    "training.promotion.of_lake.sources_of_lake": "names who is asked about, and does nothing by itself",
    "training.version_records.add_record": "a step of `register`, which has asked",
}


class TouchedError(AssertionError):
    """Something was looked at before the actor was."""


class Untouchable:
    """An argument that nobody may look at: only who is allowed gets that far."""

    def __getattribute__(self, name: str) -> NoReturn:
        raise TouchedError(name)

    def __bool__(self) -> NoReturn:
        raise TouchedError("bool")

    def __iter__(self) -> NoReturn:
        raise TouchedError("iter")

    def __getitem__(self, _key: object) -> NoReturn:
        raise TouchedError("item")

    def __eq__(self, _other: object) -> NoReturn:
        raise TouchedError("eq")

    def __hash__(self) -> int:
        raise TouchedError("hash")

    def __str__(self) -> NoReturn:
        raise TouchedError("str")


def with_actor() -> Iterator[str]:
    """The dotted name of every public function that takes `actor`, of all packages."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            module = ".".join(file.relative_to(ROOT).with_suffix("").parts)
            for node in ast.parse(file.read_text(encoding="utf-8")).body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    of = node.args
                    if any(one.arg == "actor" for one in (*of.posonlyargs, *of.args, *of.kwonlyargs)):
                        yield f"{module}.{node.name}"


def holding(role: Role | None, limits: RowLimits | None = None) -> Actor:
    return Actor("egon", frozenset({role} if role else ()), "oidc", limits)


def call(name: str, actor: Actor) -> None:
    module, _, function = name.rpartition(".")
    called: Callable[..., Any] = getattr(importlib.import_module(module), function)
    needed = [one for one in inspect.signature(called).parameters.values() if one.default is inspect.Parameter.empty]
    called(**{one.name: actor if one.name == "actor" else Untouchable() for one in needed})


def test_every_function_that_takes_an_actor_is_listed_here() -> None:
    listed = {*TAKES, *TAKES_NONE}

    assert set(with_actor()) == listed
    assert not set(TAKES) & set(TAKES_NONE)


@pytest.mark.parametrize("name", TAKES)
def test_it_refuses_each_role_without_the_action_before_it_looks_at_anything(name: str) -> None:
    action = TAKES[name]
    for role in (None, *ROLES):
        if role is not None and role in ALLOWED[action]:
            with pytest.raises((TouchedError, AttributeError, TypeError)):
                call(name, holding(role))
        else:
            with pytest.raises(NotAllowedError, match=f"egon may not {re.escape(action.value)}"):
                call(name, holding(role))


@pytest.mark.parametrize("name", [name for name, action in TAKES.items() if action is Action.RETRAIN])
def test_it_refuses_whoever_sees_some_leads_only(name: str) -> None:
    with pytest.raises(NotAllowedError, match="it takes the right to see all leads"):
        call(name, holding("admin", RowLimits(sources=("webinar",))))


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_is_asked_for_run_again_and_scheduled_by_the_roles_of_its_kind_alone(kind: str, tmp_path: Path) -> None:
    engine = open_database(load_settings({"LEADLAKE_HOME": str(tmp_path)}))
    warden, action = holding("admin"), KINDS[kind].action
    some = {"lead": "1" * 32}  # which is held to be an id
    needed = {each.name: (*each.choices, some.get(each.name, "1"))[0] for each in KINDS[kind].parameters if each.needed}
    ended = cancel_job(engine, request_job(engine, KINDS, kind, needed, warden, NOW).id, warden, NOW)
    for role in (role for role in ROLES if role not in ALLOWED[action]):
        before = list_jobs(engine, warden)
        with pytest.raises(NotAllowedError, match=re.escape(action.value)):
            request_job(engine, KINDS, kind, needed, holding(role), NOW)
        with pytest.raises(NotAllowedError):
            run_again(engine, KINDS, ended.id, holding(role), NOW)
        with pytest.raises(NotAllowedError):
            set_schedule(engine, KINDS, kind, needed, "0 3 * * *", holding(role), NOW)
        assert list_jobs(engine, warden) == before
        assert list_schedules(engine, warden) == []
    engine.dispose()


# They change the lake and take no actor: the worker and the command line run them once they have asked.
MACHINERY = (
    "jobs.demo",
    "lake_access.building",
    "lake_access.crm_import",
    "lake_access.demo_events",
    "lake_access.forgetting",
    "lake_access.offline_scores",
    "lake_access.raw",
    "lake_access.upkeep",
)


def test_no_page_reaches_past_who_asks_to_what_changes_the_lake() -> None:
    files = [*(ROOT / "pages").rglob("*.py"), *(ROOT / "app").rglob("*.py")]
    found = [
        f"{file.relative_to(ROOT)}: {module}"
        for file in files
        if "cli" not in file.parts
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for module in _imported(node)
        if module.startswith(MACHINERY)
    ]

    assert found == []


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []
