"""The filters that every page of leads shares, drawn in the sidebar; their whole state stands in the URL.

Streamlit keeps a bound widget and its query parameter the same both ways, and carries its value over pages that do not
draw it. A value that equals the default leaves the URL, so that a link without dates goes on meaning all of them when
newer leads come. What a link names and the lake has not is told, not merely dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any, Final, get_args

import streamlit as st

from app import formatting
from app.comparison import CHOICE_NAMES, CHOICES, Choice
from app.conversion_views.view import DIMENSION_NAMES
from app.filter_options import CONTACTED, VALUE_FILTERS, Filter, Options, options_of
from app.lake_session import pinned_lake
from app.links import forget_link_errors, note_link_errors, note_unknown
from app.periods import PRESET_NAMES, PRESETS, Days, Preset, preset_days
from lake_access.conversion import ConversionFilters, Dimension

PERIOD, CREATED, SOURCES, ALL_LEADS = "period", "created", "source", "all_leads"
CONTACT: Final = "contacted"
COMPARE = "compare"
ROWS, COLUMNS = "rows", "columns"
PARAMETERS: Final = (PERIOD, CREATED, *VALUE_FILTERS, CONTACT, ALL_LEADS, COMPARE)
ALL_FILTERS: Final[Collection[Filter]] = get_args(Filter)
_OFFERED_DAYS = "_offered_days"
_PAGE_BEFORE, _NAMED_BEFORE, _TURNED = "_page_before", "_named_before", "_turned"
EARLIEST = date(2000, 1, 1)  # the lake refuses events before it


def keep_over_pages(page: str) -> None:
    """Set what is set anew where another page is drawn than before; to be called before a page is drawn.

    Streamlit carries over what a reader chose; what a link named and nobody has touched since, it would drop from the
    session and from the URL.
    """
    st.session_state[_TURNED] = st.session_state.get(_PAGE_BEFORE) != page
    if st.session_state.get(_PAGE_BEFORE, page) != page:
        for name in PARAMETERS:
            if name in st.session_state and name not in st.query_params:
                st.session_state[name] = st.session_state[name]
        for name, values in st.session_state.get(_NAMED_BEFORE, {}).items():
            if name not in st.query_params and (name not in st.session_state or _is_set(name)):
                st.query_params[name] = values
    st.session_state[_PAGE_BEFORE] = page


def has_turned() -> bool:
    """Whether this is the first run of this page: its widgets are not bound yet, and the URL can be written."""
    return bool(st.session_state[_TURNED])


def remember_named() -> None:
    """Remember what the URL names, once a page is drawn: before, it may yet name what a click has changed."""
    st.session_state[_NAMED_BEFORE] = {
        name: st.query_params.get_all(name) for name in PARAMETERS if name in st.query_params
    }


def lead_filters(
    sources: Sequence[str],
    labels: Mapping[str, str],
    days: tuple[date, date],
    uses: Collection[Filter] = ALL_FILTERS,
) -> ConversionFilters:
    """Draw the filters and read them.

    `sources` are all the sources of the lake, `labels` what readers call them, `days` the first and last day with a
    lead. A page that cannot honour a filter leaves it out of `uses`: it is not drawn then, and where it is set the page
    says that it does not hold here.
    """
    offered = _offered(sources, labels, uses)
    _note_unknown(offered)
    with st.sidebar:
        since, until = _draw_days(days) if "created" in uses else (None, None)
        values = {"sources": _draw_values(offered["source"])} if "source" in uses else {}
        further = [name for name in uses if name in VALUE_FILTERS and name != "source"]
        contacted = None
        if further or "contacted" in uses:
            set_further = sum(1 for name in (*further, CONTACT) if name in uses and _is_set(name))
            with st.expander(
                f"More filters ({set_further})" if set_further else "More filters",
                icon=":material/filter_alt:",
                key="more_filters",
                expanded=set_further > 0,
            ):
                values |= {
                    VALUE_FILTERS[name]: _draw_values(offered[name]) for name in VALUE_FILTERS if name in further
                }
                contacted = _draw_contacted() if "contacted" in uses else None
        all_leads = _draw_young() if "all_leads" in uses else False
        named: dict[str, Any] = dict(values)
        filters = ConversionFilters(since=since, until=until, all_leads=all_leads, contacted=contacted, **named)
        _tell_unused(uses)
        clear_button(days, key="clear_filters", disabled=filters == ConversionFilters())
    return filters


def compare_with() -> Choice:
    """Let the reader choose what the figures are compared with; drawn by the pages that compare."""
    with st.sidebar:
        return st.selectbox(
            "Compare with",
            options=CHOICES,
            format_func=CHOICE_NAMES.__getitem__,
            key=COMPARE,
            bind="query-params",
            help="Under the same filters. With all days chosen, the newest days are compared with those before them.",
        )


def restore_days(period: Preset, days: Days) -> None:
    """Set the days as they stood before; those of a named period follow newer leads, as ever."""
    st.session_state[PERIOD], st.session_state[CREATED] = period, days
    if period != "chosen":
        st.session_state[_OFFERED_DAYS] = days


def choose_value(dimension: Dimension, value: str) -> None:
    """Add a value to a filter, or take it out where it stands in there alone; for a click on a mark."""
    chosen = list(st.session_state.get(dimension, []))
    st.session_state[dimension] = [] if chosen == [value] else [value]


def clear_button(days: tuple[date, date], key: str, disabled: bool = False) -> None:
    """A button that sets every filter back."""
    st.button(
        "Clear filters",
        icon=":material/filter_alt_off:",
        key=key,
        disabled=disabled,
        on_click=_clear_filters,
        args=(days,),
        width="stretch",
    )


def described(filters: ConversionFilters, days: Days, labels: Mapping[str, str], mature: str = "mature leads") -> str:
    """What is counted with the values that are filtered by, as one line of plain text: for `st.text`, not Markdown.

    `mature` says what is counted where young leads are left out.
    """
    since, until = filters.since or days[0], filters.until or days[1]
    parts = [f"Leads created {formatting.day(since)} to {formatting.day(until)} (UTC)"]
    for dimension, name in VALUE_FILTERS.items():
        values = [labels.get(value, value) if "source" in dimension else value for value in getattr(filters, name)]
        if values:
            more = f" and {len(values) - 3} more" if len(values) > 3 else ""
            told = ", ".join(formatting.shortened(value, 40) for value in values[:3])
            parts.append(f"{DIMENSION_NAMES[dimension]}: {told}{more}")
    if filters.contacted is not None:
        parts.append("contacted by sales" if filters.contacted else "not contacted by sales")
    parts.append("young leads too" if filters.all_leads else mature)
    return " · ".join(parts)


def _offered(sources: Sequence[str], labels: Mapping[str, str], uses: Collection[Filter]) -> dict[Dimension, Options]:
    called = {source: labels.get(source, source) for source in sources}
    return {name: options_of(pinned_lake(), name, called) for name in VALUE_FILTERS if name in uses}


def _note_unknown(offered: Mapping[Dimension, Options]) -> None:
    for name, options in offered.items():
        note_link_errors(options.name, options.unknown(st.query_params.get_all(name)))
    note_unknown(PERIOD, "Period", PRESET_NAMES.values())
    note_unknown(CONTACT, DIMENSION_NAMES[CONTACT], CONTACTED)
    note_unknown(COMPARE, "Compare with", CHOICE_NAMES.values())


def _draw_days(days: Days) -> tuple[date | None, date | None]:
    latest = date(days[1].year + 1, 12, 31)
    _follow_link_of_days(latest)
    preset: Preset = st.selectbox(
        "Lead created",
        options=PRESETS,
        format_func=PRESET_NAMES.__getitem__,
        key=PERIOD,
        bind="query-params",
        on_change=_follow_period,
        args=(days,),
        help="Counted back from the day of the newest lead. Days are UTC.",
    )
    meant = preset_days(preset, days)
    _follow_newer_days(meant)
    created = st.date_input(
        "First and last day",
        value=meant,
        min_value=EARLIEST,
        max_value=latest,
        format="YYYY-MM-DD",
        key=CREATED,
        bind="query-params",
        on_change=_follow_days,
        help="Both days included. Days are UTC.",
        label_visibility="collapsed",
    )
    since, until = _ends(created)
    return since if since != days[0] else None, until if until != days[1] else None


def _draw_values(options: Options) -> tuple[str, ...]:
    chosen = st.multiselect(
        options.name,
        options=list(options.values),
        format_func=lambda value: options.labels.get(value, value),
        placeholder=f"All {_plural(options.name)}",
        key=options.dimension,
        bind="query-params",
        on_change=forget_link_errors,
        help=f"The {len(options.values)} with the most leads; {options.left_out} more are not offered."
        if options.left_out
        else None,
    )
    return tuple(value for value in options.values if value in chosen)


def _draw_contacted() -> bool | None:
    chosen = st.selectbox(
        DIMENSION_NAMES[CONTACT],
        options=list(CONTACTED),
        key=CONTACT,
        bind="query-params",
    )
    return CONTACTED[chosen]


def _draw_young() -> bool:
    return st.toggle(
        "Count young leads too",
        key=ALL_LEADS,
        bind="query-params",
        help="A lead whose outcome window is still open may yet convert: it is left out unless you ask for it.",
    )


def _tell_unused(uses: Collection[Filter]) -> None:
    """Say which filters are set and do not hold on this page."""
    names: tuple[Dimension, ...] = (*VALUE_FILTERS, CONTACT)
    unused = [DIMENSION_NAMES[name].lower() for name in names if name not in uses and _is_set(name)]
    if "all_leads" not in uses and _is_set(ALL_LEADS):
        unused.append("young leads")
    if "created" not in uses and (_is_set(CREATED) or _is_set(PERIOD)):
        unused.append("lead created")
    if unused:
        st.caption(f":material/filter_alt_off: Set, but not used on this page: {', '.join(unused)}.")


def _is_set(name: str) -> bool:
    """Whether a filter, drawn or not, is set to anything but its default."""
    value: Any = st.session_state.get(name, st.query_params.get(name))
    return value not in (None, [], "", False, "Any", "all", PRESET_NAMES["all"])


def _plural(name: str) -> str:
    return f"{name.lower()}s"


def _clear_filters(days: Days) -> None:
    st.session_state[PERIOD] = "all"
    st.session_state[CREATED] = days
    for name in VALUE_FILTERS:
        st.session_state[name] = []
    st.session_state[CONTACT] = "Any"
    st.session_state[ALL_LEADS] = False
    forget_link_errors()


def _follow_link_of_days(latest: date) -> None:
    """A link that names days and no period means its days."""
    named = st.query_params.get_all(CREATED)
    wrong = [day for day in named if not _can_be_chosen(day, latest)]
    note_link_errors("Lead created", wrong)
    if PERIOD not in st.session_state and PERIOD not in st.query_params and named and not wrong:
        st.session_state[PERIOD] = "chosen"


def _follow_period(days: Days) -> None:
    st.session_state[CREATED] = preset_days(st.session_state[PERIOD], days)
    forget_link_errors()


def _follow_days() -> None:
    st.session_state[PERIOD] = "chosen"
    forget_link_errors()


def _follow_newer_days(meant: Days) -> None:
    """Where the days are those of the period, keep them so when a build brings newer ones: the widget keeps the old."""
    before = st.session_state.get(_OFFERED_DAYS)
    if before not in (None, meant) and st.session_state.get(CREATED) == before:
        st.session_state[CREATED] = meant
    st.session_state[_OFFERED_DAYS] = meant


def _can_be_chosen(text: str, latest: date) -> bool:
    try:
        return EARLIEST <= date.fromisoformat(text) <= latest
    except ValueError:
        return False


def _ends(created: object) -> tuple[date | None, date | None]:
    """The two ends of a range; while a reader has chosen only the first day, there is no last one yet."""
    chosen = created if isinstance(created, tuple) else (created,)
    days = sorted(day for day in chosen if isinstance(day, date))  # a link written by hand may turn them round
    return (days[0] if days else None, days[1] if len(days) > 1 else None)
