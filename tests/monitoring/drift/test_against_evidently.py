"""Every value and every verdict is Evidently's: on random tables; where it gives none, as stated here."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from lake_access.settings import Settings, load_settings
from monitoring.drift.compare import compare_tables
from monitoring.drift.result import DatasetDrift
from tests.monitoring.drift.evidently_says import evidently_psi, evidently_says
from tests.monitoring.drift.random_tables import CATEGORIES, Pair, random_pair

FAST, ALL = 15, 100


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return load_settings({"LEADLAKE_HOME": str(tmp_path_factory.mktemp("home"))})


def check(settings: Settings, pair: Pair) -> DatasetDrift:
    """Compare both ways; each column's test, value, threshold, verdict and PSI, and the verdict over all."""
    categories = [name for name in pair.reference if name in CATEGORIES]
    theirs = evidently_says(pair.reference, pair.current, categories)
    ours = compare_tables(settings, pair.reference, pair.current)
    assert {column.column for column in ours.columns} == theirs.columns.keys()
    for column in ours.columns:
        said = theirs.columns[column.column]
        sizes = (column.column, len(pair.reference), len(pair.current))
        assert (column.test, column.threshold) == (said.test, said.threshold), sizes
        assert not math.isnan(said.value), sizes
        assert column.value == pytest.approx(said.value, rel=1e-9, abs=1e-9), sizes
        assert column.drifted == said.drifted, sizes
        psi = evidently_psi(
            pair.reference[column.column], pair.current[column.column], is_category=column.column in categories
        )
        assert column.psi == pytest.approx(psi, rel=1e-9, abs=1e-9), sizes
    assert ours.share == pytest.approx(sum(said.drifted for said in theirs.columns.values()) / len(theirs.columns))
    if "infinite" not in pair.reference:
        # Where numbers are infinite its share takes them along, gets NaN, and contradicts the column's own verdict.
        assert ours.share == pytest.approx(theirs.share)
        assert ours.dataset_drift == theirs.drifted
    return ours


@pytest.mark.parametrize("seed", range(FAST))
def test_values_and_verdicts_are_evidentlys(settings: Settings, seed: int) -> None:
    check(settings, random_pair(seed))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(FAST, ALL))
def test_values_and_verdicts_are_evidentlys_on_many_more_tables(settings: Settings, seed: int) -> None:
    check(settings, random_pair(seed))


def of_one_column(settings: Settings, reference: Sequence[object], current: Sequence[object]) -> DatasetDrift:
    return compare_tables(settings, pd.DataFrame({"column": reference}), pd.DataFrame({"column": current}))


@pytest.mark.parametrize("rows", [50, 2_000])
def test_where_evidently_raises_for_a_column_without_values_its_row_says_so(settings: Settings, rows: int) -> None:
    full, empty = pd.DataFrame({"column": np.arange(rows) % 7.0}), pd.DataFrame({"column": [np.nan] * rows})
    with pytest.raises(ValueError, match="empty column"):
        evidently_says(full, empty, [])

    (gone,) = compare_tables(settings, full, empty).columns
    (new,) = compare_tables(settings, empty, full).columns
    (never,) = compare_tables(settings, empty, empty).columns

    assert (gone.test, gone.value, gone.drifted, gone.note) == ("none", None, True, "no value on the current side")
    assert (new.test, new.value, new.drifted, new.note) == ("none", None, True, "no value on the reference side")
    assert (never.test, never.value, never.drifted, never.note) == ("none", None, False, "no value on either side")
    assert (gone.beyond_chance, new.beyond_chance, never.beyond_chance) == (True, True, False)


def test_columns_without_a_type_on_one_side_are_those_of_the_other(settings: Settings) -> None:
    for value in ("text", True, 3, 2.5):
        (column,) = of_one_column(settings, [value] * 20, [None] * 20).columns
        assert (column.drifted, column.note) == (True, "no value on the current side")


@pytest.mark.parametrize(("values", "test"), [(["a"] * 30, "z"), ([4] * 2_000, "jensenshannon"), ([True] * 30, "z")])
def test_where_nothing_ever_changes_nothing_has_drifted(settings: Settings, values: list[object], test: str) -> None:
    (column,) = of_one_column(settings, values, values).columns

    assert (column.test, column.drifted, column.beyond_chance) == (test, False, False)
    assert column.value == (1.0 if test == "z" else 0.0)
    assert column.note == "one same value on both sides"


def test_an_unseen_value_is_named_and_counted(settings: Settings) -> None:
    (column,) = of_one_column(settings, ["a", "b", "c"] * 100, ["a", "b", "c"] * 90 + ["new"] * 30).columns

    assert (column.test, column.value, column.drifted) == ("chisquare", 0.0, True)
    assert (column.unseen.values, column.unseen.rows, column.unseen.examples) == (1, 30, ("new",))
    assert column.gone.values == 0


def test_no_row_at_all_is_an_answer_too(settings: Settings) -> None:
    found = compare_tables(settings, pd.DataFrame({"column": [1.5]}), pd.DataFrame({"column": [1.5]}).head(0))

    assert (found.current_rows, found.columns[0].value, found.columns[0].drifted) == (0, None, False)
    assert not found.beyond_chance
