"""Figures of drift as data, and the words and orders of the page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from app.charts import drift as drift_charts
from app.charts.drift import Line
from app.drift_views import cohorts as drift_cohorts
from app.drift_views import view as drift_view
from app.drift_views.view import Cost
from lake_access.drift.distributions import Bar, Distribution
from monitoring.drift.result import ColumnDrift, DatasetDrift, SideValues, Unseen
from monitoring.drift_checks import CheckedColumn, CheckedWeek, DatedChange, DriftCheck
from monitoring.kept_reports import SeenRows
from monitoring.late_outcomes import Cohort, Confusion
from training.versions import Interval

HOSTILE = "<b>bold</b>"
NOTHING = Confusion(0, 0, 0, 0)


def column(name: str, psi: float, *, drifted: bool = True, beyond: bool = True) -> ColumnDrift:
    sides = SideValues(100, 5), SideValues(50, 0)
    return ColumnDrift(
        name, "number", "ks", "numbers", 0.01, 0.05, drifted, psi, 0.2, 0.001, 0.004, beyond, *sides,
        unseen=Unseen(7, 12, ("a", "b")),
    )  # fmt: skip


def dataset(*columns: ColumnDrift) -> DatasetDrift:
    share = sum(each.drifted for each in columns) / len(columns)
    beyond = any(each.beyond_chance for each in columns)
    return DatasetDrift("version 1", "version 2", 100, 50, columns, share, share >= 0.5, beyond, 0.01, 3, 0)


def cohort(week: date, mature: int, came: int, expected: Interval) -> Cohort:
    rate = Interval(came / mature, 0.1, 0.3) if mature else None
    return Cohort("2", week, 100, mature, came, 30.0, expected, rate, None, NOTHING, 0.8, NOTHING, None, NOTHING)


def test_both_distributions_are_shares_of_their_own_side() -> None:
    found = Distribution("x", "category", (Bar(HOSTILE, 30, 5), Bar("b", 70, 15)), (100, 20), (0, 0))
    reference, current = drift_charts.distributions(found).data

    assert list(reference.y) == [0.3, 0.7]
    assert list(current.y) == [0.25, 0.75]
    assert "<b>bold</b>" not in reference.customdata[0].removeprefix("<b>")


def test_weeks_without_a_value_are_left_out_and_champions_are_marked() -> None:
    weeks = {date(2025, 1, 6): 0.1, date(2025, 1, 13): None, date(2025, 1, 20): 0.3}
    figure = drift_charts.week_lines([Line(HOSTILE, weeks)], "PSI", champions={date(2025, 1, 14): "3"})

    assert list(figure.data[0].x) == [date(2025, 1, 6), date(2025, 1, 20)]
    assert figure.layout.xaxis.tick0 == "2025-01-06"
    assert figure.layout.xaxis.dtick == 7 * 86_400_000
    assert [shape.x0 for shape in figure.layout.shapes] == [date(2025, 1, 14)]
    assert "Champion 3" in figure.layout.annotations[0].text
    assert "<b>" not in figure.data[0].name


def test_the_shift_is_coloured_by_the_share_of_the_row_and_says_leads() -> None:
    figure = drift_charts.shift_matrix(("cold", "hot"), ((6, 2), (0, 0)), ("version 1", "version 2"))

    assert [list(row) for row in figure.data[0].z] == [[0.75, 0.25], [0, 0]]
    assert [list(row) for row in figure.data[0].text] == [["6", "2"], ["0", "0"]]


def test_expected_and_actual_are_of_mature_leads_and_what_is_off_has_another_mark() -> None:
    weeks = [date(2025, 1, 6), date(2025, 1, 13), date(2025, 1, 20)]
    on, off = cohort(weeks[0], 80, 10, Interval(11, 6, 16)), cohort(weeks[1], 80, 30, Interval(11, 6, 16))
    young = cohort(weeks[2], 0, 0, Interval(0, 0, 0))
    expected, came = drift_charts.expected_against_actual([on, off, young]).data

    assert list(expected.x) == weeks[:2]
    assert list(expected.error_y.array) == [5, 5]
    assert list(came.y) == [10, 30]
    assert list(came.marker.symbol) == ["circle", "diamond"]
    frame = drift_cohorts.cohorts_frame([on, off, young])
    assert list(frame["As expected"]) == [True, False, None]
    assert frame["Came / expected"][1] == pytest.approx(30 / 11)


def test_what_costs_most_stands_first_and_score_and_outcome_before_it() -> None:
    found = dataset(column("a", 0.5), column("score", 0.1), column("b", 0.2), column("c", 9.0))
    cost = Cost({"a": 0.1, "b": 0.9, "c": -0.5}, moved=10)

    assert [each.column for each in drift_view.in_order(found, cost)] == ["score", "b", "a", "c"]
    frame = drift_view.columns_frame(drift_view.in_order(found, cost), cost)
    # The score is no feature and has no share; without "c" the model loses nothing, which is a share of 0.
    shares = [np.nan, 1.8 / 2.3, 0.5 / 2.3, 0]
    assert list(frame["Share of the cost"]) == pytest.approx(shares, nan_ok=True)
    assert "leads that change band (10)" in drift_view.order_told(cost)


def test_what_has_not_drifted_stands_below_what_has_whatever_it_would_cost() -> None:
    found = dataset(column("calm", 0.1, drifted=False, beyond=False), column("cheap", 0.2), column("dear", 0.3))
    cost = Cost({"calm": 50.0, "cheap": 0.01, "dear": 0.5}, moved=10)

    assert [each.column for each in drift_view.in_order(found, cost)] == ["dear", "cheap", "calm"]


def test_a_chart_leaves_out_weeks_of_hardly_any_leads_and_the_table_keeps_them() -> None:
    weeks = [date(2025, 6, 2), date(2025, 6, 9)]
    tiny, told = cohort(weeks[0], 2, 1, Interval(0.3, 0, 1)), cohort(weeks[1], 80, 10, Interval(11, 6, 16))
    tiny, told = replace(tiny, roc_auc=1.0), replace(told, roc_auc=0.7)

    for drawn in (drift_cohorts.drawn_rate, drift_cohorts.drawn_ratio, drift_cohorts.drawn_roc_auc):
        assert drawn(tiny) is None
        assert drawn(told) is not None
    assert list(drift_cohorts.estimates_frame([tiny, told])["ROC AUC (true)"]) == [1.0, 0.7]
    assert list(drift_cohorts.cohorts_frame([tiny, told])["Conversion"]) == [0.5, 0.125]


@pytest.mark.parametrize("cost", [None, Cost({"a": 0.0}, 10), Cost({"a": 0.4}, 0)])
def test_where_cost_tells_nothing_the_order_is_the_comparisons_and_says_so(cost: Cost | None) -> None:
    found = dataset(column("b", 0.2), column("a", 0.5))

    assert [each.column for each in drift_view.in_order(found, cost)] == ["b", "a"]
    assert "is not weighed" in drift_view.order_told(cost)
    assert "Share of the cost" not in drift_view.columns_frame(found.columns, cost)


def test_the_words_have_both_verdicts() -> None:
    found = dataset(column("a", 0.5), column("b", 0.2, beyond=False), column("c", 0.1, drifted=False))

    assert drift_view.verdicts(found)[0].startswith("Drifted by Evidently's rule: 2 of 3 columns")
    assert drift_view.verdicts(found)[1] == "More than chance: a, c."
    assert (drift_view.heading(found), drift_view.act_on(found)) == ("1 column to act on", "Act on: a.")
    calm = dataset(column("a", 0.5, drifted=False, beyond=False))
    assert drift_view.verdicts(calm)[1] == "Nothing that chance could not do."
    assert drift_view.heading(calm) == "Nothing to act on"
    row = drift_view.columns_frame(found.columns, None).iloc[0]
    assert (row["Missing before"], row["Missing now"], row["Unseen before"]) == (0.05, 0, "a, b, … (12 rows)")


def checked(week: date, *drifted: str) -> CheckedWeek:
    names = ("a", "b", "c")
    columns = (CheckedColumn(name, "ks", 0.0, float(place), name in drifted, True) for place, name in enumerate(names))
    return CheckedWeek(week, 100, tuple(columns))


def test_only_what_drifted_in_both_newest_weeks_lasts() -> None:
    first = date(2025, 1, 6)
    weeks = [checked(first + timedelta(weeks=number), *names) for number, names in enumerate(("c", "abc", "ab"))]
    check = DriftCheck(
        "training", "x", datetime(2025, 2, 1, tzinfo=UTC), "ann", tuple(weeks), (DatedChange("b", first),)
    )

    assert check.lasting == ("b", "a")
    assert drift_view.lasting_told(check) == (
        "Beyond threshold and chance in both of the newest weeks: b (since the week of 2025-01-06), a."
    )
    assert drift_view.moved_most(check, 3) == ["b", "a", "c"]
    assert "not two whole weeks" in drift_view.lasting_told(replace(check, weeks=check.weeks[:1]))


def test_a_sample_is_told_with_its_error() -> None:
    assert drift_view.rows_told("Current", SeenRows(500, 500, 0.0), 3) == "Current: Evidently saw all 500 rows."
    told = drift_view.rows_told("Current", SeenRows(5_000, 100, 0.097), 3)
    assert "a random sample of 100 of 5,000 rows (seed 3); a share of them is off by up to 9.7%" in told
