"""What the pages of models draw: a comparison, a version's card, and gates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from app import formatting, table_columns
from app.cards import chart_card, facts_card, table_card
from app.charts import models as model_charts
from app.charts import rates as rate_charts
from app.model_views import words as model_words
from lake_access.errors import LeadlakeError
from lake_access.intervals import wilson_interval
from training.comparison.outcome import CalibrationBin, Comparison, CountedRate
from training.promotion.records import Gate
from training.versions import ModelVersion

GROUP_FORMATS = {
    **dict.fromkeys(("Leads", "Converted"), table_columns.count()),
    **dict.fromkeys(("ROC AUC", "Average precision", "Calibration error"), table_columns.figure(3)),
}
OF_CARD = (
    "From the card that training kept with this version, made in Python on its test leads; no query of now gives it."
)
COMPARED = "From the comparison that a job made in Python, as it is kept in the database of state."
FROZEN = "As it was measured in Python when the promotion was asked for, and frozen with the request."
BIN_WRITERS = dict.fromkeys(("predicted", "observed", "low", "high"), formatting.percentage)
SHOWN_METRICS = ("roc_auc", "average_precision", "brier", "ece", "lift_10")  # what fits beside each other


def draw_comparison(
    comparison: Comparison,
    *,
    key: str,
    labels: Mapping[str, str],
    minimum_cell: int,
    with_leads: bool,
    made_of: str,
) -> None:
    """Everything that a comparison says; single leads only `with_leads`, for who may see them all.

    `made_of` says in a sentence where it is kept.
    """
    first, second = comparison.first, comparison.second
    names = (f"Version {first}", f"Version {second}")
    table_card(
        "Metrics on the same leads",
        model_words.metrics_table(comparison.metrics, first, second),
        key=f"{key}_metrics",
        file_name=f"metrics-{first}-{second}",
        made_of=made_of,
        note=f"Differences are version {second} less version {first}, with the 95% interval of a paired bootstrap.",
    )
    _draw_bands(comparison, key, minimum_cell, made_of)
    left, right = st.columns(2, gap="small")
    with left:
        _draw_calibration(comparison, names, key, made_of)
    with right:
        bars = [(bar.lowest, bar.highest, bar.first, bar.second) for bar in comparison.scores]
        chart_card(
            "Scores",
            model_charts.score_distributions(comparison.scores, names),
            key=f"{key}_scores",
            alt=f"How many of {comparison.counted.leads} leads have which score under versions {first} and {second}",
            frame=pd.DataFrame(bars, columns=["From", "To", *names]),
            file_name=f"scores-{first}-{second}",
            made_of=made_of,
            note=_agreement(comparison),
        )
    table_card(
        "By source",
        model_words.sources_table(comparison.by_source, labels),
        key=f"{key}_sources",
        file_name=f"sources-{first}-{second}",
        made_of=made_of,
        note=f"Before is version {first}, after is version {second}.",
    )
    if with_leads and comparison.movers:
        table_card(
            "Leads that move most",
            model_words.movers_table(comparison.movers, labels),
            key=f"{key}_movers",
            file_name=f"movers-{first}-{second}",
            made_of=made_of,
            note="Moved by: the features whose part in the lead's log-odds changes most, and by how much.",
        )


def _draw_bands(comparison: Comparison, key: str, minimum_cell: int, made_of: str) -> None:
    first, second = comparison.first, comparison.second
    heads = [f"{name} {cutoff}+" for name, cutoff in zip(comparison.bands, comparison.cutoffs, strict=True)]
    cells = model_charts.matrix_cells(comparison.band_matrix, comparison.bands, minimum_cell)
    declared = (
        "Bands by the declared cut-offs."
        if comparison.cutoffs_declared
        else f"The declared bands leave nearly all leads in one, so these are the highest tenths of version {first}."
    )
    left, right = st.columns([5, 6], gap="small")
    with left:
        chart_card(
            "Band by band",
            rate_charts.rate_grid(heads, heads, cells, beside=250),
            key=f"{key}_matrix",
            alt=rate_charts.description(f"From bands of version {first} to bands of {second}", list(cells.values())),
            frame=_matrix_frame(comparison),
            writers=dict.fromkeys(("rate", "low", "high"), formatting.percentage),
            file_name=f"bands-{first}-{second}",
            made_of=made_of,
            note=f"Rows: version {first}. Columns: version {second}. {declared} "
            f"{formatting.count(comparison.changed_band)} of {formatting.count(comparison.counted.leads)} leads "
            "change their band.",
        )
    with right:
        table_card(
            "Cut-offs carried over",
            model_words.cutoffs_table(comparison),
            key=f"{key}_cutoffs",
            file_name=f"cutoffs-{first}-{second}",
            made_of=made_of,
            note=f"Scores of version {second} at which a band keeps its number of leads, or its conversion.",
        )


def _draw_calibration(comparison: Comparison, names: tuple[str, str], key: str, made_of: str) -> None:
    curves = (
        model_charts.Curve(names[0], model_charts.FIRST, comparison.calibration_first),
        model_charts.Curve(names[1], model_charts.SECOND, comparison.calibration_second),
    )
    chart_card(
        "Calibration",
        model_charts.calibration_curves(curves),
        key=f"{key}_calibration",
        alt=f"Observed against predicted conversion of versions {comparison.first} and {comparison.second}",
        frame=pd.concat([_bins_frame(curve.bins).assign(Version=curve.name) for curve in curves]),
        writers=BIN_WRITERS,
        file_name=f"calibration-{comparison.first}-{comparison.second}",
        made_of=made_of,
        note="Tenths of the leads, with 95% Wilson intervals. On the dotted line a model is right.",
    )


def draw_version(version: ModelVersion, card: Mapping[str, Any], labels: Mapping[str, str]) -> None:
    """A version's card: its notes, metrics, calibration, lift, importances, sources, months, and its origin."""
    for note in card.get("notes", ()):
        # A sentence of whoever had it trained: as text.
        st.text(note)
    draw_metrics(version)
    bins = [_card_bin(row) for row in card["calibration"]]
    left, right = st.columns(2, gap="small")
    with left:
        chart_card(
            "Calibration",
            model_charts.calibration_curves([model_charts.Curve("", model_charts.SECOND, bins)]),
            key="card_calibration",
            alt=f"Observed against predicted conversion of version {version.version} on its test leads",
            frame=_bins_frame(bins),
            writers=BIN_WRITERS,
            file_name=f"calibration-{version.version}",
            made_of=OF_CARD,
            note="Test leads in tenths by predicted conversion, with 95% Wilson intervals.",
        )
    with right:
        chart_card(
            "Cumulative gain",
            model_charts.lift_bars(card["lift"]),
            key="card_lift",
            alt=f"Conversions among the highest tenths of the leads by version {version.version}",
            frame=pd.DataFrame(card["lift"]),
            file_name=f"lift-{version.version}",
            made_of=OF_CARD,
            note="Of all conversions among the test leads. The dotted line is chance.",
        )
    chart_card(
        "What matters to it",
        model_charts.importance_bars(card["importances"]),
        key="card_importances",
        alt=f"The most important features of version {version.version}",
        frame=pd.DataFrame(card["importances"]),
        file_name=f"importances-{version.version}",
        made_of=OF_CARD,
        note="By permutation on the test leads; lines are the spread over repeats.",
    )
    # Six columns do not fit half of the page.
    table_card(
        "By source",
        _groups_frame(version.metrics_by_source, "Source", labels),
        key="card_sources",
        file_name=f"sources-{version.version}",
        made_of=OF_CARD,
        note="On the test leads. Empty where the leads of a source are all of one outcome.",
        column_config={"Source": st.column_config.TextColumn(pinned=True), **GROUP_FORMATS},
    )
    table_card(
        "By month",
        _groups_frame(card["by_month"], "Month", {}),
        key="card_months",
        file_name=f"months-{version.version}",
        made_of=OF_CARD,
        note="On the test leads, by the month (UTC) in which they were scored first. Empty where all are of one "
        "outcome.",
        column_config={"Month": st.column_config.TextColumn(pinned=True), **GROUP_FORMATS},
    )
    draw_origin(version, card)


