"""What pandas alone knows of the leads of two lakes, without any of the lake's own SQL: the demo's, and a bank's.

The bank's leads come out of its CSV. It has neither scores nor sales actions: both are made here from the real columns,
so that the funnel and the figures of scores have something to tell.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from lake_access.building.build import build
from lake_access.crm_import import write_events
from lake_access.crm_mapping import load_mapping
from lake_access.iceberg.tables import LEADS, SCORES
from lake_access.raw import land
from tests.lake_access.lakes import read_table
from tests.pages import lakes

ROOT = Path(__file__).parents[2]
BANK_FILE = (
    Path(os.environ.get("SAMPLE_DATA", ROOT.parent / "shared" / "data")) / "bank_marketing" / "bank_leads.csv.gz"
)
BANK_LANDED = datetime(2010, 12, 15, 12, tzinfo=UTC)  # the last two of its 31 months are young then
BANK_VERSION = "bank"
WINDOW = timedelta(days=60)
EDGES = [0, 40, 70]


@dataclass(frozen=True)
class Known:
    """A lake's home, and its leads and first scores by version as frames.

    `leads`: a row a lead with `lead`, `source`, `created_at`, `converted_at`, `converted`, `mature`, `band`,
    `final_score`, `scored`, `contacted`, `location`, `device`, `campaign`, `action`, `model_version`, and the days
    `day` and `converted_day`. `scores`: a row a lead and version with `version`, `score`, `scored_at`.
    """

    home: Path
    leads: pd.DataFrame
    scores: pd.DataFrame
    since: str
    until: str
    version: str


def of_demo(home: Path) -> Known:
    """The demo's leads as the table has them (its rows are held against an oracle elsewhere)."""
    lake = lakes.opened(home)
    leads = pd.DataFrame(read_table(lake, LEADS)).rename(
        columns={"lead_id": "lead", "device_model": "device", "first_action": "action"}
    )
    leads["scored"] = leads["final_score"].notna() | leads["model_version"].notna()
    leads["contacted"] = leads["sales_actions"] > 0
    scores = pd.DataFrame(read_table(lake, SCORES)).rename(columns={"lead_id": "lead", "model_version": "version"})
    first = scores.sort_values(["scored_at", "score"]).groupby(["lead", "version"], as_index=False).first()
    return Known(home, _finished(leads, lakes.LANDED), first, "2025-07-01", "2025-09-30", "2")


def of_bank(home: Path) -> Known:
    """Land the bank's calls with a score for four of five, and a sales action for who was called more than once."""
    rows = pd.read_csv(BANK_FILE)
    rows["score"] = (
        4
        + 45 * (rows["poutcome"] == "success")
        + 18 * (rows["nr_employed"] < 5_100)
        + 9 * (rows["contact"] == "cellular")
        + rows["age"] % 7
    )
    number = rows["lead_key"].str[-6:].astype(int)
    rows["scored"], rows["contacted"] = number % 5 != 0, rows["campaign"] > 1
    _land_bank(home, rows)
    moments = pd.to_datetime(rows["contacted_at"], utc=True)
    leads = pd.DataFrame(
        {
            "lead": rows["lead_key"],
            "source": rows["contact"],
            "created_at": moments,
            "converted_at": moments.where(rows["converted"] == "yes"),
            "converted": rows["converted"] == "yes",
            "final_score": float("nan"),
            "scored": rows["scored"],
            "contacted": rows["contacted"],
            "location": None,
            "device": None,
            "campaign": None,
            "action": rows["contacted"].map({True: "call", False: None}),
            "model_version": rows["scored"].map({True: BANK_VERSION, False: None}),
        }
    )
    scores = pd.DataFrame({"lead": rows["lead_key"], "score": rows["score"], "scored_at": moments})[rows["scored"]]
    finished = _finished(leads, BANK_LANDED)
    return Known(home, finished, scores.assign(version=BANK_VERSION), "2009-05-01", "2009-08-31", BANK_VERSION)


def _land_bank(home: Path, rows: pd.DataFrame) -> None:
    lake = lakes.opened(home)
    streams = write_events(load_mapping(ROOT / "docs" / "examples" / "bank_marketing.toml"), [BANK_FILE], home)
    assert streams.outcomes is not None
    told = list(rows[["lead_key", "contacted_at", "score", "scored", "contacted"]].itertuples(index=False))
    scores = _lines(
        home / "scores.jsonl",
        (
            {"event_type": "score", "model_version": BANK_VERSION, "score": int(str(row.score))}
            | {"lead_key": row.lead_key, "timestamp": row.contacted_at}
            for row in told
            if row.scored
        ),
    )
    actions = _lines(
        home / "sales.jsonl",
        (
            {"event_type": "sales_action", "action": "call", "lead_key": row.lead_key, "timestamp": row.contacted_at}
            for row in told
            if row.contacted
        ),
    )
    landing = {"crm": streams.crm, "outcomes": streams.outcomes, "scores": scores, "sales": actions}
    for stream, file in landing.items():
        land(lake.store, stream, file, BANK_LANDED, history=True)
    build(lake, BANK_LANDED)


def _lines(file: Path, events: Iterable[dict[str, object]]) -> Path:
    file.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return file


def _finished(leads: pd.DataFrame, landed: datetime) -> pd.DataFrame:
    """With what follows from a lead's columns: its days, whether it is mature, its band; what is absent is named."""
    leads = leads.copy()
    for column in ("created_at", "converted_at"):
        leads[column] = pd.to_datetime(leads[column], utc=True)
    leads["day"] = leads["created_at"].dt.tz_localize(None).dt.floor("D")
    leads["converted_day"] = leads["converted_at"].dt.tz_localize(None).dt.floor("D")
    leads["mature"] = leads["day"] + WINDOW < pd.Timestamp(landed.date())
    cut = pd.cut(leads["final_score"], [*EDGES, 101], right=False, labels=["cold", "warm", "hot"])
    leads["band"] = cut.astype(object).where(cut.notna(), "unscored")
    leads["action"] = leads["action"].astype(object).where(leads["action"].notna(), "none")
    for column in ("location", "device", "campaign", "model_version"):
        leads[column] = leads[column].astype(object).where(leads[column].notna(), "unknown")
    return leads
