from __future__ import annotations

import pandas as pd
import pytest

from app.charts import models as model_charts
from tests.training.comparison.made_leads import BANDS, made
from training.comparison.compare import compare
from training.comparison.outcome import Comparison, ScoreCount


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return compare(*made(2_000), BANDS, minimum_cell=30, seed=1, resamples=20)


def test_calibration_is_drawn_with_its_intervals_and_the_diagonal(comparison: Comparison) -> None:
    curve = model_charts.Curve("<b>1</b>", model_charts.FIRST, comparison.calibration_first)

    diagonal, drawn = model_charts.calibration_curves([curve]).data

    assert list(diagonal.x) == list(diagonal.y)
    assert list(drawn.x) == [each.predicted for each in curve.bins]
    assert list(drawn.y) == [each.observed.rate for each in curve.bins]
    assert list(drawn.error_y.array) == [each.observed.high - (each.observed.rate or 0) for each in curve.bins]
    assert "<b>&lt;b&gt;1&lt;/b&gt;</b>" in drawn.customdata[0]


def test_scores_that_nobody_has_at_the_ends_are_left_out() -> None:
    counts = (ScoreCount(0, 4, 0, 0), ScoreCount(5, 9, 3, 0), ScoreCount(10, 14, 0, 2), ScoreCount(15, 19, 0, 0))

    first, second = model_charts.score_distributions(counts, ("Version 1", "Version 2")).data

    assert (list(first.y), list(second.y)) == ([3, 0], [0, 2])


def test_the_matrix_has_a_cell_for_each_pair_with_leads_and_faint_ones_where_few(comparison: Comparison) -> None:
    cells = model_charts.matrix_cells(comparison.band_matrix, comparison.bands, minimum_cell=30)

    assert sum(cell.leads for cell in cells.values()) == 2_000
    assert all(cell.faint == (cell.leads < 30) for cell in cells.values())
    assert cells[0, 0].name == "cold → cold"


def test_a_part_too_small_for_its_digits_has_no_sign() -> None:
    factors = pd.DataFrame({"feature": ["a", "b"], "value": ["1", "2"], "contribution": [0.0004, -0.0004]})

    (bars,) = model_charts.factor_bars(factors).data

    assert list(bars.text) == ["0.00", "0.00"]
    assert [told.split("<br>")[1] for told in bars.customdata] == ["0.000 log-odds", "0.000 log-odds"]


def test_lift_stands_against_chance_and_importances_with_their_spread() -> None:
    lift = [{"share": 0.5, "capture": 0.8, "lift": 1.6, "conversions": 8}, {"share": 1.0, "capture": 1.0, "lift": 1.0}]
    bars, chance = model_charts.lift_bars(lift).data
    (importances,) = model_charts.importance_bars([{"feature": "<i>", "loss": 0.2, "spread": 0.05}]).data

    assert (list(bars.y), list(chance.y)) == ([0.8, 1.0], [0.5, 1.0])
    assert "&lt;i&gt;" in importances.customdata[0]
    assert list(importances.error_x.array) == [0.05]