def draw_metrics(version: ModelVersion) -> None:
    """A version's metrics on its test leads, each with its interval."""
    with st.grid(len(SHOWN_METRICS), min_column_width=150):
        for name in SHOWN_METRICS:
            if name in version.metrics:
                value, between = model_words.figure_of(name, version.metrics[name])
                label = model_words.METRICS[name]
                st.metric(label, value, delta=between, delta_color="off", delta_arrow="off", border=True)


def draw_origin(version: ModelVersion, card: Mapping[str, Any]) -> None:
    """Who made a version, when, from which data and with which parameters."""
    parts = card["parts"]
    made = [
        ("Trained", f"{formatting.moment(version.created_at)} by {version.created_by}"),
        ("Algorithm", model_words.ALGORITHMS.get(version.algorithm, version.algorithm)),
        ("Outcome", str(card["outcome"])),
        ("Data as of", formatting.moment(version.as_of)),
        *(
            (f"Leads to {name}", f"{formatting.count(part['leads'])}, of whom {formatting.count(part['conversions'])} "
                                 f"converted, {part['first'][:10]} to {part['last'][:10]}")
            for name, part in parts.items()
        ),
        ("Leads left out", left_out(card["counts"])),
        ("Parameters", ", ".join(f"{name} = {value}" for name, value in version.parameters.items())),
        ("Seed", str(version.seed)),
        ("Features", ", ".join(version.features)),
        ("Leakage audit", "; ".join(version.leakage_findings) or "clean"),
        ("Model file", f"{version.artifact}, SHA-256 {version.artifact_sha256}"),
        ("Digest of its predictions", version.digest),
        ("Digest of its dataset", version.dataset_digest),
        *((f"Snapshot of {table}", str(snapshot)) for table, snapshot in version.snapshot_ids),
    ]  # fmt: skip
    facts_card("What it was made from", made, key="made_from", file_name=f"version-{version.version}", made_of=OF_CARD)


