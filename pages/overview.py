"""How things stand at a glance: the headline with its changes, the trend, the sources, and what needs attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import streamlit as st

from app import cards, filters, formatting, notices, overview_view
from app.acting import acting
from app.asked_leads import asked_leads, link_to_leads
from app.attention import notices as attention_of
from app.cards import row_apart
from app.charts import rates as rate_charts
from app.charts.trend import trend, trend_description
from app.comparison import comparison, maturity_caveat, partly_before_the_first_lead
from app.conversion_views import table as conversion_table
from app.conversion_views.view import Margin, Reading, margin
from app.grain import choose_grain
from app.lake_session import conversion_of, settings, state
from app.loading import end_page
from app.model_views.champion import champion_of
from app.navigation import PAGES, link_to
from app.overview_view import Card
from lake_access.permissions import Action, may


def headline(shown: Sequence[Card]) -> None:
    """The figures, each with what it rests on, its change in words, and its course."""
    with st.grid(len(shown), min_column_width=140):
        for card in shown:
            with st.container(border=True, height="stretch", gap="xsmall"):
                change = card.change
                st.metric(
                    card.label,
                    card.value,
                    delta=(change.text or "–") if change else None,
                    delta_color=change.tone if change else "off",
                    delta_arrow=change.direction if change else "off",
                    chart_data=list(card.course) if len(card.course) > 1 else None,
                    chart_type="line",
                    help=card.help,
                )
                st.caption(f"{formatting.sentence(change.verdict)}  \n{card.basis}" if change else card.basis)


def choose_source(values: Sequence[str]) -> None:
    """Filter by the source whose bar was clicked; a second click takes the filter back."""
    points: list[dict[str, Any]] = st.session_state["overview_sources"]["selection"]["points"]
    if not points:
        st.session_state[filters.SOURCES] = []
        return
    filters.choose_value("source", values[int(points[0]["y"])])


def draw_sources(of: Margin, reading: Reading, chosen: Sequence[str], answer: Any) -> None:
    """Conversion by first source; a click on a bar filters the rest of the page."""
    rates = [
        replace(rate, name=f"✓ {rate.name}") if value in chosen else rate
        for value, rate in zip(of.values, of.rates, strict=True)
    ]
    cards.chart_card(
        "By source",
        rate_charts.rate_bars(rates),
        key="overview_sources",
        alt=rate_charts.description("Conversion by source", rates),
        frame=conversion_table.frame(answer, reading),
        file_name="conversion-by-source",
        sql=answer.sql,
        parameters=answer.parameters,
        column_config=conversion_table.column_config(answer),
        writers=conversion_table.RATE_WRITERS,
        note=of.leaves_out or "Click a bar to filter the rest, and again to take that back.",
        on_select=partial(choose_source, of.values),
    )


def draw_champion() -> None:
    """Which model scores leads, and since when."""
    with st.container(border=True, height="stretch"):
        st.subheader("Champion")
        champion = champion_of(state())
        if champion is None:
            st.caption(
                "No model has been promoted yet: leads carry the scores of the rules, and of the models they name."
            )
            return
        st.metric("Model version", formatting.shortened(champion.version, 24))
        st.text(f"Champion since {formatting.moment(champion.since)}, {champion.decided}.")
        if champion.reason:
            st.text(champion.reason)


def draw_attention() -> None:
    """What needs attention, each with where to see to it."""
    with st.container(border=True, height="stretch"):
        st.subheader("Needs attention")
        found = attention_of(pinned, state(), datetime.now(UTC), reader)
        if not found:
            of_lines = ", and no more lines are refused than usual" if may(reader, Action.VIEW_LAKE) else ""
            st.caption(f":material/check_circle: Nothing: data is fresh{of_lines}.")
        offered = {entry.file: entry.title for entry in PAGES if may(reader, entry.action)}
        for notice in found:
            with st.container(gap="xsmall"):
                st.markdown(f":orange[:material/warning:] **{notice.subject}**")
                st.text(notice.detail)  # it may name a stream or a reason: as text
                if notice.remedy:
                    st.caption(notice.remedy)
                if notice.page in offered:
                    st.page_link(link_to(notice.page), label=f"Open {offered[notice.page]}")


asked = asked_leads()
pinned, days, reading, counted = asked.pinned, asked.days, asked.reading, asked.counted
reader = acting()
lake = settings().declarations.lake
compared = comparison(counted, days, filters.compare_with())
chosen_days = (counted.since or days[0], counted.until or days[1])
asked.tell("rates over mature leads")

if not conversion_of(pinned, ("day",), replace(counted, all_leads=True)).rows:
    notices.nothing_matches(0, lake.outcome_window_days)
    filters.clear_button(days, key="clear_filters_here")
    end_page()

with row_apart():
    told = f"Changes: {compared.label}." if compared is not None else "Nothing to compare with."
    st.caption(f":material/compare_arrows: {told}", width="content")
    grain = choose_grain(chosen_days)

headline_place = st.container()
figures = overview_view.period_figures(pinned, counted, chosen_days, grain)
both = None
if compared is not None:
    both = (
        overview_view.period_figures(pinned, compared.now, compared.days, grain if compared.now == counted else None),
        overview_view.period_figures(pinned, compared.before, compared.days_before),
    )
course = overview_view.course_of(pinned, counted, grain)
ranked = overview_view.ranks_of(pinned, compared)
with headline_place:
    headline(overview_view.cards(figures, course, both, ranked, lake.minimum_cell))
caveats = []
if both is not None and compared is not None:
    caveats.append(maturity_caveat(both[0].young, both[1].young, counted.all_leads))
    if partly_before_the_first_lead(compared, days):
        caveats.append(f"The first lead came {formatting.day(days[0])}: the period compared with is not whole.")
st.caption(
    " ".join(["Beyond chance: no change at all lies outside the change's 95% interval.", *filter(None, caveats)])
)

link_to_leads(counted, with_young=True)

left, right = st.columns([6, 5], gap="small")
with left:
    points = overview_view.trend_points(course, grain, reading)
    cards.chart_card(
        "Trend",
        trend(points),
        key="overview_trend",
        alt=trend_description(points),
        frame=overview_view.trend_frame(points),
        file_name=f"leads-by-{grain}",
        sql=course.counted.sql,
        parameters=course.counted.parameters,
        writers=conversion_table.RATE_WRITERS,
        fills=True,
        note=f"Young: within {lake.outcome_window_days} days of their first touch, and not counted in rates.",
    )
with right:
    by_source = conversion_of(pinned, ("source",), replace(counted, sources=()))
    draw_sources(margin(by_source, "source", reading), reading, counted.sources, by_source)
    if may(reader, Action.VIEW_MODELS):
        draw_champion()

draw_attention()
