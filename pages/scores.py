"""What the scores are worth: their spread, whether they come true, what the best hold, and which leads to call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import streamlit as st

from app import filters, formatting, notices
from app.asked_leads import asked_leads, link_to_leads
from app.cards import chart_card
from app.charts import gain as gain_charts
from app.charts import rates as rate_charts
from app.charts import scores as score_charts
from app.lake_session import ask, settings
from app.links import note_unknown
from app.loading import end_page
from app.score_views import bands as band_editor
from app.score_views import view as scores_view
from app.score_views.calling import link_to_calls
from lake_access.score_capacity import capacity, cut_offs, week_range
from lake_access.score_histograms import ScoreHistogram, score_arrivals, score_histograms
from lake_access.score_measures import (
    Binning,
    ScoreQuality,
    by_band,
    calibration_error,
    gain_at,
    gain_curve,
    quality,
    reliability,
)

BINNINGS: dict[Binning, str] = {"equal_count": "Equal count", "equal_width": "Equal width"}
View = Literal["quality", "gain", "bands", "calls"]
VIEWS: dict[View, str] = {"quality": "Quality", "gain": "Gain and lift", "bands": "Bands", "calls": "Whom to call"}
VIEW = "scores_view"
BINS, TOP, CALLS = "bins", "top", "calls"


def headline(histogram: ScoreHistogram, worth: ScoreQuality, error: float | None) -> None:
    """How many leads the figures rest on, and how well their scores foretold them."""
    foretells = not histogram.kind.is_rules
    figures = [
        (
            "Mature leads",
            formatting.count(worth.leads),
            f"{formatting.count(worth.conversions)} converted",
        ),
        ("ROC AUC", _number(worth.auc), "0.5 is blind"),
    ]
    if foretells:
        figures += [
            ("Brier score", _number(worth.brier), f"base rate: {_number(worth.brier_of_base_rate)}"),
            ("Calibration error", _number(error), "0 is perfect"),
        ]
    with st.grid(len(figures), min_column_width=170):
        for label, value, note in figures:
            st.metric(label, value, delta=note, delta_color="off", delta_arrow="off", border=True)


def _number(value: float | None) -> str:
    return "–" if value is None else formatting.figure(value, 3)


def draw_calibration(histogram: ScoreHistogram, binning: Binning, minimum_cell: int) -> None:
    """The reliability curve; of the rules' score, which is no probability, conversion by score."""
    bins = reliability(histogram, binning)
    if histogram.kind.is_rules:
        title, note = "Conversion by score", "The rules' score is points, not a probability: it has no calibration."
    else:
        title = "Calibration"
        note = "Dotted: foretold and observed are the same. A score is read as a probability in percent."
    chart_card(
        title,
        score_charts.reliability(bins, minimum_cell, is_probability=not histogram.kind.is_rules),
        key="calibration",
        alt=f"{title}: observed conversion rate of leads by score, with 95% intervals",
        frame=scores_view.reliability_frame(bins),
        writers=scores_view.SHARE_WRITERS,
        file_name="calibration",
        sql=sql_of[histogram.kind.is_rules],
        parameters=found.parameters,
        note=f"{note} Bars: 95% Wilson intervals. Faint: fewer than {minimum_cell} leads.",
    )


def draw_gain() -> None:
    """Cumulative gain and lift, with what the best leads hold."""
    curve = gain_curve(histogram)
    top = st.slider("Best leads, %", 1, 100, 20, key=TOP, bind="query-params", width=420)
    reading = gain_at(curve, top / 100)
    if reading is None:
        st.info("No mature lead here has converted: there is nothing to gain yet.", icon=":material/hourglass_empty:")
        return
    st.markdown(
        f"The top **{top}%** of leads hold **{formatting.percentage(reading.gain)}** of conversions "
        f"({formatting.interval(reading.low, reading.high)}): **{formatting.figure(reading.lift, 1)} times** "
        f"as many as {top}% taken blindly."
    )
    drawn: dict[str, Any] = {
        "frame": scores_view.gain_frame(curve),
        "writers": scores_view.SHARE_WRITERS,
        "sql": sql_of[histogram.kind.is_rules],
        "parameters": found.parameters,
    }
    left, right = st.columns(2, gap="small")
    with left:
        chart_card(
            "Cumulative gain",
            gain_charts.gain(curve, reading),
            key="gain",
            alt=f"The best {top}% of leads hold {formatting.percentage(reading.gain)} of the conversions",
            file_name="gain",
            note="Leads of one score count in proportion where a cut falls among them: a straight piece.",
            **drawn,
        )
    with right:
        chart_card(
            "Lift",
            gain_charts.lift(curve, reading),
            key="lift",
            alt=f"The best {top}% of leads convert {formatting.figure(reading.lift, 1)} times as often as all",
            file_name="lift",
            note="The bar is the 95% Wilson interval of the share of the conversions.",
            **drawn,
        )