def draw_gates(gates: Sequence[Gate]) -> None:
    """A line a gate; one that was overridden is red, with who did it and why."""
    for gate in gates:
        icon = ":material/check_circle:" if gate.passed else ":material/cancel:"
        colour = "green" if gate.passed else "red"
        with st.container(gap=None):
            st.markdown(f":{colour}[{icon} **{model_words.gate_name(gate)}**]")
            st.text(gate.detail)
            if gate.override is not None:
                st.markdown(":red[**Overridden**]")
                st.text(
                    f"by {gate.override.by} on {formatting.moment(gate.override.at)} (row {gate.override.ledger_row} "
                    f"of the ledger): {gate.override.reason}"
                )


def draw_refusal(refused: LeadlakeError) -> None:
    """Why something was not done."""
    st.error("This was not done.", icon=":material/block:")
    st.text(str(refused))  # it may quote somebody's reason: as text, never as Markdown


def _agreement(comparison: Comparison) -> str:
    if comparison.spearman is None or comparison.kendall is None:
        return "One version gives every lead the same score."
    spearman, kendall = (formatting.figure(each, 2) for each in (comparison.spearman, comparison.kendall))
    return f"Both versions order the leads alike to {spearman} (Spearman) and {kendall} (Kendall); 1 is the same order."


def _matrix_frame(comparison: Comparison) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                f"Version {comparison.first}": cell.first_band,
                f"Version {comparison.second}": cell.second_band,
                "leads": cell.counted.leads,
                "conversions": cell.counted.conversions,
                "rate": cell.counted.rate,
                "low": cell.counted.low,
                "high": cell.counted.high,
            }
            for cell in comparison.band_matrix
        ]
    )


def _bins_frame(bins: Sequence[CalibrationBin]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "predicted": each.predicted,
                "observed": each.observed.rate,
                "low": each.observed.low,
                "high": each.observed.high,
                "leads": each.observed.leads,
            }
            for each in bins
        ]
    )


def _card_bin(row: Mapping[str, Any]) -> CalibrationBin:
    leads, conversions = int(row["leads"]), round(row["observed"] * row["leads"])
    low, high = wilson_interval(conversions, leads)
    return CalibrationBin(row["predicted"], CountedRate(leads, conversions, row["observed"], low, high))


def _groups_frame(groups: Mapping[str, Mapping[str, float]], of: str, labels: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                of: labels.get(group, group),
                "Leads": int(found.get("leads", 0)),
                "Converted": int(found.get("conversions", 0)),
                "ROC AUC": found.get("roc_auc"),
                "Average precision": found.get("average_precision"),
                "Calibration error": found.get("ece"),
            }
            for group, found in groups.items()
        ]
    )


def left_out(counts: Mapping[str, int]) -> str:
    """How many leads of the lake were not learnt from, by reason."""
    reasons = [
        f"{formatting.count(leads)} {reason.replace('_', ' ')}"
        for reason, leads in counts.items()
        if reason != "used" and leads
    ]
    return ", ".join(reasons) or "none"
