"""Small real lakes for tests of pages: landed, built and read as any other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lake_access.building.build import build
from lake_access.lake import Lake, open_lake
from lake_access.raw import land
from lake_access.settings import load_settings

LANDED = datetime(2025, 12, 31, 12, tzinfo=UTC)
Event = dict[str, object]


@dataclass(frozen=True)
class Leads:
    """So many leads of a source, one an hour from a day on, of whom the first `converted` become customers."""

    source: str
    count: int
    converted: int
    since: datetime
    location: str | None = None


# By hand, so that the figures on a page can be told beforehand: 92 mature leads of 4 sources, and 12 young ones.
CALLS = (
    Leads("cellular", 40, 10, datetime(2025, 3, 1, tzinfo=UTC), "Bonn"),
    Leads("telephone", 35, 2, datetime(2025, 4, 1, tzinfo=UTC), "Ulm"),
    Leads("rare", 5, 3, datetime(2025, 4, 10, tzinfo=UTC)),
    Leads("cellular", 12, 0, datetime(2025, 12, 20, tzinfo=UTC), "Bonn"),
)
ATTENDANCES = 12


def opened(home: Path) -> Lake:
    """The lake that `LEADLAKE_HOME` would name."""
    home.mkdir(parents=True, exist_ok=True)
    return open_lake(load_settings({"LEADLAKE_HOME": str(home)}))


def fill(home: Path, leads: Sequence[Leads] = CALLS, attendances: int = ATTENDANCES, landed: datetime = LANDED) -> Lake:
    """Land these leads as a CRM would bring them, and as many webinar guests with a warm score; then build."""
    lake = opened(home)
    events = list(_contacts(leads))
    if events:
        land_events(lake, "crm", [contact for contact, _ in events], landed)
        land_events(lake, "outcomes", [outcome for _, outcome in events], landed)
    land_events(lake, "webinar", [_attendance(number) for number in range(attendances)], landed)
    build(lake, landed)
    return lake


def fill_hostile(home: Path, text: str) -> Lake:
    """Land a few leads whose location, device, campaign and model version a browser or spreadsheet would act on."""
    lake = opened(home)
    touches, scores, outcomes = [], [], []
    for number in range(6):
        key = {"email": f"hostile{number}@example.com"}
        at = datetime(2025, 5, 1 + number, tzinfo=UTC)
        touches.append(
            _attendance(number)
            | key
            | {
                "timestamp": at.isoformat(),
                "location": text,
                "device_model": "x" * 10_000,
                "campaign": '=HYPERLINK("http://x")',
            }
            | {"note": text}
        )
        for hour in (1, 5):
            told = {"event_type": "score", "model_version": f"{text}{hour}", "score": 40 + number}
            scores.append(key | told | {"timestamp": (at + timedelta(hours=hour)).isoformat()})
        outcome = {"event_type": "outcome", "converted": number < 3, "timestamp": (at + timedelta(days=2)).isoformat()}
        outcomes.append(key | outcome)
    for stream, events in (("webinar", touches), ("scores", scores), ("outcomes", outcomes)):
        land_events(lake, stream, events, LANDED)
    build(lake, LANDED)
    return lake


def _contacts(leads: Sequence[Leads]) -> Iterator[tuple[Event, Event]]:
    for number, group in enumerate(leads):
        for lead in range(group.count):
            key = f"{number}-{lead}-{group.since:%Y%m%d}"
            created = group.since + timedelta(hours=lead)
            contact = {"event_type": "crm_contact", "lead_key": key, "timestamp": created.isoformat()}
            contact["lead_source"] = group.source
            if group.location is not None:
                contact["location"] = group.location
            outcome = {"event_type": "outcome", "lead_key": key, "converted": lead < group.converted}
            yield dict(contact), {**outcome, "timestamp": (created + timedelta(hours=1)).isoformat()}


def _attendance(number: int) -> Event:
    return {
        "event_type": "webinar_attendance",
        "email": f"guest{number}@example.com",
        "timestamp": (datetime(2025, 5, 1, tzinfo=UTC) + timedelta(hours=number)).isoformat(),
        "duration": 42,
        "questions": 3,
    }


def land_events(lake: Lake, stream: str, events: Sequence[Event], landed: datetime) -> None:
    """Land these events as one file of history."""
    file = Path(lake.settings.home) / f"{stream}.jsonl"
    file.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    land(lake.store, stream, file, landed, history=True)
    file.unlink()
