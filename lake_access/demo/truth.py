"""What really makes a lead of the demo convert: latent intent, source, city, device and what the lead did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from lake_access.demo.events import Column, Events, FloatArray, Numbers, Words
from lake_access.demo.leads import Leads
from lake_access.demo.touches import PRICING

# Effects on the log-odds of a conversion; by source, city and device in the order of SOURCES, CITIES and DEVICES.
BASE: Final = -4.6
INTENT_EFFECT: Final = 0.6
ENGAGEMENT_EFFECT: Final = 1.6
SOURCE_EFFECT: Final = np.array([0.55, 0.1, -0.5])
CITY_EFFECT: Final = np.array([0.25, 0.0, 0.6, 0.4, 0.8, 0.05, -0.4, -0.15, -0.6, 0.2, 0.45, -0.8])
DEVICE_EFFECT: Final = np.array([-0.8, 0.2, -0.3, 0.7, -0.1, 0.4])

# What the log-odds come to over many leads; the demo's models know it as a model knows its training data.
MEAN_LOGIT: Final = -3.0
LOGIT_SPREAD: Final = 1.55

Weigh = Callable[[Mapping[str, Numbers]], Numbers | float]

# What an event adds to the lead's engagement. These are the world's weights, not the scoring rules of leadlake.toml:
# the rules are somebody's guess of them.
ENGAGEMENT: Final[Mapping[str, Weigh]] = {
    "roadshow_visit": lambda field: 0.4 + 0.4 * (field["dwell_minutes"] >= 15),
    "roadshow_demo": lambda field: 0.7 + 0.8 * (field["rating"] >= 4),
    "webinar_registration": lambda _: 0.2,
    "webinar_attendance": lambda field: 0.7 + 0.5 * np.minimum(field["questions"], 3),
    "page_view": lambda field: 0.1 + 0.15 * (field["seconds"] >= 60) + 0.25 * (field["page"] == PRICING),
    "brochure_download": lambda _: 0.6,
    "quote_request": lambda field: 1.8 + 0.7 * (field["quantity"] >= 10),
}


def engagement(leads: Leads, touches: Mapping[str, list[Events]]) -> FloatArray:
    """How much each lead did over its whole journey: log(1 + the sum of its events' weights)."""
    total = np.zeros(len(leads))
    for stream in touches.values():
        for events in stream:
            fields = {name: _as_numbers(column) for name, column in events.fields.items()}
            weights = ENGAGEMENT[events.event_type](fields)
            total += np.bincount(events.lead, np.broadcast_to(weights, len(events)), minlength=len(leads))
    return np.log1p(total)


def conversion_logit(leads: Leads, engaged: FloatArray) -> FloatArray:
    """The log-odds that each lead converts."""
    logit: FloatArray = (
        BASE
        + INTENT_EFFECT * leads.intent
        + ENGAGEMENT_EFFECT * engaged
        + SOURCE_EFFECT[leads.source]
        + CITY_EFFECT[leads.city]
        + DEVICE_EFFECT[leads.device]
    )
    return logit


def _as_numbers(column: Column) -> Numbers:
    return column.code if isinstance(column, Words) else column
