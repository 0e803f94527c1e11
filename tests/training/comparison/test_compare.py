from __future__ import annotations

import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from tests.training.comparison.made_leads import BANDS, made
from training.comparison.compare import ComparedLeads, Factors, VersionScores, compare
from training.comparison.counting import calibration, scores_of
from training.comparison.cutoffs import carried_over, working_bands
from training.comparison.movers import reasons
from training.comparison.outcome import Comparison, Reason, comparison_as_json, comparison_from_json

LEADS, FIRST, SECOND = made(2_500)


def compared(leads: ComparedLeads = LEADS, first: VersionScores = FIRST, second: VersionScores = SECOND) -> Comparison:
    return compare(leads, first, second, BANDS, minimum_cell=30, seed=11, resamples=40)


def frame() -> pd.DataFrame:
    edges = [*BANDS.values(), 101]
    old, new = np.rint(100 * FIRST.probability), np.rint(100 * SECOND.probability)
    return pd.DataFrame(
        {
            "source": LEADS.sources,
            "converted": LEADS.converted,
            "old": old,
            "new": new,
            "old_band": pd.cut(old, edges, right=False, labels=list(BANDS)),
            "new_band": pd.cut(new, edges, right=False, labels=list(BANDS)),
        }
    )


def test_the_band_matrix_counts_what_pandas_counts_with_wilson_intervals() -> None:
    table = frame().groupby(["old_band", "new_band"], observed=False)["converted"].agg(["size", "sum"])

    matrix = compared().band_matrix

    assert {(cell.first_band, cell.second_band): (cell.counted.leads, cell.counted.conversions) for cell in matrix} == {
        pair: (row["size"], row["sum"]) for pair, row in table.iterrows()
    }
    for cell in matrix:
        if cell.counted.leads:
            expected = proportion_confint(cell.counted.conversions, cell.counted.leads, method="wilson")
            assert (cell.counted.low, cell.counted.high) == pytest.approx(expected)
    assert compared().changed_band == (frame().old_band != frame().new_band).sum()


def test_each_source_stands_with_its_counts_mean_scores_and_metrics() -> None:
    by_source = frame().groupby("source")["converted"].agg(["size", "sum"])

    found = {each.source: each for each in compared().by_source}

    assert {name: (each.counted.leads, each.counted.conversions) for name, each in found.items()} == {
        name: (row["size"], row["sum"]) for name, row in by_source.iterrows()
    }
    online = LEADS.sources == "online"
    assert found["online"].mean_score_second == pytest.approx(100 * SECOND.probability[online].mean())
    assert found["online"].metric("roc_auc") is not None


def test_a_source_with_few_conversions_has_counts_and_no_metrics() -> None:
    converted = LEADS.converted & (LEADS.sources != "online")
    converted[np.flatnonzero(LEADS.sources == "online")[:9]] = True

    found = {each.source: each for each in compared(dataclasses.replace(LEADS, converted=converted)).by_source}

    assert found["online"].counted.conversions == 9
    assert found["online"].metrics == ()


def test_score_counts_add_up_and_hold_every_score() -> None:
    bars = compared().scores

    assert sum(bar.first for bar in bars) == sum(bar.second for bar in bars) == 2_500
    assert [(bar.lowest, bar.highest) for bar in bars][-2:] == [(90, 94), (95, 100)]
    assert bars[4].second == frame().new.between(20, 24).sum()


def test_calibration_bins_hold_as_many_leads_each_and_say_what_came() -> None:
    bins = calibration(SECOND.probability, LEADS.converted)
    order = np.argsort(SECOND.probability)

    assert [each.observed.leads for each in bins] == [250] * 10
    assert [each.predicted for each in bins] == sorted(each.predicted for each in bins)
    assert bins[9].predicted == pytest.approx(SECOND.probability[order[-250:]].mean())
    assert bins[9].observed.conversions == LEADS.converted[order[-250:]].sum()


def test_leads_of_one_probability_stay_in_one_bin() -> None:
    bins = calibration(np.array([0.1] * 80 + [0.5] * 20), np.array([False] * 80 + [True] * 20))

    assert [(each.predicted, each.observed.leads) for each in bins] == [(pytest.approx(0.1), 80), (0.5, 20)]


