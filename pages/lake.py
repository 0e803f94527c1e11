"""The state of the lake: whether it is well, its tables, what builds made of what landed, what was refused."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from app import formatting, table_columns
from app.acting import acting
from app.cards import chart_card, table_card
from app.charts import lake as lake_charts
from app.escaping import markdown_text
from app.lake_health import health
from app.lake_session import ask, opened_lake, pinned_lake, settings
from app.links import note_unknown
from lake_access import lake_state
from lake_access.permissions import Action, require
from lake_access.queries import load_query

SECTIONS = ("Health", "Tables", "Builds", "Quarantine", "Raw batches", "Snapshots")
SIGNS = {"ok": "✓ well", "warning": "! look", "failure": "✗ wrong"}
BATCH_COLUMNS = (
    "landed_at",
    "stream",
    "lines_read",
    "curated",
    "duplicates",
    "quarantined",
    "refused",
    "history",
    "batch_id",
    "built_at",
)


COUNTS = {
    "built_at": table_columns.moment("Built (UTC)"),
    "landed_at": table_columns.moment("Landed (UTC)"),
    "stream": "Stream",
    "batch_id": "Batch",
    "history": st.column_config.CheckboxColumn("History", help="Landed as history: known from the start, not as news."),
    "batches": table_columns.count("Batches"),
    "lines_read": table_columns.count("Lines read"),
    "curated": table_columns.count("Curated"),
    "duplicates": table_columns.count("Duplicates"),
    "quarantined": table_columns.count("Quarantined"),
    "batches_refused": table_columns.count("Refused whole"),
    "refused": "Refused whole, why",
}


def with_labels(frame: pd.DataFrame) -> pd.DataFrame:
    """Streams as readers call them."""
    return frame.assign(stream=frame["stream"].map(settings().declarations.source_label))


def draw_health() -> None:
    """What the doctor finds."""
    findings = health()
    frame = pd.DataFrame(
        [
            {"State": SIGNS[found.verdict], "What": found.subject, "How it stands": found.detail, "To do": found.remedy}
            for found in sorted(findings, key=lambda found: list(reversed(SIGNS)).index(found.verdict))
        ]
    )
    wrong = [found for found in findings if found.verdict != "ok"]
    if not wrong:
        st.success(f"All {len(findings)} checks are well.", icon=":material/check_circle:")
    for found in wrong:  # whole, since a table cuts long sentences; as text, since it may name a reason
        with st.container(border=True, gap="xsmall"):
            st.markdown(f":{'red' if found.verdict == 'failure' else 'orange'}[:material/warning:] **{found.subject}**")
            st.text(found.detail)
            if found.remedy:
                st.caption(markdown_text(found.remedy))
    table_card(
        f"{len(findings)} checks",
        frame,
        key="health",
        file_name="lake-health",
        made_of="From what `leadlake doctor` looks at: settings, the catalog, tables and the storage behind them.",
        height="content",
        column_config={
            "State": st.column_config.TextColumn(width=70),
            "What": st.column_config.TextColumn(width=150),
            "How it stands": st.column_config.TextColumn(width=430),
        },
    )


def draw_tables() -> None:
    """Every table with its size and how fresh it is."""
    states = lake_state.table_states(pinned, acting())
    table_card(
        "Tables",
        states[["table", "rows", "files", "bytes", "committed_at", "snapshot"]],
        key="tables",
        file_name="lake-tables",
        made_of="From the metadata that the catalog keeps of each table's snapshot; no query reads the rows for it.",
        column_config={
            "table": "Table",
            "rows": table_columns.count("Rows"),
            "files": table_columns.count("Files"),
            "bytes": "Size",
            "committed_at": table_columns.moment("Rows committed (UTC)"),
            "snapshot": "Snapshot",
        },
        writers={"bytes": formatting.file_size},
    )


def draw_builds() -> None:
    """What landed day by day, and what each build made of it."""
    days = ask(lake_state.lines_by_day, pinned, acting())
    declarations = settings().declarations
    labels = {name: declarations.source_label(name) for name in declarations.sources}
    chart_card(
        "Lines that landed, by day (UTC)",
        lake_charts.landed_lines(days, labels, list(declarations.sources)),
        key="landed",
        alt="Lines that landed by day and stream",
        frame=days,
        file_name="lines-by-day",
        sql=load_query("lines_by_day"),
    )
    table_card(
        "Builds",
        ask(lake_state.builds, pinned, acting()),
        key="builds",
        file_name="builds",
        sql=load_query("builds"),
        parameters={"limit": lake_state.NEWEST},
        note=f"Lines read = curated + duplicates + quarantined, always. The newest {lake_state.NEWEST} builds.",
        column_config=COUNTS,
    )


def draw_quarantine() -> None:
    """What was refused, and why."""
    refused = ask(lake_state.refused_by_reason, pinned, acting())
    if refused.empty:
        st.success("No line is in quarantine.", icon=":material/check_circle:")
        return
    table_card(
        f"{formatting.count(int(refused['lines'].sum()))} refused lines, by reason",
        with_labels(refused),
        key="quarantine",
        file_name="quarantine",
        sql=load_query("quarantine_by_stream"),
        note="After a fix: `leadlake quarantine retry`. What a line says: `leadlake quarantine list --lines`.",
        column_config={
            "stream": "Stream",
            "reason": "Reason",
            "lines": table_columns.count("Lines"),
            "first_seen": table_columns.moment("First landed (UTC)"),
            "last_seen": table_columns.moment("Last landed (UTC)"),
        },
    )


def draw_batches() -> None:
    """The raw files that were built."""
    stream = st.selectbox(
        "Stream",
        list(settings().declarations.sources),
        index=None,
        placeholder="All streams",
        format_func=settings().declarations.source_label,
        width=320,
        key="stream",
        bind="query-params",
    )
    table_card(
        "Raw batches",
        with_labels(ask(lake_state.newest_batches, pinned, acting(), stream))[list(BATCH_COLUMNS)],
        key="batches",
        file_name="raw-batches",
        sql=load_query("newest_batches"),
        parameters={"stream": stream, "limit": lake_state.NEWEST},
        note=f"The newest {lake_state.NEWEST}.",
        column_config=COUNTS,
    )


def draw_snapshots() -> None:
    """The earlier states that can still be read."""
    days = settings().declarations.lake.snapshot_retention_days
    table_card(
        "Snapshots",
        lake_state.snapshots(opened_lake(), acting()),
        key="snapshots",
        file_name="snapshots",
        made_of="From the metadata that the catalog keeps of each snapshot; no query reads the rows for it.",
        note="`leadlake query --as-of SNAPSHOT` reads an earlier state; `leadlake maintain` lets go what is older than "
        f"{days} days.",
        column_config={
            "committed_at": table_columns.moment("Committed (UTC)", seconds=True),
            "table": "Table",
            "snapshot": "Snapshot",
            "rows": table_columns.count("Rows"),
        },
    )


require(acting(), Action.VIEW_LAKE)
pinned = pinned_lake()
note_unknown("lake_section", "Section", SECTIONS)
section = st.segmented_control(
    "Section",
    SECTIONS,
    default=SECTIONS[0],
    required=True,
    key="lake_section",
    bind="query-params",
    label_visibility="collapsed",
)
DRAW = {
    "Health": draw_health,
    "Tables": draw_tables,
    "Builds": draw_builds,
    "Quarantine": draw_quarantine,
    "Raw batches": draw_batches,
    "Snapshots": draw_snapshots,
}
DRAW[section or SECTIONS[0]]()