def draw_capacity() -> None:
    """Which leads to call when only so many can be called a week, and what that promises."""
    arrivals = ask(score_arrivals, pinned, histogram.kind, counted)
    calls = st.number_input(
        "Leads that sales can call a week", 1, 1_000_000, 50, key=CALLS, bind="query-params", width=260
    )
    answer, weeks = capacity(histogram, arrivals, calls), week_range(arrivals)
    if answer is None or weeks is None:
        st.info(
            "No lead of the recent whole weeks has such a score, or no mature one: arrivals and rate are not known. "
            "Choose the score that leads get now, or other days.",
            icon=":material/date_range:",
        )
        link_to_leads(counted)
        return
    between = f"{formatting.day(weeks[0])} to {formatting.day(weeks[1])}"
    cut = answer.fitting
    if cut is None:
        st.info("Even the highest score brings more leads a week than that.", icon=":material/call:")
    else:
        promised = formatting.figures(cut.low, cut.high, 1)
        figures = (
            ("Call from score", str(cut.score), f"{formatting.figure(cut.weekly, 1)} leads a week"),
            ("Conversions a week", formatting.figure(cut.expected, 1), promised),
            ("In one week", f"{answer.one_week[0]} to {answer.one_week[1]}", "conversions (95%)"),
            ("Leads in a week", f"{answer.least} to {answer.most}", "least and most"),
        )
        with st.grid(len(figures), min_column_width=170):
            for label, value, note in figures:
                st.metric(label, value, delta=note, delta_color="off", delta_arrow="off", border=True)
    if answer.next_lower is not None:
        more = answer.next_lower
        st.caption(
            f"From score {more.score} it would be {formatting.figure(more.weekly, 1)} leads a week and "
            f"{formatting.figure(more.expected, 1)} conversions "
            f"({formatting.figures(more.low, more.high, 1)})."
        )
    if cut is None:
        link_to_leads(counted)
    else:
        link_to_calls(pinned, histogram.kind, cut.score, counted)
    cuts = cut_offs(histogram, arrivals)
    chart_card(
        "Other capacities",
        gain_charts.capacity_curve(cuts, answer),
        key="capacity",
        alt="Expected conversions of a mean week by the leads called in it, with 95% intervals",
        frame=scores_view.capacity_frame(cuts),
        writers={"rate": formatting.percentage},
        file_name="capacity",
        sql=arrivals.sql,
        parameters=arrivals.parameters,
        note=f"Arrivals: mean of the {len(arrivals.weeks)} whole weeks {between}. Rate: mature leads at or above the "
        "cut-off, as they were treated, with its 95% Wilson interval; a single week also has its chance "
        "(beta-binomial).",
    )


def choose_view() -> View:
    """Let the reader choose what the page shows; only that is computed."""
    note_unknown(VIEW, "View", VIEWS.values())
    return st.segmented_control(
        "What the scores are worth",
        list(VIEWS),
        default="quality",
        required=True,
        format_func=VIEWS.__getitem__,
        key=VIEW,
        bind="query-params",
        label_visibility="collapsed",
    )


def draw_quality() -> None:
    """How the scores are spread, and whether they come true."""
    binning = st.segmented_control(
        "Bins of the calibration",
        list(BINNINGS),
        default="equal_count",
        required=True,
        format_func=BINNINGS.__getitem__,
        key=BINS,
        bind="query-params",
    )
    headline(histogram, worth, calibration_error(reliability(histogram, binning)))
    if sum(histogram.late):
        st.caption(
            f"{formatting.count(sum(histogram.late))} leads had converted before this version first scored them: "
            "they are in the distribution and in no rate."
        )
    left, right = st.columns(2, gap="small")
    with left:
        draw_distributions()
    with right:
        draw_calibration(histogram, binning, lake.minimum_cell)


