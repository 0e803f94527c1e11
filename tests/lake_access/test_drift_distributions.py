"""One column on both sides, counted in SQL, is what pandas counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lake_access.drift.compared import tables_to_compare
from lake_access.drift.distributions import BINS, MOST_CATEGORIES, Distribution, column_distribution
from lake_access.settings import Settings
from tests.lake_access.lakes import settings_in


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_in(tmp_path)


def spread(settings: Settings, reference: object, current: object) -> Distribution:
    ours, theirs = (pd.DataFrame({"column": values}) for values in (reference, current))
    with tables_to_compare(settings, ours, theirs) as compared:
        return column_distribution(compared, "column")


def test_numbers_are_in_equal_bins_and_what_lies_beyond_in_the_outermost(settings: Settings) -> None:
    rng = np.random.default_rng(1)
    ours, theirs = rng.normal(0, 1, 3_000), np.append(rng.normal(1, 2, 2_000), [1e6, np.nan, np.inf])
    found = spread(settings, ours, theirs)

    both = np.concatenate([ours, theirs[np.isfinite(theirs)]])
    low, high = np.quantile(both, [0.01, 0.99])
    edges = np.linspace(low, high, BINS + 1)
    for side, values in (("reference", ours), ("current", theirs[np.isfinite(theirs)])):
        expected, _ = np.histogram(np.clip(values, low, high), edges)
        assert [getattr(bar, side) for bar in found.bars] == list(expected)
    assert (found.present, found.missing) == ((3_000, 2_001), (0, 2))


def test_whole_numbers_have_bins_of_whole_numbers(settings: Settings) -> None:
    values = np.arange(1_000) % 101
    found = spread(settings, values, values[:500])

    assert {bar.high - bar.low for bar in found.bars if bar.high is not None and bar.low is not None} == {5.0}
    assert [bar.label for bar in found.bars[:3]] == ["0", "5", "10"]
    assert (sum(bar.reference for bar in found.bars), sum(bar.current for bar in found.bars)) == (1_000, 500)


def test_few_numbers_and_categories_have_a_bar_each_the_commonest_first(settings: Settings) -> None:
    few = spread(settings, [3, 1, 1], [3, 3, 2])
    assert [(bar.label, bar.reference, bar.current) for bar in few.bars] == [("1", 2, 0), ("2", 0, 1), ("3", 1, 2)]

    names = [f"city {number}" for number in range(20) for _ in range(20 - number)]
    many = spread(settings, names, [*names, None])
    assert [bar.label for bar in many.bars] == [f"city {number}" for number in range(MOST_CATEGORIES)]
    assert (many.rest, many.missing) == (20 - MOST_CATEGORIES, (0, 1))


def test_a_column_without_any_value_has_no_bar(settings: Settings) -> None:
    empty = spread(settings, [None, None], [None])
    assert (empty.bars, empty.present, empty.missing) == ((), (0, 0), (2, 1))
