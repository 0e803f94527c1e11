"""Wilson's interval is that of the literature, as statsmodels computes it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from lake_access.intervals import wilson_interval


@st.composite
def counts(draw: st.DrawFn) -> tuple[int, int]:
    trials = draw(st.integers(1, 10_000_000))
    return draw(st.integers(0, trials)), trials


@given(counts(), st.sampled_from([0.8, 0.95, 0.99]))
def test_it_is_the_interval_of_statsmodels(counted: tuple[int, int], confidence: float) -> None:
    successes, trials = counted

    low, high = wilson_interval(successes, trials, confidence)

    expected = proportion_confint(successes, trials, alpha=1 - confidence, method="wilson")
    assert (low, high) == pytest.approx(expected, abs=1e-12)


@given(counts())
def test_it_holds_the_rate_and_stays_within_0_and_1(counted: tuple[int, int]) -> None:
    successes, trials = counted

    low, high = wilson_interval(successes, trials)

    assert 0 <= low <= successes / trials <= high <= 1


def test_its_ends_are_exact_where_nothing_or_everything_converted() -> None:
    assert wilson_interval(0, 7)[0] == 0.0
    assert wilson_interval(7, 7)[1] == 1.0


def test_of_no_trials_nothing_is_known() -> None:
    assert wilson_interval(0, 0) == (0.0, 1.0)
