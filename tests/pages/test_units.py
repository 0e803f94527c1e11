"""Files hold rates and shares as fractions from 0 to 1, whichever card they come from; the page shows percent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from tests.app.test_table_columns import displayed
from tests.pages.conftest import OpenPage

# What a column of a share or of an end of its interval is called; those of differences are called points.
SHARES = (
    *("rate", "low", "high", "share", "of_step_before", "of_all", "share_of_leads", "share_of_conversions"),
    *("rate_before", "Conversion", "95% from", "95% to"),
)
# Expected conversions a week, of the card on capacity, have ends too.
COUNTS_WITH_ENDS = {"capacity"}
CARDS = [
    ("overview.py", "overview_trend", {}),
    ("overview.py", "overview_sources", {}),
    ("conversion.py", "by_source_0", {}),
    ("conversion.py", "by_band_0", {}),
    ("conversion.py", "grid_0", {}),
    ("conversion.py", "funnel_0", {"view": "Funnel"}),
    ("conversion.py", "cohorts_0", {"view": "Cohorts"}),
    ("scores.py", "distribution", {}),
    ("scores.py", "calibration", {}),
    ("scores.py", "gain", {"scores_view": "Gain and lift"}),
    ("scores.py", "declared_bands", {"scores_view": "Bands"}),
    ("scores.py", "band_scale", {"scores_view": "Bands"}),
    ("scores.py", "capacity", {"scores_view": "Whom to call"}),
]


def in_menu(page: AppTest) -> Any:
    (table,) = [table for table in page.dataframe if table.proto.alt == "The numbers of this chart"]
    return table


def shares_of(frame: pd.DataFrame, card: str = "") -> Iterator[str]:
    for name in SHARES:
        if name in frame and (card not in COUNTS_WITH_ENDS or name == "rate"):
            yield name


@pytest.mark.parametrize(("file", "card", "asked"), CARDS, ids=[card for _, card, _ in CARDS])
def test_a_card_holds_fractions_and_shows_percent(
    demo_home: Path, open_page: OpenPage, file: str, card: str, asked: dict[str, str]
) -> None:
    page = open_page(demo_home, file, menu=card, **asked)
    assert not page.exception
    table = in_menu(page)
    frame, shown = table.value, displayed(table)

    names = list(shares_of(frame, card))
    assert names
    for name in names:
        values = frame[name].dropna()
        assert values.between(0, 1).all()
        assert ((values > 0) & (values < 1)).any()
        assert {text[-1] for text in shown[name]} <= {"%", "–"}


def test_differences_are_named_points_and_rates_beside_them_are_fractions(demo_home: Path, open_page: OpenPage) -> None:
    period = ["2025-04-01", "2025-06-30"]
    funnel = open_page(demo_home, "conversion.py", view="Funnel", created=period).dataframe[0].value
    changed = open_page(demo_home, "conversion.py", view="What changed", created=period).dataframe[0].value

    assert [name for name in map(str, funnel.columns) if "points" in name] == ["points", "points_low", "points_high"]
    assert [name for name in map(str, changed.columns) if "points" in name] == [
        "source_mix_points",
        "score_mix_points",
        "within_points",
    ]
    for frame in (funnel, changed):
        for name in ("rate", "rate_before"):
            assert frame[name].dropna().between(0, 1).all()
    whole = funnel.iloc[-1]
    assert whole["points"] == pytest.approx(100 * (whole["rate"] - whole["rate_before"]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("overview.py", "overview_sources", {}), ("conversion.py", "by_source_0", {})),
        (
            ("conversion.py", "by_band_0", {}),
            ("scores.py", "declared_bands", {"scores_view": "Bands", "score": "Rules"}),
        ),
    ],
    ids=["conversion-by-source", "conversion-by-band"],
)
def test_files_of_one_name_have_one_unit(demo_home: Path, open_page: OpenPage, one: Any, other: Any) -> None:
    key = "source" if "source" in one[1] else "band"
    frames = [in_menu(open_page(demo_home, file, menu=card, **asked)).value for file, card, asked in (one, other)]
    first, second = (frame.set_index(key)[["rate", "low", "high"]] for frame in frames)

    both = first.index.intersection(second.index)
    assert len(both) >= 3
    for name in first:
        assert first.loc[both, name].to_dict() == pytest.approx(second.loc[both, name].to_dict())


def test_the_numbers_are_in_the_unit_of_their_csv(demo_home: Path, open_page: OpenPage) -> None:
    from app.conversion_views import table as conversion_table
    from lake_access.conversion import ConversionFilters, conversion
    from tests.pages import lakes

    page = open_page(demo_home, "conversion.py")
    (shown,) = [table.value for table in page.dataframe if table.proto.alt.startswith("Conversion, ")]
    answer = conversion(lakes.opened(demo_home).pin(), ("source", "band"), ConversionFilters())
    content = conversion_table.to_csv(answer, ConversionFilters(), 30).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content, newline="")))

    for name in ("rate", "low", "high"):
        assert list(shown[name]) == pytest.approx([float(row[name]) for row in rows])
