"""The band editor of the page Scores: thresholds to move, what each band then holds, and proposals to save and open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

import streamlit as st

from app import formatting, table_columns
from app.acting import acting
from app.cards import chart_card, data_menu, row_apart
from app.charts import scores as score_charts
from app.lake_session import state
from app.score_views import view as scores_view
from app.table_columns import Writer, written
from lake_access.band_proposals import LONGEST_NAME, LONGEST_NOTE, band_proposals, propose_bands
from lake_access.errors import LeadlakeError, RefusedError
from lake_access.permissions import Action, may
from lake_access.score_histograms import HIGHEST, ScoreHistogram, ScoreKind
from lake_access.score_measures import by_band

BANDS, SCORE = "bands", "score"
_EDGE = "_edge_{}"
_NAME, _WHY, _TOLD = "_proposal_name", "_proposal_why", "_proposal_told"
_PROPOSALS = "_proposals"
_OPENED = "_proposal_opened"
_MISSING = "_proposal_of_no_score"
BAND_WRITERS: dict[str, Writer] = {
    **scores_view.SHARE_WRITERS,
    "change": formatting.signed_count,
}


@st.fragment
def band_editor(
    histogram: ScoreHistogram,
    declared: Mapping[str, int],
    all_leads: bool,
    minimum_cell: int,
    kinds: Sequence[ScoreKind],
    found_by: tuple[str, Mapping[str, object]],
) -> None:
    """Draw the editor; only it runs again while a reader moves a threshold. The bands stand in the URL.

    `kinds` are the scores that leads have here, `found_by` the SQL behind `histogram` with its parameters.
    """
    if st.session_state.pop(_OPENED, False):
        st.rerun()  # whole: a proposal is for a kind of score, which the page chooses outside of this fragment
    st.subheader("What if the bands were others?")
    left, right = st.columns([2, 3], gap="medium")
    with left, st.container(border=True, height="stretch", key="card_thresholds"):
        sliders = st.container()  # above the text, which the link fills and the sliders follow
        bands = _typed(declared)
        with sliders:
            _thresholds(bands)
        _ways_out(bands, declared)
    colours = scores_view.band_colours(len(bands))
    counted = by_band(histogram, bands, all_leads)
    now = by_band(histogram, declared, all_leads)
    with right:
        chart_card(
            "Leads by score and band",
            score_charts.band_scale(histogram.leads(all_leads), bands, colours),
            key="band_scale",
            fills=True,
            alt="Leads by score, in the colours of the edited bands",
            frame=scores_view.band_frame(counted, now),
            column_config=band_columns(),
            writers=BAND_WRITERS,
            file_name="edited-bands",
            sql=found_by[0],
            parameters=found_by[1],
        )
    with st.container(border=True, key="card_edited_bands"):
        with row_apart():
            st.markdown("**Volumes and rates of the edited bands**")
            data_menu(
                scores_view.band_frame(counted, now),
                key="edited_bands",
                file_name="edited-bands",
                sql=found_by[0],
                parameters=found_by[1],
                with_table=False,
            )
        st.dataframe(
            written(scores_view.band_frame(counted, now), BAND_WRITERS),
            column_config=band_columns(),
            hide_index=True,
            alt="The edited bands: leads, rate and interval of each",
        )
        st.caption(
            "Change: leads more or fewer than in the declared band of the same name. Rates are of mature leads, with "
            f"95% Wilson intervals; under {minimum_cell} leads they are too few to rely on."
        )
    _saving(histogram, bands)
    _proposals_list(kinds)


def band_columns() -> dict[str, Any]:
    """How `st.dataframe` names and formats the columns of `scores_view.band_frame`."""
    return {
        "band": st.column_config.TextColumn("Band", pinned=True),
        "scores": "Scores",
        "leads": table_columns.count("Leads"),
        "share": "Share of leads",
        "change": st.column_config.NumberColumn("Change", help="Against the declared band of this name."),
        "mature": table_columns.count("Mature"),
        "conversions": table_columns.count("Converted"),
        "rate": "Rate",
        "low": "95% from",
        "high": "to",
    }


def _typed(declared: Mapping[str, int]) -> dict[str, int]:
    """The bands of the text, which stands in the URL; the declared ones where it names none that can be."""
    text = st.text_input(
        "Bands and their lowest scores",
        value=scores_view.bands_as_text(declared),
        key=BANDS,
        bind="query-params",
        max_chars=1_000,
        help="Name them as you like, add or remove some: each a name and its lowest score, the first at 0.",
    )
    try:
        return scores_view.bands_from_text(text)
    except RefusedError as refused:
        st.warning("These cannot be; the declared bands are drawn.", icon=":material/rule:")
        st.text(str(refused))
        return dict(declared)


def _thresholds(bands: Mapping[str, int]) -> None:
    edges = list(bands.values())
    for place, name in enumerate(bands):
        if place == 0:
            continue
        st.session_state[_EDGE.format(place)] = edges[place]
        st.slider(
            f"{name} from",
            min_value=place,
            max_value=HIGHEST - (len(bands) - 1 - place),
            key=_EDGE.format(place),
            on_change=_move,
            args=(place, bands),
        )


def _ways_out(bands: Mapping[str, int], declared: Mapping[str, int]) -> None:
    with st.container(horizontal=True):
        st.button(
            "Back to the declared bands",
            icon=":material/restart_alt:",
            disabled=bands == declared,
            on_click=_set_bands,
            args=(declared,),
        )
        with st.popover("For leadlake.toml", icon=":material/content_copy:"):
            st.caption("Paste over the section of the same name, then `leadlake build`. These cut the rules' score.")
            st.code(scores_view.as_toml(bands), language="toml")


def _move(place: int, bands: Mapping[str, int]) -> None:
    edges = scores_view.moved(list(bands.values()), place, st.session_state[_EDGE.format(place)])
    _set_bands(dict(zip(bands, edges, strict=True)))


def _set_bands(bands: Mapping[str, int]) -> None:
    st.session_state[BANDS] = scores_view.bands_as_text(bands)


def _saving(histogram: ScoreHistogram, bands: Mapping[str, int]) -> None:
    if not may(acting(), Action.PROPOSE_BANDS):
        return
    with st.expander("Save as a proposal", icon=":material/bookmark_add:"):
        with st.form("save_proposal", border=False):
            st.text_input("Name", max_chars=LONGEST_NAME, key=_NAME)
            st.text_area("Why", max_chars=LONGEST_NOTE, height=80, key=_WHY)
            st.form_submit_button("Save", icon=":material/save:", on_click=_save, args=(histogram.kind, dict(bands)))
        told: str | int | None = st.session_state.pop(_TOLD, None)
        if isinstance(told, int):
            st.success(f"Saved as proposal {told}.", icon=":material/check:")
        elif told is not None:
            st.warning("Nothing was saved.", icon=":material/error:")
            st.text(told)


def _save(kind: ScoreKind, bands: Mapping[str, int]) -> None:
    """Keep it, and empty the form; a refusal is a sentence beneath the form, which stays as it is."""
    name, note = st.session_state[_NAME], st.session_state[_WHY]
    try:
        number = propose_bands(state(), acting(), name, kind, bands, note, datetime.now(UTC))
    except LeadlakeError as refused:
        st.session_state[_TOLD] = str(refused)
        return
    st.session_state[_TOLD] = number
    st.session_state[_NAME] = st.session_state[_WHY] = ""


def _proposals_list(kinds: Sequence[ScoreKind]) -> None:
    proposals = band_proposals(state())
    if not proposals:
        return
    with st.container(border=True, key="card_proposals"):
        frame = scores_view.proposals_frame(proposals)
        with row_apart():
            st.markdown("**Proposals**")
            data_menu(
                frame,
                key="proposals",
                file_name="band-proposals",
                made_of="The proposals that were saved here. They are kept beside the lake, in the database of state.",
                with_table=False,
            )
        st.dataframe(
            frame,
            column_config={
                "name": st.column_config.TextColumn("Name", pinned=True),
                "bands": "Bands",
                "score_of": "For the score of",
                "note": st.column_config.TextColumn("Why", width="large"),
                "by": "By",
                "at": "When",
            },
            hide_index=True,
            key=_PROPOSALS,
            selection_mode="single-row",
            on_select=partial(_open_selected, tuple(kinds)),
            alt="Proposals of bands, the newest first",
        )
        st.caption(
            "Choose a row to open it here, on the score it is for; the page's link then opens it for others too."
        )
        missing: str | None = st.session_state.pop(_MISSING, None)
        if missing is not None:
            st.text(f"No lead here has a score of {missing}: the bands are drawn on the score chosen above.")


def _open_selected(kinds: Sequence[ScoreKind]) -> None:
    """Open a proposal: its bands, on the kind of score that it is for."""
    chosen = st.session_state[_PROPOSALS]["selection"]["rows"]
    proposals = band_proposals(state())
    if not chosen or chosen[0] >= len(proposals):
        return
    opened = proposals[chosen[0]]
    _set_bands(opened.bands)
    if opened.kind in kinds:
        st.session_state[SCORE] = opened.kind
        st.session_state[_OPENED] = True
    else:
        st.session_state[_MISSING] = scores_view.kind_names([opened.kind])[opened.kind]
