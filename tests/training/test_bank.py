"""Real data: a bank's calls from 2008 to 2010, through the crisis. How well both algorithms do, and what leaks."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from lake_access.building.build import build
from lake_access.crm_import import write_events
from lake_access.crm_mapping import load_mapping
from lake_access.lake import PinnedLake
from lake_access.raw import land
from tests.lake_access.lakes import NOW, lake_in, shipped_config
from training.data_gates import usable_features
from training.dataset import Dataset, make_dataset
from training.encoding import learn_encoding
from training.fit import DEFAULTS, fit_classifier
from training.leakage import audit
from training.retraining import Asked, Trained, train
from training.shuffled import shuffled_metrics
from training.versions import ALGORITHMS, Algorithm

ROOT = Path(__file__).resolve().parents[2]
BANK_FILE = Path(os.environ.get("SAMPLE_DATA", ROOT.parent / "shared" / "data")) / "bank_marketing/bank_leads.csv.gz"
NUMERIC = (
    *("age", "duration", "calls_in_campaign", "pdays", "previous"),
    *("emp_var_rate", "cons_price_idx", "cons_conf_idx", "euribor3m", "nr_employed"),
)
CATEGORICAL = ("job", "marital", "education", "default", "housing", "loan", "month", "day_of_week", "poutcome")
Features = tuple[tuple[str, ...], tuple[str, ...]]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not BANK_FILE.exists(), reason="the sample data is not here")]


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> PinnedLake:
    """The bank's calls with all that the file has as features, the length of the call among them."""
    folder = tmp_path_factory.mktemp("bank")
    config = shipped_config(
        ("numeric = []", f"numeric = {[*NUMERIC]}".replace("'", '"')),
        ("categorical = []", f"categorical = {[*CATEGORICAL]}".replace("'", '"')),
    )
    lake = lake_in(folder / "home", config)
    streams = write_events(load_mapping(ROOT / "docs" / "examples" / "bank_marketing.toml"), [BANK_FILE], folder)
    assert streams.outcomes is not None
    land(lake.store, "crm", streams.crm, NOW, history=True)
    land(lake.store, "outcomes", streams.outcomes, NOW, history=True)
    build(lake, NOW)
    return lake.pin()


@pytest.fixture(scope="module")
def dataset(pinned: PinnedLake) -> Dataset:
    return make_dataset(pinned)


@pytest.fixture(scope="module")
def features(dataset: Dataset) -> Features:
    """All that can be learnt from but the length of the call, which nobody knows before it."""
    numeric, categorical, _ = usable_features(dataset, ())
    return tuple(name for name in numeric if name != "duration"), categorical


@pytest.fixture(scope="module")
def trained(pinned: PinnedLake, features: Features) -> dict[Algorithm, Trained]:
    return {algorithm: train(pinned, Asked(algorithm, features=features)) for algorithm in ALGORITHMS}


def auc_of_a_random_split(dataset: Dataset, features: Features, algorithm: Algorithm) -> float:
    """For reference: scikit-learn's ROC AUC on a fifth of the leads drawn at random, as papers on these data split."""
    order = np.random.default_rng(0).permutation(len(dataset))
    test, fit = order[: len(order) // 5], order[len(order) // 5 :]
    frame = dataset.select(*features)
    encoding = learn_encoding(frame.iloc[fit], *features)
    matrix = encoding.matrix(frame)
    fitted = fit_classifier(algorithm, encoding, matrix[fit], dataset.converted[fit], DEFAULTS[algorithm], 0)
    return float(roc_auc_score(dataset.converted[test], fitted.predict_proba(matrix[test])[:, 1]))


def test_a_random_split_gives_what_is_known_of_these_data(dataset: Dataset, features: Features) -> None:
    assert max(auc_of_a_random_split(dataset, features, algorithm) for algorithm in ALGORITHMS) >= 0.79


def test_on_the_newest_leads_the_better_algorithm_still_ranks(
    dataset: Dataset, trained: dict[Algorithm, Trained]
) -> None:
    reached = {
        algorithm: float(roc_auc_score(dataset.converted[made.split.test], made.probabilities))
        for algorithm, made in trained.items()
    }

    assert max(reached.values()) >= 0.74, reached
    assert all(not made.leakage for made in trained.values())


def test_leads_dealt_at_random_tell_what_of_the_gap_comes_of_the_time(
    dataset: Dataset, trained: dict[Algorithm, Trained]
) -> None:
    for algorithm, made in trained.items():
        shuffled = shuffled_metrics(dataset, algorithm, made.model.numeric, made.model.categorical, made.parameters, 0)
        assert shuffled["roc_auc"] == pytest.approx(0.79, abs=0.03), algorithm


def test_the_length_of_the_call_is_named_as_a_leak_and_nothing_else(pinned: PinnedLake, dataset: Dataset) -> None:
    numeric, categorical, _ = usable_features(dataset, ())
    limit = pinned.settings.declarations.training.leakage_auc

    found = audit(pinned, dataset, (*numeric, *categorical), limit)

    assert {finding.feature for finding in found} == {"duration"}
    assert "PREDICTS_ALONE" in {finding.code for finding in found}
