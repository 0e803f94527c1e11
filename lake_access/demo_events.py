"""The demo's raw events: a believable year of a company that sells connected devices, the same for the same plan.

Leads come by roadshow, webinar and online, and turn up again for days or weeks. Two model versions score them, sales
acts on the scores, and outcomes follow weeks later; what would lie after the plan's end has not happened yet. Whether a
lead converts depends on its latent intent, its source, city and device, and on what it did: `lake_access.demo.truth`.

Planted drift, in days before the plan's `until` (constants in `lake_access.demo.plan`):

    SOURCE_MIX_SHIFT_DAYS = 90   the roadshow's share of new leads falls from 34% to 15%, online's rises from 41% to 60%
    LONGER_WEBINARS_DAYS  = 60   the mean duration of a webinar attendance rises from 35 to 55 minutes
    NEW_DEVICE_DAYS       = 45   the device model "Aero 3" appears, and within a week takes 20% of new leads

Scores are by model version "1" until SECOND_MODEL_DAYS = 120 and by "2" from then on; for the next OVERLAP_DAYS = 28
half of the leads are scored by both. Also planted: PLANTED_REFUSALS lines that must be quarantined, by stream, and
DUPLICATE_SHARE of the good lines a second time, a day later. Otherwise no two good lines are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import pyarrow as pa

from lake_access.demo.calendar import draw_calendar
from lake_access.demo.events import Events, IntArray
from lake_access.demo.feedback import draw_fates, draw_sales, draw_scores, outcome_events
from lake_access.demo.leads import CITY_WEIGHT, Leads, draw_leads
from lake_access.demo.lines import PLANTED_REFUSALS, json_lines, refused_lines
from lake_access.demo.plan import DAY, DemoPlan
from lake_access.demo.touches import draw_touches
from lake_access.demo.truth import conversion_logit, engagement
from lake_access.errors import StorageError

__all__ = ["DUPLICATE_SHARE", "PLANTED_REFUSALS", "STREAMS", "DemoPlan", "draw_chunks", "write_demo_events"]

STREAMS: Final = ("roadshow", "webinar", "online", "scores", "sales", "outcomes")
DUPLICATE_SHARE: Final = 0.005
CHUNK_LEADS: Final = 50_000  # leads held in memory at once

# Apart, so that the way lines are written never changes what happens in them.
CALENDAR_RANDOMNESS, LEADS_RANDOMNESS, LINES_RANDOMNESS = 0, 1, 2


def write_demo_events(
    plan: DemoPlan, folder: Path, progress: Callable[[float], None] = lambda _: None
) -> dict[str, list[Path]]:
    """Write the plan's events as JSON Lines and return the files by stream, one for each month that has any.

    A file is `<stream>-YYYY-MM.jsonl`, in UTC months; one that is there already is replaced. Lines are in the order of
    time for each 50,000 leads. The bytes are the same for the same plan. `progress` is told the share done, 0 to 1.

    Raises StorageError if a file cannot be written.
    """
    files: dict[str, dict[str, BinaryIO]] = {stream: {} for stream in STREAMS}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with ExitStack() as opened:
            for number, (leads, streams) in enumerate(draw_chunks(plan)):
                rng = np.random.default_rng([plan.seed, LINES_RANDOMNESS, number])
                for stream, parts in streams.items():
                    sent, lines = _lines_in_order(plan, parts, leads, rng)
                    if number == 0:
                        sent, lines = _with_refused(plan, stream, sent, lines)
                    for month, text in _by_month(sent, lines):
                        if month not in files[stream]:
                            file = (folder / f"{stream}-{month}.jsonl").open("wb")
                            files[stream][month] = opened.enter_context(file)
                        files[stream][month].write(text)
                progress(min((number + 1) * CHUNK_LEADS / plan.leads, 1.0))
    except OSError as exc:
        raise StorageError(
            f"The demo's events cannot be written to {folder}: {exc.strerror}. Choose another folder, or make room."
        ) from exc
    return {stream: [Path(months[month].name) for month in sorted(months)] for stream, months in files.items()}


def draw_chunks(plan: DemoPlan) -> Iterator[tuple[Leads, Mapping[str, list[Events]]]]:
    """Draw the plan's leads, up to 50,000 at a time, with all their events by stream, none after the plan's end."""
    calendar = draw_calendar(plan, CITY_WEIGHT, np.random.default_rng([plan.seed, CALENDAR_RANDOMNESS]))
    for number, first in enumerate(range(0, plan.leads, CHUNK_LEADS)):
        rng = np.random.default_rng([plan.seed, LEADS_RANDOMNESS, number])
        leads = draw_leads(plan, calendar, first, min(CHUNK_LEADS, plan.leads - first), rng)
        touches = draw_touches(plan, calendar, leads, rng)
        logit = conversion_logit(leads, engagement(leads, touches))
        scores = draw_scores(plan, leads, touches, logit, rng)
        fates = draw_fates(leads, touches, logit, rng)
        sales = draw_sales(leads, scores, fates.known_at, rng)
        outcomes = outcome_events(leads, fates, sales, plan.last_second)
        streams = touches | {"scores": [scores], "sales": [sales], "outcomes": outcomes}
        yield (
            leads,
            {stream: [events[events.at <= plan.last_second] for events in streams[stream]] for stream in STREAMS},
        )


def _lines_in_order(
    plan: DemoPlan, parts: list[Events], leads: Leads, rng: np.random.Generator
) -> tuple[IntArray, pa.Array]:
    """When each line of one stream was sent, and the lines in that order; some are sent again after a day."""
    at = np.concatenate([events.at for events in parts])
    lines = pa.concat_arrays([json_lines(events, leads, rng) for events in parts])
    again = rng.choice(len(at), size=round(len(at) * DUPLICATE_SHARE), replace=False)
    sent_again = np.minimum(at[again] + DAY, plan.last_second)
    return _in_order(np.append(at, sent_again), pa.concat_arrays([lines, lines.take(pa.array(again))]))


def _with_refused(plan: DemoPlan, stream: str, sent: IntArray, lines: pa.Array) -> tuple[IntArray, pa.Array]:
    refused_at, refused = refused_lines(plan, stream)
    return _in_order(np.append(sent, refused_at), pa.concat_arrays([lines, refused]))


def _in_order(sent: IntArray, lines: pa.Array) -> tuple[IntArray, pa.Array]:
    order = np.argsort(sent, kind="stable")
    return sent[order], lines.take(pa.array(order))


def _by_month(sent: IntArray, lines: pa.Array) -> Iterator[tuple[str, bytes]]:
    """Cut ordered lines into UTC months (`YYYY-MM`)."""
    months, starts = np.unique(sent.astype("datetime64[s]").astype("datetime64[M]"), return_index=True)
    for month, start, end in zip(months, starts, np.append(starts[1:], len(sent)), strict=True):
        yield str(month), "".join(lines[start:end].to_pylist()).encode()
