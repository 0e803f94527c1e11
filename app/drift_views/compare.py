"""The section Columns of the page Drift: verdicts, the table, one column's distributions, and sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from app import formatting, table_columns
from app.cards import chart_card, table_card
from app.charts import drift as drift_charts
from app.drift_views import numbers as drift_numbers
from app.drift_views import view as drift_view
from app.drift_views.choice import Sides
from app.lake_session import ask, settings
from lake_access.drift.distributions import distribution
from lake_access.lake import PinnedLake
from monitoring.drift.choice import TITLES
from monitoring.drift.result import ColumnDrift, DatasetDrift
from training.registry import card, versions

FIGURE = table_columns.figure(4)
THRESHOLD = table_columns.figure(2)
SHARES = ("Missing before", "Missing now", "Share of the cost")
ONE_AFTER_ANOTHER = "The queries are asked one after another."
MOST_SOURCES = 8


def draw(pinned: PinnedLake, sides: Sides, sources: Sequence[str], labels: Mapping[str, str]) -> None:
    """Compare both sides, and draw what that says."""
    with st.spinner("Comparing over every row"):
        least = max(1, settings().declarations.lake.minimum_cell)
        answer = ask(drift_numbers.compared, pinned, sides.reference, sides.current, least)
        if isinstance(answer, drift_numbers.TooFew):
            ours, theirs = (formatting.count(each) for each in (answer.reference_rows, answer.current_rows))
            st.info(
                f"Too few rows to compare: {ours} against {theirs}, and it takes {least} on either side.",
                icon=":material/filter_alt_off:",
            )
            return
        cost = _cost(pinned, sides)
    found = answer.drift
    columns = drift_view.in_order(found, cost)
    _draw_verdicts(replace(found, columns=tuple(columns)), sides)
    table_card(
        "Columns",
        drift_view.columns_frame(columns, cost),
        key="drift_columns",
        file_name="drift-columns",
        queries=answer.queries,
        made_of=f"{ONE_AFTER_ANOTHER} They give the rows of both sides, and the missing; distances, p-values and the "
        "noise floor are reckoned in Python from every one of these rows.",
        column_config={
            **dict.fromkeys(("Value", "Noise floor", "PSI", "Chance p, adjusted"), FIGURE),
            "Threshold": THRESHOLD,
            "Column": st.column_config.TextColumn(pinned=True),
        },
        writers=dict.fromkeys(SHARES, formatting.percentage),
        note=f"{drift_view.order_told(cost)} The noise floor is the same statistic between random halves of the "
        "reference: the greatest distance, the least p-value.",
    )
    _draw_column(pinned, sides, columns)
    _draw_sources(pinned, sides, sources, labels)


def _draw_verdicts(found: DatasetDrift, sides: Sides) -> None:
    rule, chance = drift_view.verdicts(found)
    with st.container(border=True, key="card_drift_verdicts"):
        st.subheader(drift_view.heading(found))
        for line in (
            rule,
            f"{chance} (Holm: {formatting.whole_percentage(found.alpha)} for all columns together.)",
            drift_view.act_on(found),
        ):
            st.text(line)
        ours, theirs = formatting.count(found.reference_rows), formatting.count(found.current_rows)
        st.text(f"Reference: {sides.words[0]}, {ours} rows. Current: {sides.words[1]}, {theirs} rows. All are counted.")


def _draw_column(pinned: PinnedLake, sides: Sides, columns: Sequence[ColumnDrift]) -> None:
    names = [column.column for column in columns if column.test != "none"]
    if not names:
        return
    chosen = st.selectbox("Column", names, key="column", bind="query-params", width=320)
    row = next(column for column in columns if column.column == chosen)
    spread = ask(distribution, pinned, sides.reference, sides.current, chosen)
    frame = pd.DataFrame(
        [(bar.label, bar.high, bar.reference, bar.current) for bar in spread.bars],
        columns=["Value or from", "To", "Reference", "Current"],
    )
    rest = f" {formatting.count(spread.rest)} rarer values are not drawn." if spread.rest else ""
    missing = f"Missing: {formatting.count(spread.missing[0])} and {formatting.count(spread.missing[1])} rows."
    chart_card(
        "One column on both sides",
        drift_charts.distributions(spread),
        key="drift_distribution",
        alt="Shares of the rows of reference and current by value",
        frame=frame,
        file_name="drift-distribution",
        queries=spread.queries,
        made_of=ONE_AFTER_ANOTHER,
        column_config=dict.fromkeys(("Reference", "Current"), table_columns.count()),
        note=f"{_values(row)} {missing}{rest}",
    )


def _values(row: ColumnDrift) -> str:
    told = []
    if row.value is not None:
        value, threshold = formatting.figure(row.value, 4), formatting.brief_figure(row.threshold)
        told.append(f"{TITLES[row.test]}: {value}, threshold {threshold}.")
    if row.psi is not None:
        told.append(f"PSI: {formatting.figure(row.psi, 4)}.")
    return " ".join(told)


def _draw_sources(pinned: PinnedLake, sides: Sides, sources: Sequence[str], labels: Mapping[str, str]) -> None:
    if sides.reference.source is not None or len(sources) < 2:
        return
    if not st.toggle("By source", key="by_source", bind="query-params", help="Each column by the test of all leads."):
        return
    with st.spinner("Comparing within each source"):
        shown = tuple(sources[:MOST_SOURCES])
        found = ask(drift_numbers.compared_by_source, pinned, sides.reference, sides.current, shown)
    more = f" The first {MOST_SOURCES} of {len(sources)} sources." if len(sources) > MOST_SOURCES else ""
    table_card(
        "By source",
        drift_view.sources_frame(found, labels),
        key="drift_sources",
        file_name="drift-by-source",
        made_of="Reckoned in Python from the rows of each source on both sides: the queries of “Columns”, with the "
        "source in $source.",
        column_config={"Value": FIGURE, "PSI": FIGURE, "Threshold": THRESHOLD},
        note=f"Columns that drifted or differ beyond chance; every source has the test of all leads.{more}",
    )


def _cost(pinned: PinnedLake, sides: Sides) -> drift_view.Cost | None:
    """What weighs drift: importances from the card of the current version, and the leads that change band."""
    if sides.versions is None:
        return None
    reference, current = sides.versions
    if current not in {version.version for version in versions(settings())}:
        return None
    importance = {row["feature"]: float(row["loss"]) for row in card(settings(), current)["importances"]}
    return drift_view.Cost(importance, ask(drift_numbers.shifted, pinned, reference, current).moved)
