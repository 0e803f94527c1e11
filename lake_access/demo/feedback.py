"""What comes back on the demo's leads: scores by two model versions, sales actions, outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from lake_access.demo.calendar import NEVER, working_hours
from lake_access.demo.events import BoolArray, Column, Events, FloatArray, Identified, IntArray, Words
from lake_access.demo.leads import BY_EMAIL, BY_KEY, FILED, Leads, draw_by_row
from lake_access.demo.plan import DAY, HOUR, OVERLAP_DAYS, OVERLAP_SHARE, SECOND_MODEL_DAYS, DemoPlan
from lake_access.demo.touches import logistic
from lake_access.demo.truth import LOGIT_SPREAD, MEAN_LOGIT

MODEL_VERSIONS: Final = ("1", "2")
ACTIONS: Final = ("call", "email", "meeting", "quote")
# The first, second, third and any later action of sales on a lead: chances of each of the above.
ACTION_CHANCES: Final = np.array(
    [[0.45, 0.50, 0.05, 0.0], [0.40, 0.25, 0.30, 0.05], [0.25, 0.15, 0.30, 0.30], [0.2, 0.2, 0.2, 0.4]]
)
MOST_ACTIONS: Final = 6
# What each device costs, for the value of a won deal.
DEVICE_PRICE: Final = np.array([290.0, 480.0, 350.0, 920.0, 410.0, 640.0])


@dataclass(frozen=True)
class Scorer:
    """How a model version errs: the noise of its first look at a lead, how it stretches and shifts the log-odds."""

    noise: float
    stretch: float
    shift: float


FIRST_MODEL: Final = Scorer(noise=2.2, stretch=1.5, shift=0.9)  # over-confident: too high, and too far apart
SECOND_MODEL: Final = Scorer(noise=0.9, stretch=1.0, shift=0.0)


def draw_scores(
    plan: DemoPlan, leads: Leads, touches: Mapping[str, list[Events]], logit: FloatArray, rng: np.random.Generator
) -> Events:
    """Draw the scores: after each lead's first touch, and after some of its later ones, within half a minute.

    While both versions are at work, a share of the leads gets a score of each.
    """
    lead, place, at = _scored_touches(touches, rng)
    takes_over = plan.days_before_end(SECOND_MODEL_DAYS)
    lasts_until = takes_over + OVERLAP_DAYS * DAY
    in_overlap = rng.random(len(leads)) < OVERLAP_SHARE
    by_first = (at < takes_over) | ((at < lasts_until) & in_overlap[lead])
    by_second = at >= takes_over
    drawn = [
        (rows, _score(scorer, logit, lead[rows], place[rows], rng))
        for rows, scorer in ((by_first, FIRST_MODEL), (by_second, SECOND_MODEL))
    ]
    who = np.concatenate([lead[rows] for rows, _ in drawn])
    version = np.repeat(np.arange(2), [len(score) for _, score in drawn])
    # A lead's touches are 30 seconds apart or more: with less delay than that, no two scores make the same line.
    seconds = np.concatenate([at[rows] for rows, _ in drawn]) + rng.integers(3, 30, size=len(who))
    fields: dict[str, Column] = {
        "model_version": Words(MODEL_VERSIONS, version),
        "score": np.concatenate([score for _, score in drawn]),
    }
    return Events("score", who, seconds, leads.known(who), fields)


def _scored_touches(
    touches: Mapping[str, list[Events]], rng: np.random.Generator
) -> tuple[IntArray, IntArray, IntArray]:
    """The touches after which a score is asked for: lead, how many touches came before, and moment."""
    lead = np.concatenate([events.lead for stream in touches.values() for events in stream])
    at = np.concatenate([events.at for stream in touches.values() for events in stream])
    order = np.lexsort((at, lead))
    lead, at = lead[order], at[order]
    starts = np.flatnonzero(np.diff(lead, prepend=-1))
    place = np.arange(len(lead)) - np.repeat(starts, np.diff(starts, append=len(lead)))
    asked = (place == 0) | (rng.random(len(lead)) < 0.1)
    return lead[asked], place[asked], at[asked]


def _score(scorer: Scorer, logit: FloatArray, lead: IntArray, place: IntArray, rng: np.random.Generator) -> IntArray:
    """round(100 · p), p being what a Bayesian would say who sees the true log-odds through normal noise.

    Each touch tells more: the noise falls with the square root of the touches seen. The mean of a logistic over a
    normal is approximated as in MacKay, "The evidence framework applied to classification networks" (1992).
    """
    noise = scorer.noise / np.sqrt(1.0 + place)
    seen = logit[lead] + noise * rng.standard_normal(len(lead))
    trust = LOGIT_SPREAD**2 / (LOGIT_SPREAD**2 + noise**2)
    unsure = LOGIT_SPREAD**2 * (1 - trust)
    told = MEAN_LOGIT + scorer.shift + scorer.stretch * trust * (seen - MEAN_LOGIT)
    return np.rint(100 * logistic(told / np.sqrt(1 + np.pi / 8 * unsure))).astype(np.int64)


def draw_sales(leads: Leads, scores: Events, outcome_at: IntArray, rng: np.random.Generator) -> Events:
    """Draw the actions of sales: mostly on high scores, within hours of working time, then days apart.

    Nothing follows the outcome (`outcome_at`, for each lead). Of the leads that sales files in its CRM, the first
    action names e-mail and key, and every later one the key alone.
    """
    contacted, begin = _first_contact(scores, rng)
    row, step, at = _action_times(begin, leads.intent[contacted], rng)
    action = draw_by_row(ACTION_CHANCES[np.minimum(step, len(ACTION_CHANCES) - 1)], rng)
    lead = contacted[row]
    still_open = at < outcome_at[lead]
    lead, at, step, action = lead[still_open], at[still_open], step[still_open], action[still_open]
    known_by = leads.known_by[lead]
    filed = known_by == FILED
    who = Identified(email=(known_by == BY_EMAIL) | (filed & (step == 0)), key=filed | (known_by == BY_KEY))
    return Events("sales_action", lead, at, who, {"action": Words(ACTIONS, action)})


def _action_times(begin: IntArray, intent: FloatArray, rng: np.random.Generator) -> tuple[IntArray, IntArray, IntArray]:
    """One row for each action on each contacted lead: the lead's row, the action's place and its moment."""
    more = rng.poisson(np.exp(np.clip(0.5 * intent - 0.5, -2, 1)))
    actions = 1 + np.minimum(more, MOST_ACTIONS - 1)
    row = np.repeat(np.arange(len(begin)), actions)
    step = np.arange(len(row)) - np.repeat(actions.cumsum() - actions, actions)
    gap = (DAY * rng.lognormal(np.log(3.0), 0.7, size=len(row))).astype(np.int64) + HOUR
    waited = (gap * (step > 0)).cumsum()
    at = working_hours(begin[row] + waited - np.repeat(waited[step == 0], actions))
    # What a weekend held up may fall behind its follower: times are dealt out again in their order.
    return row, step, at[np.lexsort((at, row))]


def _first_contact(scores: Events, rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """The leads that sales turns to, and when: some hours after the first score that seems worth it."""
    score = np.asarray(scores.fields["score"], dtype=np.float64)
    worth_it = np.flatnonzero(rng.random(len(scores)) < 0.05 + 0.9 * np.minimum(score / 55, 1))
    order = worth_it[np.lexsort((scores.at[worth_it], scores.lead[worth_it]))]
    lead, first = np.unique(scores.lead[order], return_index=True)
    latency = (HOUR * rng.lognormal(np.log(6.0), 1.0, size=len(lead))).astype(np.int64)
    return lead, scores.at[order][first] + latency


@dataclass(frozen=True)
class Fates:
    """What becomes of each lead: whether it converts, when that is known (or NEVER), and what the deal is worth."""

    converted: BoolArray
    known_at: IntArray
    value: FloatArray


def draw_fates(leads: Leads, touches: Mapping[str, list[Events]], logit: FloatArray, rng: np.random.Generator) -> Fates:
    """Draw what becomes of each lead: known some weeks after its last touch, for half of the lost ones never."""
    count = len(leads)
    converted = rng.random(count) < logistic(logit)
    last_touch = leads.arrival.copy()
    for stream in touches.values():
        for events in stream:
            np.maximum.at(last_touch, events.lead, events.at)
    median_days = np.where(converted, 7.0, 11.0)
    delay = (DAY * np.clip(rng.lognormal(np.log(median_days), 0.9), 0.5, 240)).astype(np.int64)
    told = converted | (rng.random(count) < 0.5)
    known_at = np.where(told, working_hours(last_touch + delay), NEVER)
    units = np.clip(rng.lognormal(1.3, 1.1, size=count), 1, 2_000).astype(np.int64)
    discount = rng.uniform(0.78, 1.0, size=count)
    return Fates(converted, known_at, (DEVICE_PRICE[leads.device] * units * discount).round(2))


def outcome_events(leads: Leads, fates: Fates, sales: Events, last_second: int) -> list[Events]:
    """The outcomes that are known, won ones with their value; of leads that sales has filed by the CRM's key alone."""
    filed = np.zeros(len(leads), dtype=np.bool_)
    filed[sales.lead[sales.who.key & (sales.at <= last_second)]] = True
    events = []
    for converted in (True, False):
        lead = np.flatnonzero((fates.converted == converted) & (fates.known_at < NEVER))
        key = filed[lead] | (leads.known_by[lead] == BY_KEY)
        told = np.full(len(lead), converted)
        fields: dict[str, Column] = {"converted": told}
        if converted:
            fields["value"] = fates.value[lead]
        events.append(Events("outcome", lead, fates.known_at[lead], Identified(~key, key), fields))
    return events
