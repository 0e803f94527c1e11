from __future__ import annotations

from app.model_views import words as model_words
from tests.training.comparison.made_leads import BANDS, made
from training.comparison.compare import compare
from training.comparison.outcome import Difference
from training.metrics import METRICS
from training.promotion.gates import GATES
from training.promotion.impact import Gap
from training.versions import Interval

COMPARISON = compare(*made(2_000), BANDS, minimum_cell=30, seed=1, resamples=40)


def test_every_metric_and_every_gate_has_a_name() -> None:
    assert set(model_words.METRICS) == set(METRICS)
    assert set(model_words.GATES) == set(GATES)


def test_a_difference_is_better_or_worse_only_beyond_chance() -> None:
    def differing(low: float, high: float, *, higher_is_better: bool) -> Difference:
        told = Interval((low + high) / 2, low, high)
        return Difference("x", told, told, told, higher_is_better)

    assert model_words.verdict(differing(0.01, 0.03, higher_is_better=True)) == "better"
    assert model_words.verdict(differing(0.01, 0.03, higher_is_better=False)) == "worse"
    assert model_words.verdict(differing(-0.01, 0.03, higher_is_better=True)) == "within chance"


def test_tables_say_what_the_comparison_found() -> None:
    metrics = model_words.metrics_table(COMPARISON.metrics, "1", "2")
    auc = COMPARISON.metrics[0]
    cutoffs = model_words.cutoffs_table(COMPARISON)
    sources = model_words.sources_table(COMPARISON.by_source, {"online": "Online"})

    assert metrics["Version 2"][0] == f"{auc.second.value:.3f}"
    assert metrics["Verdict"][0] == "better"
    assert list(cutoffs["Band"]) == ["hot", "warm", "cold"]
    assert cutoffs["Now"][0].startswith("60+: ")
    assert "Online" in set(sources["Source"])


def test_a_gap_is_told_as_what_it_is() -> None:
    interval = Interval(0.71, 0.68, 0.74)

    (row,) = model_words.gaps_table([Gap("roc_auc", 0.78, interval, interval)]).to_dict("records")

    assert (row["Validation"], row["Newest leads"], row["Gap"]) == ("0.780", "0.710", "-0.070")
    assert row["Shuffled"] == ""


def test_what_leads_dealt_at_random_give_stands_beside_the_gap() -> None:
    interval = Interval(0.71, 0.68, 0.74)

    (row,) = model_words.gaps_table([Gap("roc_auc", 0.78, interval, interval)], {"roc_auc": 0.794}).to_dict("records")

    assert row["Shuffled"] == "0.794"


def test_a_difference_of_two_shares_is_told_in_points() -> None:
    assert model_words._signed("capture_20", -0.0082) == "-0.8 points"
    assert model_words._signed("roc_auc", -0.0131) == "-0.013"
