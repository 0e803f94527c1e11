"""What leads do in the demo: their journeys over roadshow, webinar and online, as touch events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from lake_access.demo.calendar import NEVER, ROADSHOW_CLOSES, ROADSHOW_OPENS, Calendar, draw_later
from lake_access.demo.events import BoolArray, Column, Events, FloatArray, IntArray, Words
from lake_access.demo.leads import (
    CAMPAIGNS,
    CITIES,
    DEVICE_WEIGHT,
    DEVICES,
    ONLINE,
    ROADSHOW,
    SOURCES,
    WEBINAR,
    Leads,
)
from lake_access.demo.plan import DAY, LONGER_WEBINARS_DAYS, MINUTE, DemoPlan

WEBINAR_MINUTES_BEFORE: Final = 35.0
WEBINAR_MINUTES_AFTER: Final = 55.0

PAGES: Final = ("home", "products", "pricing", "references", "support", "blog")
PRICING: Final = PAGES.index("pricing")
OTHER_PAGES: Final = np.array([index for index in range(len(PAGES)) if index != PRICING])

MOST_EPISODES: Final = 7
FOLLOWING_MIX: Final = (0.14, 0.30, 0.56)  # where a lead turns up again: roadshow, webinar, online
REGISTRATION_CLOSES: Final = 10 * MINUTE  # before the session starts
LONGEST_WAIT: Final = 45 * DAY  # for the roadshow to come back to a lead's city


@dataclass(frozen=True)
class Episodes:
    """One row for each time that a lead turned up: the lead's row, the source, when it began and when it ended."""

    lead: IntArray
    source: IntArray
    begin: IntArray
    end: IntArray

    def of(self, source: int) -> Episodes:
        """The episodes of one source."""
        rows = self.source == source
        return Episodes(self.lead[rows], self.source[rows], self.begin[rows], self.end[rows])

    def __len__(self) -> int:
        return len(self.lead)


def logistic(x: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x))."""
    return 1.0 / (1.0 + np.exp(-x))


def draw_touches(plan: DemoPlan, calendar: Calendar, leads: Leads, rng: np.random.Generator) -> dict[str, list[Events]]:
    """Draw the touches of these leads by stream, later ones than the plan's end among them.

    A lead keeps turning up for days or weeks, the longer the higher its intent, in the same source or another.
    """
    episodes = draw_episodes(calendar, leads, rng)
    return {
        "roadshow": _roadshow(episodes.of(ROADSHOW), leads, rng),
        "webinar": _webinar(episodes.of(WEBINAR), leads, plan, rng),
        "online": _online(episodes.of(ONLINE), leads, rng),
    }


def draw_episodes(calendar: Calendar, leads: Leads, rng: np.random.Generator) -> Episodes:
    """Draw each lead's journey: its first episode, then others some days apart, in the order of time."""
    lead = np.arange(len(leads))
    more = np.minimum(rng.poisson(1.3 * np.exp(0.3 * leads.intent)), MOST_EPISODES - 1)
    journey = [_episodes(calendar, lead, leads.source, leads.arrival, rng)]
    for step in range(1, MOST_EPISODES):
        before = journey[-1]
        goes_on = more[before.lead] >= step
        lead = before.lead[goes_on]
        days = rng.lognormal(np.log(2.9), 0.9, size=len(lead)).astype(np.int64)
        begin = draw_later(before.end[goes_on], days, rng)
        source, begin = _next_source(calendar, leads.city[lead], begin, rng)
        journey.append(_episodes(calendar, lead, source, begin, rng))
    return Episodes(
        np.concatenate([part.lead for part in journey]),
        np.concatenate([part.source for part in journey]),
        np.concatenate([part.begin for part in journey]),
        np.concatenate([part.end for part in journey]),
    )


