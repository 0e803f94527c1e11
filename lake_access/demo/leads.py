"""The people of the demo: who they are, what they lean to, when and where they first come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from lake_access.demo.calendar import ROADSHOW_CLOSES, ROADSHOW_OPENS, Calendar, draw_moments
from lake_access.demo.events import BoolArray, FloatArray, Identified, IntArray
from lake_access.demo.plan import DAY, NEW_DEVICE_DAYS, NEW_DEVICE_RAMP_DAYS, SOURCE_MIX_SHIFT_DAYS, DemoPlan

ROADSHOW, WEBINAR, ONLINE = 0, 1, 2
SOURCES: Final = ("roadshow", "webinar", "online")
SOURCE_MIX_BEFORE: Final = np.array([0.34, 0.25, 0.41])
SOURCE_MIX_AFTER: Final = np.array([0.15, 0.25, 0.60])

CITIES: Final = (
    "Berlin", "Hamburg", "Munich", "Vienna", "Zurich", "Paris",
    "Lyon", "Milan", "Madrid", "Amsterdam", "Copenhagen", "Warsaw",
)  # fmt: skip
CITY_WEIGHT: Final = np.array([14, 9, 11, 8, 7, 12, 6, 9, 8, 7, 4, 5], dtype=np.float64)

DEVICES: Final = ("Aero 1", "Aero 2", "Terra S", "Terra L", "Pulse", "Aero 3")
DEVICE_WEIGHT: Final = np.array([10, 30, 24, 16, 20], dtype=np.float64)  # of those on sale all year
NEW_DEVICE: Final = DEVICES.index("Aero 3")
NEW_DEVICE_SHARE: Final = 0.2

CAMPAIGNS: Final = ("city tour", "expert hour", "search", "newsletter", "partner", "trade press")
CAMPAIGN_BY_SOURCE: Final = np.array(
    [
        [0.70, 0.00, 0.00, 0.12, 0.12, 0.06],
        [0.00, 0.60, 0.05, 0.25, 0.10, 0.00],
        [0.00, 0.00, 0.55, 0.20, 0.10, 0.15],
    ]
)

# How a lead is known: by e-mail alone, by e-mail until sales files it in the CRM, or by the CRM's key alone.
BY_EMAIL, FILED, BY_KEY = 0, 1, 2
KNOWN_BY_SHARE: Final = (0.80, 0.15, 0.05)


@dataclass(frozen=True)
class Leads:
    """One row a lead: its number in the whole plan, its latent intent (standard normal), first touch and leanings."""

    number: IntArray
    intent: FloatArray
    known_by: IntArray
    source: IntArray
    arrival: IntArray
    city: IntArray
    device: IntArray
    campaign: IntArray

    def __len__(self) -> int:
        return len(self.number)

    def known(self, lead: IntArray) -> Identified:
        """What touches and scores of these leads carry: the e-mail, or the CRM's key where there is nothing else."""
        by_key: BoolArray = self.known_by[lead] == BY_KEY
        return Identified(email=~by_key, key=by_key)


def draw_leads(plan: DemoPlan, calendar: Calendar, first: int, count: int, rng: np.random.Generator) -> Leads:
    """Draw leads number `first` to `first + count - 1`, the mix of sources and of devices drifting as planned."""
    moment = draw_moments(calendar, plan, count, rng)
    source = _draw_source(plan, moment, rng)
    city = rng.choice(len(CITIES), size=count, p=CITY_WEIGHT / CITY_WEIGHT.sum())
    at_roadshow = source == ROADSHOW
    stop = calendar.nearest_stop(moment)
    opening_hours = rng.integers(ROADSHOW_OPENS, ROADSHOW_CLOSES, size=count)
    arrival = np.where(at_roadshow, calendar.stop[stop] + opening_hours, moment)
    return Leads(
        number=first + np.arange(count, dtype=np.int64),
        intent=rng.standard_normal(count),
        known_by=rng.choice(len(KNOWN_BY_SHARE), size=count, p=KNOWN_BY_SHARE),
        source=source,
        arrival=arrival,
        city=np.where(at_roadshow, calendar.stop_city[stop], city),
        device=_draw_device(plan, arrival, rng),
        campaign=draw_by_row(CAMPAIGN_BY_SOURCE[source], rng),
    )


def draw_by_row(weights: FloatArray, rng: np.random.Generator) -> IntArray:
    """Draw one column for each row, by the row's own weights (rows that add up to 1)."""
    drawn: IntArray = (weights.cumsum(axis=1) < rng.random(len(weights))[:, None]).sum(axis=1)
    last = weights.shape[1] - 1  # sums of weights may fall short of 1 by a rounding
    return np.clip(drawn, 0, last)


def _draw_source(plan: DemoPlan, moment: IntArray, rng: np.random.Generator) -> IntArray:
    shifted = moment >= plan.days_before_end(SOURCE_MIX_SHIFT_DAYS)
    return draw_by_row(np.where(shifted[:, None], SOURCE_MIX_AFTER, SOURCE_MIX_BEFORE), rng)


def _draw_device(plan: DemoPlan, arrival: IntArray, rng: np.random.Generator) -> IntArray:
    known = rng.choice(len(DEVICE_WEIGHT), size=len(arrival), p=DEVICE_WEIGHT / DEVICE_WEIGHT.sum())
    on_sale = (arrival - plan.days_before_end(NEW_DEVICE_DAYS)) / (NEW_DEVICE_RAMP_DAYS * DAY)
    wants_new = rng.random(len(arrival)) < NEW_DEVICE_SHARE * np.clip(on_sale, 0, 1)
    return np.where(wants_new, NEW_DEVICE, known)