def draw_distributions() -> None:
    """The histograms of the rules' score and of the versions', below one another."""
    rows = scores_view.distributions(found, names, histogram.kind, counted.all_leads)
    left_out = len(kinds) - len(rows)
    chart_card(
        "Distribution of scores",
        score_charts.distributions(rows),
        key="distribution",
        alt="How many leads have which score, by the rules and by model version",
        frame=scores_view.distribution_frame(found, names, counted.all_leads),
        writers=scores_view.SHARE_WRITERS,
        file_name="score-distribution",
        queries=[(sql, found.parameters) for sql in found.queries],
        note="Share of the leads in each five scores."
        + (f" {left_out} more versions are in the table." if left_out else "")
        + (f" {formatting.count(found.unscored)} leads have no score by the rules." if found.unscored else ""),
    )


def draw_bands() -> None:
    """Conversion by the declared bands, and the editor of others."""
    declared = settings().declarations.bands
    bands = by_band(histogram, declared, counted.all_leads)
    rates = scores_view.band_rates(bands, scores_view.band_colours(len(bands)), lake.minimum_cell)
    chart_card(
        "Conversion by declared band",
        rate_charts.rate_bars(rates),
        key="declared_bands",
        alt=rate_charts.description("Conversion by declared band", rates),
        frame=scores_view.band_frame(bands),
        file_name="conversion-by-band",
        sql=sql_of[histogram.kind.is_rules],
        parameters=found.parameters,
        note="The bands of leadlake.toml, on the chosen score; mature leads.",
        column_config=band_editor.band_columns(),
        writers=band_editor.BAND_WRITERS,
    )
    band_editor.band_editor(
        histogram,
        declared,
        counted.all_leads,
        lake.minimum_cell,
        kinds=kinds,
        found_by=(sql_of[histogram.kind.is_rules], found.parameters),
    )


def tell_why_empty() -> None:
    """Say why there is nothing to count: no lead at all, only young ones, or none that has this score."""
    young = sum(histogram.young)
    if young or not found.unscored:
        notices.nothing_matches(young, lake.outcome_window_days)
        filters.clear_button(days, key="clear_filters_here")
        return
    of = "a score yet" if len(kinds) == 1 else "this score"
    st.info(
        f"Of {formatting.counted(found.unscored, 'lead')} here none has {of}. Scores come with the events of "
        "the scoring system, or by the rules of leadlake.toml.",
        icon=":material/speed:",
    )


asked = asked_leads()
pinned, days, reading, counted = asked.pinned, asked.days, asked.reading, asked.counted
lake = settings().declarations.lake
asked.tell()

view = choose_view()
found = ask(score_histograms, pinned, counted)
sql_of = {True: found.queries[0], False: found.queries[1]}
kinds = [histogram.kind for histogram in found.histograms]
names = scores_view.kind_names(kinds)
note_unknown(band_editor.SCORE, "Score of", names.values())
kind = st.selectbox(
    "Score of",
    kinds,
    index=1 if len(kinds) > 1 else 0,
    format_func=names.__getitem__,
    key=band_editor.SCORE,
    bind="query-params",
    help="The rules' final score as it is by now, or the first score that a model version gave a lead.",
    width=420,
)
histogram = found.of(kind)
if not sum(histogram.leads(counted.all_leads)):
    tell_why_empty()
    end_page()
DRAWN_BY: dict[View, Callable[[], None]] = {
    "quality": draw_quality,
    "gain": draw_gain,
    "bands": draw_bands,
    "calls": draw_capacity,
}
worth, young = quality(histogram), sum(histogram.young)
st.caption(
    f"{formatting.share(worth.conversions, worth.leads)} mature leads with this score converted"
    + (f"; {formatting.count(young)} young ones are in no rate." if young else ".")
)
DRAWN_BY[view]()
if view != "calls":
    link_to_leads(counted)