def _next_source(
    calendar: Calendar, city: IntArray, begin: IntArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Where and when leads turn up again: for the roadshow they wait, or go online if it is too long in coming."""
    source = rng.choice(len(SOURCES), size=len(city), p=FOLLOWING_MIX)
    stop = calendar.next_stop_in(city, begin)
    opening_hours = rng.integers(ROADSHOW_OPENS, ROADSHOW_CLOSES, size=len(city))
    too_late = (stop == NEVER) | (stop - begin > LONGEST_WAIT)
    source = np.where((source == ROADSHOW) & too_late, ONLINE, source)
    return source, np.where(source == ROADSHOW, stop + opening_hours, begin)


def _episodes(
    calendar: Calendar, lead: IntArray, source: IntArray, begin: IntArray, rng: np.random.Generator
) -> Episodes:
    """Episodes begin and end at once, save a webinar's, which ends with the session that the lead registered for."""
    ahead = rng.choice(3, size=len(lead), p=(0.6, 0.3, 0.1))
    end = np.where(source == WEBINAR, calendar.session_after(begin + REGISTRATION_CLOSES, ahead), begin)
    return Episodes(lead, source, begin, end)


def _roadshow(episodes: Episodes, leads: Leads, rng: np.random.Generator) -> list[Events]:
    count = len(episodes)
    intent = leads.intent[episodes.lead]
    dwell = np.clip(rng.lognormal(np.log(16.0) + 0.3 * intent, 0.6), 1, 240).round(1)
    visits = _touches("roadshow_visit", leads, episodes.lead, episodes.begin, {"dwell_minutes": dwell}, rng)

    stays = rng.random(count) < logistic(0.4 + 0.8 * intent)
    demo_dwell = np.clip(rng.lognormal(np.log(18.0), 0.4, size=count), 3, 120).round(1)
    rating = np.clip(np.rint(3.4 + 0.6 * intent + 0.8 * rng.standard_normal(count)), 1, 5).astype(np.int64)
    begin = episodes.begin + rng.integers(3 * MINUTE, 40 * MINUTE, size=count)
    demos: dict[str, Column] = {"dwell_minutes": demo_dwell[stays], "rating": rating[stays]}
    return [visits, _touches("roadshow_demo", leads, episodes.lead[stays], begin[stays], demos, rng)]


def _webinar(episodes: Episodes, leads: Leads, plan: DemoPlan, rng: np.random.Generator) -> list[Events]:
    intent = leads.intent[episodes.lead]
    registrations = _touches("webinar_registration", leads, episodes.lead, episodes.begin, {}, rng)

    comes = rng.random(len(episodes)) < logistic(0.9 + 0.6 * intent)
    lead, session, intent = episodes.lead[comes], episodes.end[comes], intent[comes]
    longer = session >= plan.days_before_end(LONGER_WEBINARS_DAYS)
    typical = np.where(longer, WEBINAR_MINUTES_AFTER, WEBINAR_MINUTES_BEFORE)
    duration = np.clip(typical + 4 * (intent - 0.3) + 10 * rng.standard_normal(len(lead)), 2, 180).round(1)
    questions = np.minimum(rng.poisson(np.exp(-0.4 + 0.5 * intent)), 12)
    # Attendees drop in from five minutes before the start to ten minutes after it.
    joined = session + rng.integers(-5 * MINUTE, 10 * MINUTE, size=len(lead))
    attended: dict[str, Column] = {"duration": duration, "questions": questions}
    return [registrations, _touches("webinar_attendance", leads, lead, joined, attended, rng)]


def _online(episodes: Episodes, leads: Leads, rng: np.random.Generator) -> list[Events]:
    intent = leads.intent[episodes.lead]
    views = 1 + np.minimum(rng.poisson(0.2 * np.exp(0.4 * intent)), 9)
    visit = np.repeat(np.arange(len(episodes)), views)
    place = np.arange(len(visit)) - np.repeat(views.cumsum() - views, views)
    # Pages of one visit are 30 to 170 seconds apart.
    at = episodes.begin[visit] + place * 100 + rng.integers(0, 70, size=len(visit)) * (place > 0)
    wants_price = rng.random(len(visit)) < logistic(-0.9 + 0.7 * intent[visit])
    page = np.where(wants_price, PRICING, rng.choice(OTHER_PAGES, size=len(visit)))
    seconds = np.clip(rng.lognormal(np.log(50.0), 0.8, size=len(visit)), 2, 1_800).round(1)
    page_views: dict[str, Column] = {"page": Words(PAGES, page), "seconds": seconds}

    asks = rng.random(len(episodes)) < logistic(-1.2 + 0.6 * intent)
    offers = rng.random(len(episodes)) < logistic(-3.0 + 1.1 * intent)
    quantity = np.clip(rng.lognormal(1.2, 1.0, size=len(episodes)), 1, 5_000).astype(np.int64)[offers]
    after = episodes.begin + 20 * MINUTE
    return [
        _touches("page_view", leads, episodes.lead[visit], at, page_views, rng),
        _touches("brochure_download", leads, episodes.lead[asks], after[asks], {}, rng),
        _touches(
            "quote_request", leads, episodes.lead[offers], after[offers] + 5 * MINUTE, {"quantity": quantity}, rng
        ),
    ]


def _touches(
    event_type: str, leads: Leads, lead: IntArray, at: IntArray, own: dict[str, Column], rng: np.random.Generator
) -> Events:
    """Events with the fields that every touch may carry; some are left out, and some name another device."""
    count = len(lead)
    looks_elsewhere: BoolArray = rng.random(count) < 0.08
    device = np.where(looks_elsewhere, rng.integers(0, len(DEVICE_WEIGHT), size=count), leads.device[lead])
    at_roadshow = event_type.startswith("roadshow")
    nowhere = (rng.random(count) < 0.1) & (not at_roadshow)
    shared: dict[str, Column] = {
        "location": Words(CITIES, leads.city[lead]).left_out(nowhere),
        "device_model": Words(DEVICES, device).left_out(rng.random(count) < 0.12),
        "campaign": Words(CAMPAIGNS, leads.campaign[lead]).left_out(rng.random(count) < 0.35),
    }
    return Events(event_type, lead, at, leads.known(lead), shared | own)
