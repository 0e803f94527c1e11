"""Training: gates refuse before anything is fitted, and the same training gives the same bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from lake_access.errors import TrainingRefusedError
from lake_access.lake import PinnedLake
from training.artifacts import model_bytes, model_from
from training.data_gates import refuse_other_features, refuse_too_little, usable_features
from training.dataset import Dataset, split_by_time
from training.factors import contributions_of, lead_factors
from training.fit import calibrate
from training.leakage import HALFWAY, NEWEST, audit, univariate_auc
from training.model import Model
from training.retraining import Asked, Trained, train
from training.search import search_parameters


def with_feature(dataset: Dataset, name: str, values: np.ndarray) -> Dataset:
    return replace(dataset, features=dataset.features.assign(**{name: values}))


def test_too_few_leads_are_refused_with_what_was_left_out(dataset: Dataset) -> None:
    with pytest.raises(TrainingRefusedError, match=r"^TOO_FEW_LEADS: 3,\d+ mature leads .*left out: \d+ immature"):
        refuse_too_little(dataset, 10_000, 10)


def test_too_few_conversions_are_refused(dataset: Dataset) -> None:
    with pytest.raises(TrainingRefusedError, match=r"^TOO_FEW_CONVERSIONS: \d+ of 3,\d+ mature leads converted"):
        refuse_too_little(dataset, 500, 5_000)


@pytest.mark.parametrize(("value", "none"), [(False, "none"), (True, "all")])
def test_one_class_is_refused(dataset: Dataset, value: bool, none: str) -> None:
    alike = replace(dataset, converted=np.full(len(dataset), value))

    with pytest.raises(TrainingRefusedError, match=f"^ONE_CLASS: {none} of the "):
        refuse_too_little(alike, 500, 10)


def test_a_part_with_one_class_is_refused(dataset: Dataset) -> None:
    converted = dataset.converted.copy()
    converted[split_by_time(dataset).test] = False

    with pytest.raises(TrainingRefusedError, match=r"^ONE_CLASS: of the \d+ leads for the test, cut by time, none"):
        refuse_too_little(replace(dataset, converted=converted), 500, 10)


def test_features_that_tell_nothing_are_dropped_and_named(dataset: Dataset) -> None:
    numeric, categorical, dropped = usable_features(dataset, ())

    codes = {finding.feature: finding.code for finding in dropped}
    assert codes["avg_webinar_time"] == "FEATURE_MISSING"
    assert codes["events_crm_contact"] == "FEATURE_CONSTANT"
    assert not codes.keys() & {*numeric, *categorical}
    assert {*codes, *numeric, *categorical} == {*dataset.features.columns}


def test_an_attribute_that_the_settings_name_and_no_lead_has_is_refused(dataset: Dataset) -> None:
    with pytest.raises(TrainingRefusedError, match=r'^FEATURE_MISSING: .* attribute "avg_webinar_time"'):
        usable_features(dataset, ("avg_webinar_time",))


def test_features_that_scoring_would_derive_otherwise_are_refused(pinned: PinnedLake, dataset: Dataset) -> None:
    assert refuse_other_features(pinned, dataset)
    points = dataset.features["engagement_points"].to_numpy().copy()
    points[0] += 1
    changed = replace(dataset, features=dataset.features.assign(engagement_points=points))

    with pytest.raises(TrainingRefusedError) as refused:
        refuse_other_features(pinned, changed)

    assert str(refused.value).startswith(
        'TRAINING_SCORING_DISAGREE: scoring would derive another "engagement_points" than the lake keeps for 1 of 400'
    )
    assert str(dataset.lead_ids[0]) in str(refused.value)


def test_the_audit_of_the_demo_is_clean(pinned: PinnedLake, dataset: Dataset, boosted: Trained) -> None:
    assert boosted.leakage == []
    assert audit(pinned, dataset, (*dataset.numeric, *dataset.categorical), 0.8) == []


def test_newest_leads_that_alone_are_others_by_then_are_left_to_the_audit(pinned: PinnedLake, dataset: Dataset) -> None:
    counted = dataset.features["past_event_count"].to_numpy().copy()
    counted[-2] += 1  # the sample of the gate has the last lead, and not the one before it
    later = replace(dataset, features=dataset.features.assign(past_event_count=counted))

    assert not refuse_other_features(pinned, later)
    found = audit(pinned, later, (), 0.8, (NEWEST,))

    assert {(finding.code, finding.feature) for finding in found} == {("LATER_EVENTS", "past_event_count")}
    assert audit(pinned, later, (), 0.8, (HALFWAY,)) == []


def test_a_feature_that_knows_the_outcome_is_named(pinned: PinnedLake, dataset: Dataset) -> None:
    rng = np.random.default_rng(0)
    call = np.where(dataset.converted, 500, 200) + rng.normal(0, 150, len(dataset))
    leaking = with_feature(dataset, "duration", call)

    found = audit(pinned, leaking, ("duration", "engagement_points"), 0.8)

    assert [(finding.code, finding.feature) for finding in found if finding.code == "PREDICTS_ALONE"] == [
        ("PREDICTS_ALONE", "duration")
    ]


def test_a_feature_of_the_time_alone_is_no_leak(dataset: Dataset) -> None:
    months = dataset.months.astype(np.int64)
    # The rate of conversion of the month itself: it ranks leads of different months, and none of the same.
    rates = pd.Series(dataset.converted).groupby(months).transform("mean").to_numpy()

    assert roc_auc_score(dataset.converted, rates) > 0.52
    assert univariate_auc(with_feature(dataset, "rate", rates), "rate") == 0.5


def test_a_feature_that_is_filled_only_with_the_outcome_is_named(pinned: PinnedLake, dataset: Dataset) -> None:
    contract = np.where(dataset.converted, 1.0, np.nan)

    found = audit(pinned, with_feature(dataset, "contract", contract), ("contract",), 1.0)

    assert "FILLED_WITH_OUTCOME" in [finding.code for finding in found if finding.feature == "contract"]


def test_rows_that_know_later_events_are_named(pinned: PinnedLake, dataset: Dataset) -> None:
    counted = dataset.features["past_event_count"].to_numpy() + 1
    later = replace(dataset, features=dataset.features.assign(past_event_count=counted))

    found = audit(pinned, later, (), 0.8)

    assert {(finding.code, finding.feature) for finding in found} == {("LATER_EVENTS", "past_event_count")}


@pytest.mark.parametrize("algorithm", ["logistic_regression", "gradient_boosting"])
def test_the_same_training_twice_gives_the_same_bits(
    pinned: PinnedLake, linear: Trained, boosted: Trained, algorithm: str
) -> None:
    first = linear if algorithm == "logistic_regression" else boosted

    again = train(pinned, Asked(first.model.algorithm))

    assert again.probabilities.tobytes() == first.probabilities.tobytes()
    assert again.digest == first.digest


def test_both_models_rank_leads_better_than_chance_and_are_calibrated(linear: Trained, boosted: Trained) -> None:
    for trained in (linear, boosted):
        converted = trained.dataset.converted[trained.split.test]
        assert roc_auc_score(converted, trained.probabilities) > 0.6
        assert trained.probabilities.mean() == pytest.approx(converted.mean(), abs=0.03)
        assert trained.calibration_method == "sigmoid"


def test_many_conversions_are_calibrated_by_isotonic_regression(boosted: Trained) -> None:
    matrix = np.repeat(boosted.matrix, 4, axis=0)
    converted = np.tile([True, False], len(matrix) // 2)
    frozen = boosted.model.classifier.calibrated_classifiers_[0].estimator.estimator

    assert calibrate(frozen, matrix, converted)[1] == "isotonic"


@pytest.mark.parametrize("algorithm", ["logistic_regression", "gradient_boosting"])
def test_a_model_file_gives_the_same_predictions(linear: Trained, boosted: Trained, algorithm: str) -> None:
    trained = linear if algorithm == "logistic_regression" else boosted

    loaded = model_from(model_bytes(trained.model), "models/1/model.skops")

    told = loaded.probabilities(trained.dataset.features.iloc[trained.split.test])
    assert told.tobytes() == trained.probabilities.tobytes()


def test_a_search_keeps_to_its_budget_and_returns_parameters_that_fit(linear: Trained) -> None:
    from time import monotonic

    rows = linear.split.fit
    told: list[str] = []
    started = monotonic()

    found = search_parameters(
        "logistic_regression",
        linear.model.encoding,
        linear.matrix[rows],
        linear.dataset.converted[rows],
        seed=1,
        budget_seconds=6,
        progress=lambda step, _share: told.append(step),
    )

    assert monotonic() - started < 9
    assert found.keys() == {"C"}
    assert set(told) <= {"Searching parameters"}


@pytest.mark.parametrize("algorithm", ["logistic_regression", "gradient_boosting"])
def test_factors_add_up_to_the_leads_log_odds(linear: Trained, boosted: Trained, algorithm: str) -> None:
    trained = linear if algorithm == "logistic_regression" else boosted
    classifier = trained.model.classifier.calibrated_classifiers_[0].estimator.estimator

    for row in (0, 700, len(trained.dataset) - 1):
        found = lead_factors(trained.model, trained.dataset.features.iloc[[row]])
        log_odds = classifier.decision_function(trained.matrix[[row]])[0]
        assert found.base + sum(factor.contribution for factor in found.factors) == pytest.approx(log_odds, abs=1e-9)
        assert all(factor.contribution > 0 for factor in found.up())
        assert all(factor.contribution < 0 for factor in found.down())


def test_factors_of_trees_with_categories_are_shapley_values(boosted: Trained) -> None:
    from itertools import combinations
    from math import factorial

    model = boosted.model
    classifier = model.classifier.calibrated_classifiers_[0].estimator.estimator
    lead, background = boosted.matrix[[5]], boosted.matrix[20:24]
    features = lead.shape[1]
    # Of all coalitions of the features that this lead and the background differ in: Shapley's own definition.
    players = [at for at in range(features) if not _all_same(lead[0, at], background[:, at])][:6]
    fixed = [at for at in range(features) if at not in players]
    background = background.copy()
    background[:, fixed] = lead[0, fixed]

    def worth(coalition: tuple[int, ...]) -> float:
        mixed = background.copy()
        mixed[:, list(coalition)] = lead[0, list(coalition)]
        return float(classifier.decision_function(mixed).mean())

    n = len(players)
    expected = np.zeros(features)
    for player in players:
        others = [other for other in players if other != player]
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for coalition in combinations(others, size):
                expected[player] += weight * (worth((*coalition, player)) - worth(coalition))

    _, found = contributions_of(model, lead, background)

    assert len(model.encoding.categories) > 1
    assert found == pytest.approx(expected, abs=1e-9)


def _all_same(value: float, others: np.ndarray) -> bool:
    return bool(np.all((others == value) | (np.isnan(others) & np.isnan(value))))


@pytest.mark.filterwarnings("ignore")
def test_factors_of_trees_of_numbers_are_those_of_shap(boosted: Trained) -> None:
    import shap
    from sklearn.ensemble import HistGradientBoostingClassifier

    from training.encoding import Encoding

    numbers = np.nan_to_num(np.ascontiguousarray(boosted.matrix[:, len(boosted.model.encoding.categories) :]))
    converted = boosted.dataset.converted
    fitted = HistGradientBoostingClassifier(max_iter=20, early_stopping=False, random_state=0).fit(numbers, converted)
    calibrated, _ = calibrate(fitted, numbers, converted)
    model = Model("gradient_boosting", Encoding({}, boosted.model.numeric), calibrated, numbers[:50])
    explainer = shap.TreeExplainer(fitted, numbers[:50], feature_perturbation="interventional", model_output="raw")

    _, found = contributions_of(model, numbers[[60]], numbers[:50])

    # SHAP keeps thresholds in floats of 32 bits where scikit-learn has 64.
    assert found == pytest.approx(explainer.shap_values(numbers[[60]], check_additivity=False)[0], abs=1e-5)
