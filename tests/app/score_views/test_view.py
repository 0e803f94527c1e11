"""Names, frames and bands as text, as the page Scores shows them."""

from __future__ import annotations

import tomllib
from itertools import pairwise

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.score_views import view as scores_view
from lake_access.errors import RefusedError
from lake_access.score_histograms import RULES, SCORES, ScoreHistogram, ScoreHistograms, ScoreKind
from lake_access.score_measures import by_band

NONE = (0,) * len(SCORES)


def of(kind: ScoreKind, **counts: int) -> ScoreHistogram:
    mature = tuple(counts.get(f"s{score}", 0) for score in SCORES)
    return ScoreHistogram(kind, mature, NONE, NONE, NONE)


def test_kinds_have_names_that_differ() -> None:
    kinds = [
        RULES,
        ScoreKind("2", "online"),
        ScoreKind("2", "offline"),
        ScoreKind("x" * 90, "online"),
        ScoreKind("x" * 99, "online"),
    ]

    names = scores_view.kind_names(kinds)

    assert list(names.values())[:3] == ["Rules", "Version 2", "Version 2, offline"]
    assert len(set(names.values())) == 5
    assert max(map(len, names.values())) < 60


def test_the_chosen_kind_is_drawn_even_where_there_are_many() -> None:
    kinds = [RULES, *(ScoreKind(str(number), "online") for number in range(9))]
    found = ScoreHistograms(tuple(of(kind, s50=1) for kind in kinds), 0, ("", ""), {})

    drawn = scores_view.distributions(found, scores_view.kind_names(kinds), kinds[-1], all_leads=False)

    assert len(drawn) == scores_view.MOST_DISTRIBUTIONS
    assert [row.name for row in drawn if row.chosen] == ["Version 8"]


def test_the_distributions_table_has_every_lead_once() -> None:
    found = ScoreHistograms((of(RULES, s0=3, s4=1, s5=2, s99=1, s100=4),), 0, ("", ""), {})

    frame = scores_view.distribution_frame(found, {RULES: "Rules"}, all_leads=False)

    assert frame["leads"].tolist() == [4, 2, *[0] * 17, 5]
    assert frame["share"].sum() == pytest.approx(1)
    assert frame.iloc[-1][["from", "to"]].tolist() == [95, 100]


def test_a_bands_frame_has_the_change_against_the_band_of_the_same_name() -> None:
    histogram = of(RULES, s10=5, s45=3, s90=2)
    edited = by_band(histogram, {"cold": 0, "warm": 50, "new": 95}, all_leads=False)
    declared = by_band(histogram, {"cold": 0, "warm": 40}, all_leads=False)

    frame = scores_view.band_frame(edited, declared)

    assert frame["leads"].tolist() == [8, 2, 0]
    assert frame["change"].tolist() == [3, -3, pd.NA]
    assert frame["rate"].isna().tolist() == [False, False, True]
    assert frame["share"].tolist() == [0.8, 0.2, 0.0]


@given(
    edges=st.sets(st.integers(1, 100), min_size=1, max_size=9).map(lambda found: [0, *sorted(found)]),
    data=st.data(),
)
def test_however_a_threshold_moves_the_order_stays_possible(edges: list[int], data: st.DataObject) -> None:
    place = data.draw(st.integers(1, len(edges) - 1))
    edge = data.draw(st.integers(place, 100 - (len(edges) - 1 - place)))

    moved = scores_view.moved(edges, place, edge)

    assert moved[place] == edge
    assert moved[0] == 0
    assert moved[-1] <= 100
    assert all(before < after for before, after in pairwise(moved))
    bands = {f"b{number}": edge for number, edge in enumerate(moved)}
    assert scores_view.bands_from_text(scores_view.bands_as_text(bands)) == bands
    assert tomllib.loads(scores_view.as_toml(bands)) == {"bands": bands}


def test_a_move_pushes_only_what_is_in_its_way() -> None:
    assert scores_view.moved([0, 40, 70], 1, 50) == [0, 50, 70]
    assert scores_view.moved([0, 40, 70], 1, 80) == [0, 80, 81]
    assert scores_view.moved([0, 40, 70], 2, 10) == [0, 9, 10]


@pytest.mark.parametrize(
    "text", ["", "cold", "cold 0, cold 5", "cold 0; hot 70", "cold 1", "<b> 0", "cold 0, hot 999", "cold 0, " * 500]
)
def test_a_text_that_names_no_bands_is_refused(text: str) -> None:
    with pytest.raises(RefusedError):
        scores_view.bands_from_text(text)


def test_bands_may_be_typed_in_any_order() -> None:
    assert scores_view.bands_from_text("hot=70\ncold 0, warm: 40") == {"cold": 0, "warm": 40, "hot": 70}
