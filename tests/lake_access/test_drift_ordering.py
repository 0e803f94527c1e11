"""Numbers of both sides come in their order, a range at a time, whatever they are and however often they occur."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import ks_2samp, wasserstein_distance

from lake_access.drift.compared import Compared, tables_to_compare
from lake_access.drift.ordering import Portion, sorted_portions
from lake_access.settings import SHIPPED_CONFIG, load_settings
from monitoring.drift.halves import toss
from monitoring.drift.numbers import pass_numbers

ROWS = 60_000
RANGE_ROWS = 10_000


def draw(seed: int) -> np.ndarray:
    """A heavy tail, a number that a third of the rows share, and rows without a finite number."""
    rng = np.random.default_rng(seed)
    values = np.exp(rng.normal(0, 6, ROWS) + 0.1 * seed)
    values[rng.random(ROWS) < 1 / 3] = 1.0
    values[:: ROWS // 10] = [np.nan, np.inf, -np.inf, -0.0, 0.0, -1e9, 1e13, -5.5, np.nan, 5e-324]
    return values


@pytest.fixture
def sides() -> tuple[np.ndarray, np.ndarray]:
    return draw(1), draw(2)


@pytest.fixture
def compared(tmp_path: Path, sides: tuple[np.ndarray, np.ndarray]) -> Iterator[Compared]:
    settings = load_settings({"LEADLAKE_HOME": str(tmp_path), "LEADLAKE_CONFIG": str(SHIPPED_CONFIG)})
    tables = (pa.table({"x": pa.array(np.append(side, 0.0), mask=np.arange(ROWS + 1) == ROWS)}) for side in sides)
    with tables_to_compare(settings, *tables) as compared:
        yield compared


def finite(values: np.ndarray) -> np.ndarray:
    return np.sort(values[np.isfinite(values)])


def portions_of(compared: Compared) -> list[Portion]:
    return list(sorted_portions(compared, "x", 2 * ROWS, RANGE_ROWS))


def test_every_number_comes_once_in_order(compared: Compared, sides: tuple[np.ndarray, np.ndarray]) -> None:
    portions = portions_of(compared)

    values = np.concatenate([portion.values for portion in portions])
    assert (np.diff(values) >= 0).all()
    for side, counts in zip(
        sides, ([one.reference for one in portions], [one.current for one in portions]), strict=True
    ):
        assert np.repeat(values, np.concatenate(counts)).tolist() == finite(side).tolist()


def test_a_number_that_many_rows_share_is_counted_and_not_held(compared: Compared) -> None:
    counted = [portion for portion in portions_of(compared) if portion.values.tolist() == [1.0]]

    assert len(counted) == 1
    assert counted[0].reference.sum() > ROWS / 4
    assert max(len(portion.values) for portion in portions_of(compared)) < RANGE_ROWS * 2


def test_distances_are_those_of_scipy_whatever_the_ranges(
    compared: Compared, sides: tuple[np.ndarray, np.ndarray]
) -> None:
    ours, theirs = map(finite, sides)
    coin = toss(len(ours), np.random.default_rng(3))
    heads = coin.of(0, len(ours)).astype(bool)

    found = pass_numbers(portions_of(compared), len(ours), len(theirs), None, [coin], heights_of_halves=True)

    assert found.area == pytest.approx(wasserstein_distance(ours, theirs), rel=1e-9)
    assert found.height == pytest.approx(ks_2samp(ours, theirs).statistic, rel=1e-9)
    assert found.deviation == pytest.approx(np.std(ours), rel=1e-9)
    assert found.distinct == len(np.unique(ours))
    assert found.halves[0].area == pytest.approx(wasserstein_distance(ours[heads], ours[~heads]), rel=1e-9)
    assert found.halves[0].height == pytest.approx(ks_2samp(ours[heads], ours[~heads]).statistic, rel=1e-9)
