"""The demo's events: valid as leadlake.toml declares them, believable, with the planted drift in them and no future."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import lake_access.demo_events
from lake_access.demo.plan import (
    LONGER_WEBINARS_DAYS,
    NEW_DEVICE_DAYS,
    NEW_DEVICE_RAMP_DAYS,
    OVERLAP_DAYS,
    SECOND_MODEL_DAYS,
    SOURCE_MIX_SHIFT_DAYS,
)
from lake_access.demo.truth import LOGIT_SPREAD, MEAN_LOGIT, conversion_logit, engagement
from lake_access.demo_events import (
    DUPLICATE_SHARE,
    PLANTED_REFUSALS,
    STREAMS,
    DemoPlan,
    draw_chunks,
    write_demo_events,
)
from lake_access.errors import RefusedError, StorageError

ROOT = Path(__file__).parents[2]
TOUCHES = ["roadshow", "webinar", "online"]
ENVELOPE = {"event_id", "event_type", "email", "lead_key", "timestamp"}
OURS = re.compile(r"^[a-z]+\.[a-z]+\.(\d+)@([a-z]+\.)?example\.(com|org|net)$")
UNTIL = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
PLAN = DemoPlan(until=UNTIL, leads=5_000)


def declared() -> dict[str, Any]:
    return tomllib.loads((ROOT / "leadlake.toml").read_text(encoding="utf-8"))


def fits(value: Any, field: Mapping[str, Any]) -> bool:
    types: dict[str, type | tuple[type, ...]] = {"text": str, "integer": int, "number": (int, float), "boolean": bool}
    if not isinstance(value, types[field["type"]]) or isinstance(value, bool) != (field["type"] == "boolean"):
        return False
    if "one_of" in field:
        return value in field["one_of"]
    return bool(field.get("min", value) <= value <= field.get("max", value))


def why_refused(line: str, stream: Mapping[str, Any]) -> str | None:
    """What leadlake.toml, or an event's envelope, has against a line."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return "JSON"
    if event["event_type"] not in stream["events"]:
        return "event type"
    fields = stream.get("fields", {}) | stream["events"][event["event_type"]].get("fields", {})
    if not event.keys() <= ENVELOPE | fields.keys():
        return "unknown field"
    if any(field.get("required") and name not in event for name, field in fields.items()):
        return "missing field"
    if not all(fits(event[name], field) for name, field in fields.items() if name in event):
        return "type or range"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", event["timestamp"]):
        return "timestamp"
    if "email" not in event and "lead_key" not in event:
        return "identity"
    if not re.fullmatch(r"crm-\d{6,}", event.get("lead_key", "crm-000000")):
        return "key"
    return None if OURS.match(event.get("email", "a.b.1@example.com").strip().lower()) else "e-mail"


@dataclass(frozen=True)
class Written:
    """What one plan wrote: the lines by stream; the good events, each once, as a table; a table of the leads."""

    lines: dict[str, list[str]]
    events: pd.DataFrame
    leads: pd.DataFrame