def test_rank_correlations_are_those_of_scipy_and_none_for_a_constant() -> None:
    assert compared().spearman == pytest.approx(stats.spearmanr(FIRST.probability, SECOND.probability).statistic)
    constant = VersionScores("3", np.full(2_500, 0.2))
    assert compared(second=constant).spearman is None
    assert compared(second=constant).kendall is None


def test_the_leads_that_move_most_come_first_with_what_moves_them() -> None:
    def factors(strength: float) -> Factors:
        return lambda places: [{"visits": strength, "age": 0.1, "place": 0.001 * place} for place in places]

    first = dataclasses.replace(FIRST, factors=factors(0.2))
    second = dataclasses.replace(SECOND, factors=factors(-0.9))
    moved = np.abs(SECOND.probability - FIRST.probability)

    movers = compared(first=first, second=second).movers

    assert [mover.lead_id for mover in movers] == [f"lead-{place}" for place in np.argsort(-moved)[:20]]
    assert movers[0].reasons == (Reason("visits", 0.2, -0.9),)
    place = int(movers[0].lead_id.removeprefix("lead-"))
    assert (movers[0].first_score, movers[0].second_score) == (frame().old[place], frame().new[place])
    assert (movers[0].first_band, movers[0].second_band) == (frame().old_band[place], frame().new_band[place])


def test_a_feature_that_only_one_version_knows_counts_as_nothing_in_the_other() -> None:
    found = reasons({"old": 0.5, "both": 0.3}, {"new": -0.7, "both": 0.2})

    assert found == (Reason("new", 0.0, -0.7), Reason("old", 0.5, 0.0), Reason("both", 0.3, 0.2))


def test_cutoffs_that_hold_volume_undo_a_change_of_scale() -> None:
    old = scores_of(FIRST.probability)
    halved = old // 2

    carried = carried_over(old, halved, LEADS.converted, BANDS, "volume", least=30)

    assert [(each.band, each.first_cutoff, each.second_cutoff) for each in carried] == [
        ("cold", 0, 0),
        ("warm", 30, 15),
        ("hot", 60, 30),
    ]
    assert [each.second for each in carried] == [each.first for each in carried]


def test_cutoffs_that_hold_conversion_come_as_near_as_any_score_does() -> None:
    old, new = scores_of(FIRST.probability), scores_of(SECOND.probability)

    hot = carried_over(old, new, LEADS.converted, BANDS, "conversion", least=30)[-1]

    was = LEADS.converted[old >= 60].mean()
    apart = {
        cutoff: abs(LEADS.converted[new >= cutoff].mean() - was)
        for cutoff in range(1, 101)
        if (new >= cutoff).sum() >= 30
    }
    assert hot.second_cutoff is not None
    assert apart[hot.second_cutoff] == min(apart.values())
    assert hot.second is not None
    assert hot.second.rate == pytest.approx(LEADS.converted[new >= hot.second_cutoff].mean())


def test_a_band_that_no_score_can_hold_has_no_cutoff() -> None:
    old, flat = scores_of(FIRST.probability), np.zeros(2_500, dtype=np.int64)

    carried = carried_over(old, flat, LEADS.converted, BANDS, "conversion", least=30)

    assert [(each.band, each.second_cutoff) for each in carried] == [("cold", 0), ("warm", None), ("hot", None)]


def test_declared_bands_that_tell_no_lead_apart_give_way_to_shares_of_the_first_version() -> None:
    low = VersionScores("3", FIRST.probability / 5)

    found = compared(first=low)

    scores = scores_of(low.probability)
    assert (found.cutoffs_declared, compared().cutoffs_declared) == (False, True)
    assert found.bands == ("cold", "warm", "hot")
    assert found.cutoffs == (0, *(int(np.quantile(scores, share, method="higher")) for share in (0.7, 0.9)))
    assert working_bands(np.full(500, 7), BANDS, 30) == ({"cold": 0, "warm": 7}, False)


def test_a_comparison_is_the_same_every_time_and_comes_back_from_json() -> None:
    once, again = compared(), compared()

    kept = json.dumps(comparison_as_json(once), allow_nan=False)

    assert kept == json.dumps(comparison_as_json(again), allow_nan=False)
    assert comparison_from_json(json.loads(kept)) == once
