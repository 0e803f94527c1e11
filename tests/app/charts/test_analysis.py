from __future__ import annotations

import pytest

from app.charts.analysis import DOWN, UP, FunnelBar, Level, Part, cohort_grid, funnel_bars, waterfall
from tests.app.rates import rate

STEPS = [
    FunnelBar("Lead", 200, 100, "all leads", ""),
    FunnelBar("Scored", 150, 90, "75.0% of leads", ""),
    FunnelBar("Converted", 30, 9, "20.0% of scored\n15.0% of all", "<b>x</b>"),
]


def test_a_funnel_is_drawn_in_shares_of_its_own_first_step() -> None:
    now, before = funnel_bars(STEPS).data
    assert list(now.x) == [1, 0.75, 0.15]
    assert list(before.x) == [1, 0.9, 0.09]


def test_without_a_comparison_there_is_one_bar_a_step() -> None:
    steps = [FunnelBar(step.name, step.count, None, step.label, step.hover) for step in STEPS]
    (only,) = funnel_bars(steps).data
    assert len(only.x) == 3


def test_an_empty_funnel_can_be_drawn() -> None:
    assert list(funnel_bars([FunnelBar("Lead", 0, 0, "", "")]).data[0].x) == [0]


def test_a_waterfall_ends_where_the_rate_is_now() -> None:
    parts = [Part("Source mix", -1.0), Part("Score mix", 0.25), Part("Within cells", 2.75)]
    figure = waterfall(Level("Before", 0.10, 0.08, 0.12), parts, Level("Now", 0.12, 0.09, 0.15))
    bars = figure.data[0]
    assert list(bars.base) == [10, 9, 9.25]
    assert bars.base[-1] + bars.y[-1] == 12
    assert list(bars.marker.color) == [DOWN, UP, UP]
    assert list(figure.data[-1].y) == pytest.approx([10, 12])
    low, high = figure.layout.yaxis.range
    assert low <= 8
    assert high >= 15


def test_a_sign_stands_beside_every_colour() -> None:
    figure = waterfall(Level("Before", 0.1, 0.1, 0.1), [Part("Mix", -0.5)], Level("Now", 0.095, 0.1, 0.1))
    texts = [note.text for note in figure.layout.annotations]
    assert any("-0.50" in text for text in texts)


def test_cells_of_which_some_leads_are_young_are_hatched() -> None:
    figure = cohort_grid(["Jan 2025"], ["7 days", "14 days"], {(0, 0): rate("", 5, 100)}, {(0, 1): rate("", 2, 50)})
    hatched = figure.data[-1]
    assert (list(hatched.x), list(hatched.base)) == ([1], [-0.47])
    assert hatched.marker.pattern.shape == "/"