def read_lines(files: Mapping[str, list[Path]]) -> dict[str, list[str]]:
    return {
        stream: [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
        for stream, paths in files.items()
    }


def event_table(lines: Mapping[str, list[str]]) -> pd.DataFrame:
    sources = declared()["sources"]
    rows = [
        json.loads(line) | {"stream": stream}
        for stream, stream_lines in lines.items()
        for line in dict.fromkeys(stream_lines)
        if why_refused(line, sources[stream]) is None
    ]
    events = pd.DataFrame(rows)
    events["at"] = pd.to_datetime(events["timestamp"], utc=True)
    events["days_left"] = (pd.Timestamp(UNTIL) - events["at"]).dt.total_seconds() / 86_400
    by_email = events["email"].str.strip().str.lower().str.extract(OURS)[0]
    events["lead"] = by_email.fillna(events["lead_key"].str[4:]).astype(int) - 1
    return events.sort_values("at", kind="stable")


def rule_points(touches: pd.DataFrame, kind: str) -> pd.Series:
    """Engagement or intent points of each touch, by the scoring rules of leadlake.toml."""
    points = pd.Series(0, index=touches.index)
    for source in TOUCHES:
        for event_type, event in declared()["sources"][source]["events"].items():
            for rule in event["scoring"]:
                earns = touches["event_type"] == event_type
                if "at_least" in rule:
                    earns &= touches[rule["when"]] >= rule["at_least"]
                if "equals" in rule:
                    earns &= touches[rule["when"]] == rule["equals"]
                points += rule.get(kind, 0) * earns
    return points


def lead_table(events: pd.DataFrame) -> pd.DataFrame:
    settings = declared()
    touches = events[events["stream"].isin(TOUCHES)].copy()
    touches["engagement"], touches["intent"] = rule_points(touches, "engagement"), rule_points(touches, "intent")
    leads = touches.groupby("lead").agg(
        came=("at", "min"), days_left=("days_left", "max"), source=("stream", "first"),
        device=("device_model", "first"), engagement=("engagement", "sum"), intent=("intent", "sum"),
    )  # fmt: skip
    scoring, bands = settings["scoring"], settings["bands"]
    leads["final"] = leads["engagement"].clip(upper=scoring["engagement_max"]) + leads["intent"].clip(
        upper=scoring["intent_max"]
    )
    leads["band"] = pd.cut(leads["final"], [*bands.values(), 101], right=False, labels=list(bands))
    outcomes = events[events["stream"] == "outcomes"].set_index("lead")
    leads["converted"] = leads.index.isin(outcomes.index[outcomes["converted"] == True])  # noqa: E712 (may be missing)
    leads["mature"] = leads["days_left"] > settings["lake"]["outcome_window_days"]
    return leads


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    lines = read_lines(write_demo_events(PLAN, tmp_path_factory.mktemp("demo")))
    events = event_table(lines)
    return Written(lines, events, lead_table(events))


def test_same_plan_writes_the_same_bytes_and_another_seed_does_not(tmp_path: Path) -> None:
    plan = DemoPlan(until=UNTIL, leads=400)
    once, again = (write_demo_events(plan, tmp_path / name) for name in ("once", "again"))
    other = write_demo_events(DemoPlan(until=UNTIL, leads=400, seed=8), tmp_path / "other")
    for stream in STREAMS:
        assert [path.name for path in once[stream]] == [path.name for path in again[stream]]
        assert [path.read_bytes() for path in once[stream]] == [path.read_bytes() for path in again[stream]]
        assert read_lines(once)[stream] != read_lines(other)[stream]


def test_every_line_fits_the_declaration_save_the_planted_ones(written: Written) -> None:
    sources = declared()["sources"]
    refused = {
        stream: [why_refused(line, sources[stream]) for line in lines] for stream, lines in written.lines.items()
    }
    reasons = {stream: Counter(reason for reason in found if reason) for stream, found in refused.items()}
    assert {stream: found.total() for stream, found in reasons.items()} == PLANTED_REFUSALS
    assert sum(reasons.values(), Counter()) == {
        "JSON": 8, "e-mail": 8, "timestamp": 8, "type or range": 8, "identity": 8,
    }  # fmt: skip


def test_only_the_promised_share_of_lines_comes_twice(written: Written) -> None:
    for stream, lines in written.lines.items():
        twice = len(lines) - len(set(lines))
        good = len(set(lines)) - PLANTED_REFUSALS[stream]
        assert twice == round(good * DUPLICATE_SHARE) > 0


def test_some_six_events_a_lead_in_every_stream(written: Written) -> None:
    assert set(written.leads.index) == set(range(PLAN.leads))
    assert 5.5 < len(written.events) / PLAN.leads < 6.8
    share = written.events["stream"].value_counts(normalize=True)
    assert share["online"] > share["scores"] > share["webinar"] > share["sales"] > share["roadshow"] > 0.07
    assert share["outcomes"] > 0.06


def test_events_span_the_year_and_none_comes_after_its_end(written: Written) -> None:
    assert written.events["at"].max() <= pd.Timestamp(UNTIL)
    assert written.events["at"].min() >= pd.Timestamp("2025-04-01T00:00Z")
    assert written.events["at"].dt.strftime("%Y-%m").nunique() == 12


def test_roadshow_days_are_few_and_in_one_city_each(written: Written) -> None:
    visits = written.events[written.events["event_type"] == "roadshow_visit"]
    days = visits.groupby(visits["at"].dt.date)["location"].nunique()
    assert (days == 1).all()
    assert 2 <= pd.Series([str(day)[:7] for day in days.index]).value_counts().max() <= 6


def test_webinars_gather_many_on_tuesday_and_thursday_afternoons(written: Written) -> None:
    attended = written.events[written.events["event_type"] == "webinar_attendance"]["at"]
    assert set(attended.dt.dayofweek) == {1, 3}
    assert set(attended.dt.hour) == {13, 14}
    assert attended.groupby(attended.dt.date).size().median() > 15


def test_nobody_attends_a_webinar_before_registering(written: Written) -> None:
    webinar = written.events[written.events["stream"] == "webinar"]
    first = webinar.groupby("lead")["event_type"].first()
    assert set(first) == {"webinar_registration"}


def test_weekends_are_quiet_online(written: Written) -> None:
    by_day = written.events[written.events["stream"] == "online"]["at"].dt.dayofweek.value_counts()
    assert by_day[[5, 6]].mean() < 0.75 * by_day[[0, 1, 2, 3]].mean()


def test_one_lead_is_written_in_many_ways_and_found_in_several_sources(written: Written) -> None:
    emails = written.events["email"].dropna()
    plain = emails.str.strip().str.lower()
    assert 0.01 < (emails != plain).mean() < 0.06
    assert plain.groupby(written.events["lead"]).nunique().max() == 1
    sources = written.events[written.events["stream"].isin(TOUCHES)].groupby("lead")["stream"].nunique()
    assert (sources > 1).mean() > 0.2


def test_feedback_by_key_alone_can_be_joined_to_its_lead(written: Written) -> None:
    known = written.events.groupby("lead").agg(email=("email", "count"), key=("lead_key", "count"))
    joined = written.events[written.events["email"].notna() & written.events["lead_key"].notna()]
    needs_joining = set(known.index[(known["email"] > 0) & (known["key"] > 0)])
    assert len(needs_joining) > 100
    assert needs_joining == set(joined["lead"])
    assert 0.03 < (known["email"] == 0).mean() < 0.07


def test_roadshow_share_falls_and_online_rises(written: Written) -> None:
    came_late = written.leads["days_left"] < SOURCE_MIX_SHIFT_DAYS
    before = written.leads["source"][~came_late].value_counts(normalize=True)
    after = written.leads["source"][came_late].value_counts(normalize=True)
    assert before["roadshow"] - after["roadshow"] > 0.13
    assert after["online"] - before["online"] > 0.13
    assert abs(after["webinar"] - before["webinar"]) < 0.05


def test_webinars_get_longer(written: Written) -> None:
    attended = written.events[written.events["event_type"] == "webinar_attendance"]
    longer = attended["days_left"] <= LONGER_WEBINARS_DAYS
    assert attended["duration"][~longer].mean() == pytest.approx(35, abs=1)
    assert attended["duration"][longer].mean() == pytest.approx(55, abs=1.5)


def test_new_device_appears_and_takes_its_share(written: Written) -> None:
    leads = written.leads.dropna(subset=["device"])
    newest = leads["device"] == "Aero 3"
    assert not newest[leads["days_left"] > NEW_DEVICE_DAYS].any()
    settled = leads["days_left"] < NEW_DEVICE_DAYS - NEW_DEVICE_RAMP_DAYS
    assert newest[settled].mean() == pytest.approx(0.2, abs=0.05)


def test_second_model_takes_over_after_an_overlap(written: Written) -> None:
    scores = written.events[written.events["stream"] == "scores"]
    first, second = (scores[scores["model_version"] == version] for version in ("1", "2"))
    assert second["days_left"].max() <= SECOND_MODEL_DAYS
    assert first["days_left"].min() >= SECOND_MODEL_DAYS - OVERLAP_DAYS - 0.01
    assert len(set(first["lead"]) & set(second["lead"])) > 100
    assert set(scores["lead"]) >= set(written.leads.index[written.leads["days_left"] > 1])


def test_first_model_is_over_confident_and_second_is_not(written: Written) -> None:
    scores = written.events[written.events["stream"] == "scores"]
    told = scores.join(written.leads[["converted", "mature"]].rename(columns={"converted": "became"}), on="lead")
    told = told[told["mature"]]
    excess = (told["score"] / 100 - told["became"]).groupby(told["model_version"]).mean()
    assert excess["1"] > 0.07
    assert abs(excess["2"]) < 0.03


def test_sales_acts_mostly_on_high_scores_and_never_after_the_outcome(written: Written) -> None:
    events = written.events
    first_score = events[events["stream"] == "scores"].groupby("lead")["score"].first()
    contacted = pd.Series(first_score.index.isin(events[events["stream"] == "sales"]["lead"]), index=first_score.index)
    assert contacted[first_score >= 60].mean() > 0.85
    assert contacted[first_score < 15].mean() < 0.35
    actions = events[events["stream"] == "sales"].groupby("lead")["at"].max()
    known = events[events["stream"] == "outcomes"].set_index("lead")["at"]
    assert (actions < known.reindex(actions.index).fillna(pd.Timestamp(UNTIL) + pd.Timedelta(days=1))).all()


def test_outcomes_come_weeks_later_won_ones_with_their_value(written: Written) -> None:
    outcomes = written.events[written.events["stream"] == "outcomes"].set_index("lead")
    assert outcomes.index.is_unique
    delay = (outcomes["at"] - written.leads["came"]).dropna().dt.total_seconds() / 86_400
    assert 14 < delay.median() < 28
    assert 0.03 < (delay > 60).mean() < 0.15
    assert (outcomes["value"].notna() == (outcomes["converted"] == True)).all()  # noqa: E712 (a column of objects)


def test_a_tenth_of_the_mature_leads_converts_more_by_roadshow_than_online(written: Written) -> None:
    mature = written.leads[written.leads["mature"]]
    assert 0.08 < mature["converted"].mean() < 0.12
    rate = mature.groupby("source")["converted"].mean()
    assert rate["roadshow"] > rate["webinar"] > rate["online"]


def test_conversion_rises_with_the_band_of_the_rule_based_score(written: Written) -> None:
    share = written.leads["band"].value_counts(normalize=True)
    assert 0.5 < share["cold"] < 0.68
    assert 0.2 < share["warm"] < 0.38
    assert 0.08 < share["hot"] < 0.18
    mature = written.leads[written.leads["mature"]]
    rate = mature.groupby("band", observed=True)["converted"].mean()
    assert 2 * rate["cold"] < rate["warm"]
    assert 1.5 * rate["warm"] < rate["hot"]


def test_rule_based_score_ranks_leads_well_but_not_perfectly(written: Written) -> None:
    mature = written.leads[written.leads["mature"]]
    rank, won = mature["final"].rank(), mature["converted"].sum()
    area = (rank[mature["converted"]].sum() - won * (won + 1) / 2) / (won * (len(mature) - won))
    assert 0.74 < area < 0.86


def test_conversion_rises_with_latent_intent(written: Written) -> None:
    intent = np.concatenate([leads.intent for leads, _ in draw_chunks(PLAN)])
    mature = written.leads[written.leads["mature"]]
    quarter = pd.qcut(pd.Series(intent)[mature.index], 4, labels=False)
    rate = mature["converted"].groupby(quarter).mean()
    assert rate.is_monotonic_increasing
    assert rate[3] > 3 * rate[0]


def test_models_know_the_log_odds_that_the_leads_have() -> None:
    leads, streams = next(iter(draw_chunks(PLAN)))
    logit = conversion_logit(leads, engagement(leads, {source: streams[source] for source in TOUCHES}))
    assert logit.mean() == pytest.approx(MEAN_LOGIT, abs=0.15)
    assert logit.std() == pytest.approx(LOGIT_SPREAD, abs=0.15)


def test_leads_drawn_in_many_chunks_are_as_many_and_as_distinct(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake_access.demo_events, "CHUNK_LEADS", 150)
    told: list[float] = []
    lines = read_lines(write_demo_events(DemoPlan(until=UNTIL, leads=400), tmp_path, told.append))
    assert set(event_table(lines)["lead"]) == set(range(400))
    assert told == [0.375, 0.75, 1.0]
    assert len(set(lines["sales"])) > 100
    refused = [why_refused(line, declared()["sources"]["sales"]) for line in lines["sales"]]
    assert refused.count("identity") == PLANTED_REFUSALS["sales"]


def test_a_single_lead_is_a_plan_too(tmp_path: Path) -> None:
    files = write_demo_events(DemoPlan(until=UNTIL, leads=1), tmp_path)
    sources = declared()["sources"]
    good = [
        line for stream, lines in read_lines(files).items() for line in lines if not why_refused(line, sources[stream])
    ]
    assert good
    assert all(".1@" in line or '"crm-000001"' in line for line in good)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [({"leads": 0}, "0 leads"), ({"seed": -1}, "seed is -1"), ({"until": datetime(2026, 3, 31)}, "no time zone")],  # noqa: DTZ001
)
def test_impossible_plan_is_refused(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(RefusedError, match=says):
        DemoPlan(**({"until": UNTIL} | wrong))


def test_the_documentation_dates_each_drift_as_planted() -> None:
    documented = (ROOT / "docs" / "demo.md").read_text(encoding="utf-8")
    for days in (SOURCE_MIX_SHIFT_DAYS, LONGER_WEBINARS_DAYS, NEW_DEVICE_DAYS, SECOND_MODEL_DAYS):
        assert f"| -{days} |" in documented
    assert f"for {OVERLAP_DAYS} days" in documented


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="taken"):
        write_demo_events(DemoPlan(until=UNTIL, leads=1), tmp_path / "taken" / "demo")
