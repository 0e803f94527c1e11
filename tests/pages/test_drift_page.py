"""The page Drift over the demo: what was planted is found, named and dated; others see what they may."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import app.acting
from jobs.alert_checks import check_alerts
from jobs.kinds.drift_check import period_of
from jobs.requests import list_jobs
from lake_access.building.build import build
from lake_access.database import open_database
from lake_access.demo.plan import NEW_DEVICE_DAYS
from lake_access.drift.compared import Side
from lake_access.drift.distributions import distribution
from lake_access.errors import NotAllowedError, RefusedError
from lake_access.lake import open_views
from lake_access.permissions import Actor, Role, RowLimits, local_user
from monitoring.alerts.rules import RuleWish, set_rule
from monitoring.drift.checking import CheckWish, check_drift
from monitoring.drift_checks import DriftCheck, keep_check, newest_check
from monitoring.kept_reports import StoredReport
from tests.pages import lakes
from tests.pages.conftest import OpenPage
from tests.pages.drift_lakes import filled
from tests.pages.lakes import LANDED, opened

Kept = tuple[Path, DriftCheck, StoredReport]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    home = tmp_path_factory.mktemp("drift")
    return home, *filled(home)


@pytest.fixture
def acting_as(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def act(role: Role, limits: RowLimits | None = None) -> None:
        actor = Actor("egon", frozenset({role}), "oidc", limits)
        monkeypatch.setattr(app.acting, "acting", lambda: actor)
        for module in (
            "app.lake_session",
            "app.drift_views.alerts",
            "app.drift_views.course",
            "app.drift_views.reports",
        ):
            monkeypatch.setattr(f"{module}.acting", lambda: actor)

    return act


def shown(page: AppTest) -> str:
    assert not page.exception
    assert not page.error
    return "\n".join(each.value for each in (*page.subheader, *page.text, *page.caption, *page.info))


def table(page: AppTest, column: str) -> pd.DataFrame:
    return next(frame.value for frame in page.dataframe if column in frame.value)


def test_two_versions_are_compared_with_both_verdicts_and_the_planted_columns(open_page: OpenPage, kept: Kept) -> None:
    page = open_page(kept[0], "drift.py")
    text = shown(page)
    columns = table(page, "Noise floor").set_index("Column")

    assert "Evidently's rule: " in text
    assert "Reference: version 1, " in text
    assert columns.loc[["device_model_interest", "avg_webinar_time", "first_source"], "Drifted"].all()
    assert "Order: " in text


def test_a_link_opens_periods_and_one_column(open_page: OpenPage, kept: Kept) -> None:
    page = open_page(
        kept[0],
        "drift.py",
        by="Periods",
        before=["2025-01-01", "2025-09-30"],
        after=["2025-11-24", "2025-12-31"],
        column="device_model_interest",
    )
    assert "Reference: 2025-01-01 to 2025-09-30" in shown(page)
    assert page.selectbox(key="column").value == "device_model_interest"
    unseen = table(page, "Noise floor").set_index("Column")["Unseen before"]
    assert str(unseen["device_model_interest"]).startswith("Aero 3 (")


def test_the_sql_of_a_column_gives_the_bars_of_its_chart(kept: Kept) -> None:
    pinned = opened(kept[0]).pin()
    for column in ("score", "first_source", "avg_webinar_time"):
        found = distribution(pinned, Side("1"), Side("2"), column)
        with open_views(pinned) as connection:
            *_, counted = [connection.execute(sql, parameters).fetchall() for sql, parameters in found.queries]

        drawn = {(bar.reference, bar.current) for bar in found.bars if bar.reference or bar.current}
        assert len(drawn) > 2
        assert drawn == {row[1:] for row in counted}


@pytest.mark.parametrize(
    ("section", "menu", "says"),
    [
        ("Columns", "drift_columns", "list_contains(['1', '2'], model_version)"),
        ("Columns", "drift_distribution", "CREATE OR REPLACE TEMP TABLE current_rows"),
        ("Weeks", "drift_calibration", "WHERE NULL IS NULL OR model_version = NULL"),
        ("Weeks", "drift_mean_score", "WHERE NULL IS NULL OR model_version = NULL"),
        ("Scores", "drift_shift", "model_version IN ('1', '2')"),
        ("Scores", "drift_moved", "model_version IN ('1', '2')"),
        ("Scores", "drift_moves", "\nLIMIT 20"),
        ("Outcomes", "drift_expected", "model_version = '2'"),
        ("Outcomes", "drift_estimates", "model_version = '2'"),
        ("Outcomes", "drift_estimates_held", "model_version = '2'"),
        ("Outcomes", "drift_cohorts", "model_version = '2'"),
    ],
)
def test_a_card_that_the_lake_answers_shows_the_sql(
    open_page: OpenPage, kept: Kept, section: str, menu: str, says: str
) -> None:
    page = open_page(kept[0], "drift.py", menu=menu, section=section)
    shown(page)
    assert any(says in code.value for code in page.code)
    assert {code.value.startswith("-- What: ") for code in page.code} == {True}


@pytest.mark.parametrize(
    ("section", "menu", "says"),
    [
        ("Weeks", "drift_weeks", "kept check"),
        ("Weeks", "drift_weeks_table", "kept check"),
        ("Reports", "drift_reports", "kept beside the lake"),
        ("Reports", "drift_report_ours", "As the report kept them"),
    ],
)
def test_a_card_of_what_was_kept_says_so_and_is_downloaded_all_the_same(
    open_page: OpenPage, kept: Kept, section: str, menu: str, says: str
) -> None:
    page = open_page(kept[0], "drift.py", menu=menu, section=section)
    assert says in shown(page)
    assert not page.code
    assert {each.label for each in page.download_button} >= {"CSV", "Parquet"}


def test_sources_have_the_tests_of_all_leads(open_page: OpenPage, kept: Kept) -> None:
    page = open_page(kept[0], "drift.py", by_source="true")
    shown(page)
    found = table(page, "Rows before")
    assert {"All leads", "Webinar"} <= set(found["Source"])
    assert found.groupby("Column")["Test"].nunique().eq(1).all()


def test_the_planted_device_lasts_and_is_dated_to_its_week(open_page: OpenPage, kept: Kept) -> None:
    home, check, _ = kept
    planted = (LANDED - timedelta(days=NEW_DEVICE_DAYS)).date()
    monday = planted - timedelta(days=planted.weekday())

    assert "device_model_interest" in check.lasting
    assert check.since("device_model_interest") in (monday, monday + timedelta(weeks=1))
    assert f"device_model_interest (since the week of {check.since('device_model_interest')})" in shown(
        open_page(home, "drift.py", section="Weeks")
    )
    overview = open_page(home, "overview.py")
    assert "Beyond threshold and chance in the newest weeks: " in shown(overview)


def test_a_kept_check_is_read_as_it_was_made_and_only_who_may_makes_one(kept: Kept) -> None:
    lake = opened(kept[0])
    engine = open_database(lake.settings)
    assert newest_check(engine) == kept[1]
    assert newest_check(engine, "previous week") is None
    engine.dispose()
    with pytest.raises(NotAllowedError):
        check_drift(lake, CheckWish(), Actor("vera", frozenset({"viewer"}), "oidc"), LANDED)
    weekly = check_drift(lake, CheckWish("previous week", weeks=3), local_user("ann"), LANDED)
    assert (len(weekly.weeks), weekly.against) == (3, "the week before each")


def test_scores_and_outcomes_are_drawn_and_estimates_are_called_so(open_page: OpenPage, kept: Kept) -> None:
    scores = open_page(kept[0], "drift.py", section="Scores")
    assert "leads have a score of both versions; " in shown(scores)
    assert len(table(scores, "Change")) == 20
    outcomes = open_page(kept[0], "drift.py", section="Outcomes")
    assert "Estimates are from the scores alone" in shown(outcomes)
    assert {"ROC AUC (mature)", "ROC AUC (estimate, all)"} <= set(table(outcomes, "Expected"))


def test_estimates_are_held_against_what_came_true(open_page: OpenPage, kept: Kept) -> None:
    page = open_page(kept[0], "drift.py", section="Outcomes")
    held = table(page, "Missed (true)")

    assert "Of mature leads: called and converted " in shown(page)
    assert set(held.columns) >= {f"{name} ({how})" for name in ("ROC AUC", "Missed") for how in ("estimate", "true")}
    assert held["Mature"].min() > 0
    assert (held["Called and converted (true)"] <= held["Mature"]).all()
    assert "Estimated ROC AUC" in [each.value for each in page.subheader]


def test_weeks_can_be_held_against_a_fixed_period(open_page: OpenPage, kept: Kept) -> None:
    home, lake = kept[0], opened(kept[0])
    page = open_page(
        home, "drift.py", section="Weeks", against="Fixed period", fixed_period=["2025-02-01", "2025-04-30"]
    )
    assert "No check against this has been made yet" in shown(page)
    next(button for button in page.button if button.label == "Check now").click().run()
    engine = open_database(lake.settings)
    job = list_jobs(engine, local_user("ann"), kinds=["drift_check"])[0]
    assert job.parameters["baseline"] == "fixed period"
    assert period_of(job.parameters) == (date(2025, 2, 1), date(2025, 4, 30))

    check = check_drift(lake, CheckWish("fixed period", 3, period=period_of(job.parameters)), local_user("ann"), LANDED)
    keep_check(engine, local_user("ann"), check)
    engine.dispose()
    assert check.against == "2025-02-01 to 2025-04-30"
    assert all(week.week > date(2025, 4, 30) for week in check.weeks)
    same = open_page(
        home, "drift.py", section="Weeks", against="Fixed period", fixed_period=["2025-02-01", "2025-04-30"]
    )
    assert "Against 2025-02-01 to 2025-04-30. Checked " in shown(same)
    other = open_page(
        home, "drift.py", section="Weeks", against="Fixed period", fixed_period=["2025-02-01", "2025-05-31"]
    )
    assert "No check against this has been made yet" in shown(other)


def test_a_reader_comes_from_another_page_to_the_fixed_period_and_goes_back(open_page: OpenPage, kept: Kept) -> None:
    page = open_page(kept[0], "overview.py")
    page.selectbox(key="period").set_value("90_days").run()
    page = page.switch_page("../pages/drift.py").run()
    page.segmented_control(key="section").set_value("Weeks").run()
    page.segmented_control(key="against").set_value("fixed period").run()
    shown(page)
    page.date_input(key="fixed_period").set_value((date(2025, 2, 1), date(2025, 3, 31))).run()
    assert "No check against this has been made yet" in shown(page)

    page = page.switch_page("../pages/overview.py").run()
    shown(page)
    assert page.selectbox(key="period").value == "90_days"


def test_while_only_the_first_day_of_the_period_is_chosen_the_last_is_asked_for(
    open_page: OpenPage, kept: Kept
) -> None:
    page = open_page(kept[0], "drift.py", section="Weeks", against="Fixed period")
    page.date_input(key="fixed_period").set_value((date(2025, 2, 1),)).run()

    text = shown(page)
    assert "Choose the last day too." in text
    assert "No check against this" not in text
    assert "Check now" not in {button.label for button in page.button}


def test_the_newest_check_against_a_fixed_period_stays_in_view_as_the_lake_grows(
    open_page: OpenPage, tmp_path: Path
) -> None:
    lake = lakes.fill(tmp_path)
    engine = open_database(lake.settings)
    for against in ("2025-03-02 to 2025-04-01", "2025-03-02 to 2025-04-09"):
        keep_check(engine, local_user("ann"), DriftCheck("fixed period", against, lakes.LANDED, "ann", (), ()))
    engine.dispose()

    page = open_page(tmp_path, "drift.py", section="Weeks", against="Fixed period")

    assert "Against 2025-03-02 to 2025-04-09. Checked " in shown(page)
    assert page.date_input(key="fixed_period").value == (date(2025, 3, 2), date(2025, 4, 9))


def test_each_chart_of_weeks_says_its_own_rule_of_what_it_leaves_out(open_page: OpenPage, kept: Kept) -> None:
    notes = [each.value for each in open_page(kept[0], "drift.py", section="Weeks").caption]

    assert any(note.startswith("Of mature leads, by") and "fewer than 30 mature leads" in note for note in notes)
    assert any(
        note.startswith("1 is as promised") and "fewer than 5 conversions were expected" in note for note in notes
    )
    outcomes = [each.value for each in open_page(kept[0], "drift.py", section="Outcomes").caption]
    (told,) = [note for note in outcomes if note.startswith("The estimate is from the scores")]
    assert "fewer than 5 conversions" in told
    assert "30" not in told


def test_a_version_that_scored_none_before_its_conversion_has_no_cohort_and_it_is_said(
    open_page: OpenPage, tmp_path: Path
) -> None:
    lake = lakes.fill(tmp_path, [])
    at = datetime(2025, 6, 1, tzinfo=UTC)
    outcome = {"event_type": "outcome", "email": "guest0@example.com", "converted": True, "timestamp": at.isoformat()}
    late = {"event_type": "score", "email": "guest0@example.com", "model_version": "7", "score": 90}
    lakes.land_events(lake, "outcomes", [outcome], lakes.LANDED)
    lakes.land_events(lake, "scores", [late | {"timestamp": (at + timedelta(days=1)).isoformat()}], lakes.LANDED)
    build(lake, lakes.LANDED)

    page = open_page(tmp_path, "drift.py", section="Outcomes")

    assert "Every lead that this version scored had converted by then" in shown(page)


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        ({}, "Against which period"),
        ({"period_from": "2025-01-01"}, "Against which period"),
        ({"period_from": "2025-01-01", "period_to": "soon"}, "period_to is a day such as"),
    ],
)
def test_a_fixed_period_takes_both_its_days(ends: dict[str, str], said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        period_of({"baseline": "fixed period", **ends})


def test_a_period_that_ends_before_it_begins_is_refused(kept: Kept) -> None:
    wish = CheckWish("fixed period", period=(date(2025, 3, 1), date(2025, 2, 1)))
    with pytest.raises(RefusedError, match="is before its first"):
        check_drift(opened(kept[0]), wish, local_user("ann"), LANDED)


def test_alerts_on_drift_stand_on_the_page_and_others_do_not(
    open_page: OpenPage, kept: Kept, acting_as: Callable[..., None]
) -> None:
    settings, ann = opened(kept[0]).settings, local_user("ann")
    engine = open_database(settings)
    for name, metric, column in (("moved <b>", "column_drift", "first_source"), ("late feed", "freshness_hours", None)):
        set_rule(engine, ann, RuleWish(name, metric, "above", 0.0, column=column), (), LANDED)
    check_alerts(engine, settings, ann, LANDED)
    engine.dispose()

    text = shown(open_page(kept[0], "drift.py", section="Scores"))
    assert "Alerts: 1 open" in text
    assert "moved <b>: Drift of one column (PSI) first_source above 0" in text
    assert "late feed" not in text
    acting_as("viewer", RowLimits(sources=("webinar",)))
    assert "Alerts: " not in shown(open_page(kept[0], "drift.py", section="Scores"))


def test_a_report_stands_with_our_numbers_and_another_is_asked_for(open_page: OpenPage, kept: Kept) -> None:
    home, _, report = kept
    page = open_page(home, "drift.py", section="Reports")
    text = shown(page)
    assert f"Reference: Evidently saw all {report.reference_rows.rows:,} rows." in text
    assert set(table(page, "Noise floor")["Column"]) == set(report.columns)

    next(button for button in page.button if button.label == "Make Evidently's report").click().run()
    engine = open_database(opened(home).settings)
    (job,) = list_jobs(engine, local_user("ann"), kinds=["drift_report"])
    engine.dispose()
    assert job.parameters == {"reference": "1", "current": "2", "seed": 0}


def test_who_sees_some_leads_only_sees_their_drift_and_no_report_or_check(
    open_page: OpenPage, kept: Kept, acting_as: Callable[..., None]
) -> None:
    acting_as("analyst", RowLimits(sources=("webinar",)))
    for section in ("Reports", "Weeks"):
        page = open_page(kept[0], "drift.py", section=section)
        assert "made from all leads" in shown(page)
        assert not {"Make Evidently's report", "Check now"} & {button.label for button in page.button}
    columns = open_page(kept[0], "drift.py")
    assert "to act on" in shown(columns)


def test_a_viewer_sees_reports_and_may_ask_for_none(
    open_page: OpenPage, kept: Kept, acting_as: Callable[..., None]
) -> None:
    acting_as("viewer")
    page = open_page(kept[0], "drift.py", section="Reports")
    assert "Reports" in shown(page)
    assert "Make Evidently's report" not in {button.label for button in page.button}


def test_too_few_rows_are_said_and_not_compared(open_page: OpenPage, calls_home: Path) -> None:
    assert "Too few rows to compare" in shown(open_page(calls_home, "drift.py"))


def test_hostile_names_are_text(open_page: OpenPage, hostile_home: Path) -> None:
    for section in ("Columns", "Weeks", "Scores", "Outcomes"):
        page = open_page(hostile_home, "drift.py", section=section)
        shown(page)
        assert not any("<script>" in each.value for each in (*page.markdown, *page.caption))
