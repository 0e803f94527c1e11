"""The view Funnel: how many leads are scored, contacted, and become customers, and what changed since before."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Final

import pandas as pd
import streamlit as st

from app import formatting, table_columns
from app.acting import acting
from app.cards import chart_card, table_card
from app.charts.analysis import FunnelBar, funnel_bars
from app.comparison import Comparison, maturity_caveat
from app.conversion_views.clicks import chart_key, on_click_open
from app.conversion_views.leads_behind import LEADS, Which
from app.conversion_views.shown import Shown
from app.lake_session import ask
from app.table_columns import Writer
from lake_access.conversion_analysis.funnel import STEPS, Funnel, Step, funnel
from lake_access.differences import of_proportions
from lake_access.intervals import wilson_interval
from lake_access.permissions import Action, may

OF_STEP: Final[Mapping[Step, str]] = {"lead": "leads", "scored": "scored", "contacted": "contacted"}
STEP_NAMES: Final[Mapping[Step, str]] = {
    "lead": "Lead",
    "scored": "Scored",
    "contacted": "Contacted",
    "converted": "Converted",
}
CHANGE_WRITERS: Final[dict[str, Writer]] = {
    **dict.fromkeys(("rate", "rate_before"), formatting.percentage),
    **dict.fromkeys(("points", "points_low", "points_high"), formatting.points),
}
LEADS_OF: Final[Mapping[Step, Which]] = {
    "lead": "counted",
    "scored": "scored",
    "contacted": "contacted",
    "converted": "reached",
}
CHANGES: Final = ("share", "n", "rate", "n_before", "rate_before", "points", "points_low", "points_high", "verdict")


def draw(shown: Shown) -> bool:
    """Draw the view; whether any lead is counted."""
    now = ask(funnel, shown.pinned, shown.filters)
    if not now.leads:
        return False
    compared = shown.compared
    both = None
    if compared is not None:
        both = (ask(funnel, shown.pinned, compared.now), ask(funnel, shown.pinned, compared.before))
    before = both[1] if both is not None and compared is not None and compared.whole else None
    bars = [_bar(now, before, step) for step in STEPS]
    opens_leads = may(acting(), Action.VIEW_LEADS)
    chart_card(
        "From lead to customer",
        funnel_bars(bars),
        key=chart_key("funnel"),
        alt="The funnel. " + "; ".join(f"{bar.name}: {formatting.count(bar.count)}" for bar in bars) + ".",
        frame=counts_frame(now),
        file_name="funnel",
        sql=now.sql,
        parameters=now.parameters,
        note=past_the_funnel(now)
        + (" Thin bars: the period before." if before is not None else "")
        + (" Click a bar to open its leads below." if opens_leads else ""),
        on_select=on_click_open("funnel", [LEADS_OF[step] for step in STEPS], LEADS) if opens_leads else "ignore",
        writers=dict.fromkeys(("of_step_before", "of_all", "low", "high"), formatting.percentage),
    )
    if compared is not None and both is not None:
        _draw_changes(both[0], both[1], compared, shown)
    else:
        st.caption("Nothing to compare with: choose earlier days, or what to compare with, in the sidebar.")
    return True


def counts_frame(of: Funnel) -> pd.DataFrame:
    """A row a step: its leads, their share of the step before with its 95% Wilson interval, and of all leads."""
    rows = []
    previous = of.leads
    for step, count in of.counts.items():
        low, high = wilson_interval(count, previous)
        rows.append((STEP_NAMES[step], count, count / previous if previous else None, low, high, count / of.leads))
        previous = count
    return pd.DataFrame(rows, columns=["step", "leads", "of_step_before", "low", "high", "of_all"])


def changes_frame(now: Funnel, before: Funnel, minimum: int) -> pd.DataFrame:
    """A row a step: its share of the step before in both periods, from 0 to 1, and their difference in points."""
    rows = []
    for earlier_step, step in pairwise(STEPS):
        counts = (now.counts[step], now.counts[earlier_step], before.counts[step], before.counts[earlier_step])
        rows.append((f"{STEP_NAMES[step]} of {OF_STEP[earlier_step]}", *_change(counts, minimum)))
    whole = (now.converted, now.leads, before.converted, before.leads)
    rows.append(("Converted of all leads", *_change(whole, minimum)))
    return pd.DataFrame(rows, columns=list(CHANGES))


def past_the_funnel(of: Funnel) -> str:
    """What the funnel leaves out, in a sentence or two; nothing where it leaves nothing out."""
    parts = []
    if of.past_contact:
        parts.append(f"{formatting.count(of.past_contact)} scored leads converted without a sales action")
    if of.past_score:
        parts.append(f"{formatting.count(of.past_score)} leads were contacted or converted without a score")
    nested = "Each step is a part of the one before."
    return f"{nested} Not in it: {' and '.join(parts)}." if parts else nested


def _bar(now: Funnel, before: Funnel | None, step: Step) -> FunnelBar:
    place = STEPS.index(step)
    count = now.counts[step]
    of_all = formatting.percentage(count / now.leads)
    label, hover = "all leads", f"{formatting.count(count)} leads"
    if place:
        previous = now.counts[STEPS[place - 1]]
        share = formatting.percentage(count / previous) if previous else "–"
        label = f"{share} of {OF_STEP[STEPS[place - 1]]}" + (f"\n{of_all} of all" if place > 1 else "")
        interval = formatting.interval(*wilson_interval(count, previous))
        hover = f"{formatting.share(count, previous)} came on from the step before ({interval})"
    return FunnelBar(STEP_NAMES[step], count, before.counts[step] if before else None, label, hover)


def _change(counts: tuple[int, int, int, int], minimum: int) -> tuple[object, ...]:
    part, whole, part_before, whole_before = counts
    shares = (whole, _rate(part, whole), whole_before, _rate(part_before, whole_before))
    difference = of_proportions(part, whole, part_before, whole_before, minimum)
    if difference is None:
        return (*shares, None, None, None, "too few leads to tell")
    verdict = "beyond chance" if difference.beyond_chance else "within chance"
    return (*shares, 100 * difference.change, 100 * difference.low, 100 * difference.high, verdict)


def _rate(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _draw_changes(now: Funnel, before: Funnel, compared: Comparison, shown: Shown) -> None:
    caveat = maturity_caveat(now.immature, before.immature, shown.filters.all_leads)
    table_card(
        "Changes from step to step",
        changes_frame(now, before, shown.lake.minimum_cell),
        key="funnel_changes",
        file_name="funnel-changes",
        queries=[(now.sql, now.parameters), (before.sql, before.parameters)],
        made_of="Both periods, each counted by itself; shares and intervals are reckoned from the counts in Python.",
        note=f"{compared.label[:1].upper()}{compared.label[1:]}. Points: percentage points, with the 95% interval of "
        f"their difference. {caveat}",
        column_config={
            "share": st.column_config.TextColumn("Share", pinned=True),
            "n": table_columns.count("n"),
            "rate": "Now",
            "n_before": table_columns.count("n before"),
            "rate_before": "Before",
            "points": "Points",
            "points_low": "95% from",
            "points_high": "to",
            "verdict": "Verdict",
        },
        writers=CHANGE_WRITERS,
    )
