"""The parts of a change add up exactly, and are those of the Shapley value reckoned from its definition."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import permutations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from lake_access.conversion import ConversionFilters
from lake_access.conversion_analysis.rate_split import PARTS, points_that_add_up, rate_change, split_change
from lake_access.lake import Lake
from tests.lake_access.conversion_analysis.frames import leads_frame, matching

Counts = dict[tuple[str, str], tuple[int, int]]


@st.composite
def counts(draw: st.DrawFn) -> Counts:
    cells = draw(st.dictionaries(st.tuples(st.sampled_from("abc"), st.sampled_from("xyz")), st.integers(0, 500)))
    return {cell: (leads, draw(st.integers(0, leads))) for cell, leads in cells.items()}


def rate_of(table: Counts) -> Fraction:
    return Fraction(sum(converted for _, converted in table.values()), sum(leads for leads, _ in table.values()))


def shapley(before: Counts, now: Counts) -> tuple[Fraction, Fraction, Fraction]:
    """Each factor's effect as the mean over all orders of changing them, of tables in which every cell has leads."""
    totals = [sum(leads for leads, _ in table.values()) for table in (before, now)]
    of_source = [
        {source: sum(leads for (name, _), (leads, _) in table.items() if name == source) for source, _ in table}
        for table in (before, now)
    ]

    def rate(p: int, q: int, r: int) -> Fraction:
        tables = (before, now)
        return sum(
            (
                Fraction(of_source[p][cell[0]], totals[p])
                * Fraction(tables[q][cell][0], of_source[q][cell[0]])
                * Fraction(tables[r][cell][1], tables[r][cell][0])
                for cell in before
            ),
            Fraction(0),
        )

    effects = [Fraction(0)] * 3
    for order in permutations(range(3)):
        at = [0, 0, 0]
        for factor in order:
            was = rate(*at)
            at[factor] = 1
            effects[factor] += (rate(*at) - was) / 6
    return effects[0], effects[1], effects[2]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(before=counts(), now=counts())
def test_the_parts_add_up_exactly_whatever_comes_or_goes(before: Counts, now: Counts) -> None:
    assume(any(leads for leads, _ in before.values()) and any(leads for leads, _ in now.values()))

    split = split_change(before, now)

    assert split is not None
    assert (split.before, split.now) == (rate_of(before), rate_of(now))
    assert split.source_mix + split.score_mix + split.within == split.now - split.before == split.change
    for part in PARTS:
        assert sum((getattr(cell, part) for cell in split.cells), Fraction(0)) == getattr(split, part)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(before=counts(), now=counts())
def test_what_is_shown_adds_up_too(before: Counts, now: Counts) -> None:
    assume(any(leads for leads, _ in before.values()) and any(leads for leads, _ in now.values()))
    split = split_change(before, now)
    assert split is not None

    shown = points_that_add_up(split)

    ends = [Fraction(round(rate * 10_000), 100) for rate in (split.before, split.now)]
    assert sum(shown.values()) == ends[1] - ends[0]
    assert all(abs(shown[part] - 100 * getattr(split, part)) <= Fraction(1, 100) for part in PARTS)


@st.composite
def full_counts(draw: st.DrawFn) -> Counts:
    table = {}
    for cell in [(source, band) for source in "abc" for band in "xy"]:
        leads = draw(st.integers(1, 300))
        table[cell] = (leads, draw(st.integers(0, leads)))
    return table


@settings(max_examples=50, deadline=None, derandomize=True)
@given(before=full_counts(), now=full_counts())
def test_the_parts_are_the_mean_over_all_orders_of_change(before: Counts, now: Counts) -> None:
    split = split_change(before, now)

    assert split is not None
    assert (split.source_mix, split.score_mix, split.within) == shapley(before, now)


def test_a_pure_change_of_sources_is_source_mix_alone() -> None:
    before: Counts = {("a", "x"): (100, 10), ("b", "x"): (100, 30)}
    now: Counts = {("a", "x"): (50, 5), ("b", "x"): (150, 45)}

    split = split_change(before, now)

    assert split is not None
    assert (split.source_mix, split.score_mix, split.within) == (Fraction(5, 100), Fraction(0), Fraction(0))
    mixed = {cell.source: cell.source_mix for cell in split.cells if not cell.band}
    # b gains a quarter of the leads and converts better than the mean, a loses it and converts worse: both add.
    assert mixed["a"] > 0 < mixed["b"]


def test_a_source_that_is_new_is_mix_and_no_change_of_rates() -> None:
    split = split_change({("a", "x"): (100, 10)}, {("a", "x"): (100, 10), ("new", "x"): (100, 50)})

    assert split is not None
    assert (split.source_mix, split.score_mix, split.within) == (Fraction(2, 10), Fraction(0), Fraction(0))


def test_without_a_lead_in_either_period_there_is_no_split() -> None:
    assert split_change({}, {("a", "x"): (1, 0)}) is None
    assert split_change({("a", "x"): (1, 0)}, {("a", "x"): (0, 0)}) is None


def test_the_split_of_the_lake_is_that_of_its_leads(demo_lake: Lake) -> None:
    this = ConversionFilters(since=date(2025, 6, 1), until=date(2025, 8, 31))
    earlier = ConversionFilters(since=date(2025, 3, 1), until=date(2025, 5, 31))
    tables = []
    for filters in (earlier, this):
        leads = matching(leads_frame(demo_lake), filters)
        cells = leads.groupby(["source", "band"])["converted"].agg(["size", "sum"])
        tables.append({(str(s), str(b)): (int(n), int(k)) for (s, b), n, k in cells.itertuples(name=None)})

    found = rate_change(demo_lake.pin(), this, earlier)

    expected = split_change(tables[0], tables[1])
    assert found.split is not None
    assert expected is not None
    assert [getattr(found.split, part) for part in PARTS] == [getattr(expected, part) for part in PARTS]
    assert float(found.split.now) == pytest.approx(matching(leads_frame(demo_lake), this)["converted"].mean())
