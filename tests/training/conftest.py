"""A demo lake with a model of each algorithm; only for reading."""

from __future__ import annotations

import pytest

from lake_access.building.build import build
from lake_access.demo_events import DemoPlan
from lake_access.lake import PinnedLake
from lake_access.settings import Settings
from tests.lake_access.lakes import NOW, lake_in, land_demo
from tests.training.people import ANALYST
from training.dataset import Dataset, make_dataset
from training.retraining import Asked, Trained, retrain, train


@pytest.fixture(scope="session")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> PinnedLake:
    """A built demo lake of 4,000 leads."""
    folder = tmp_path_factory.mktemp("training")
    lake = lake_in(folder / "home")
    land_demo(lake, DemoPlan(until=NOW, leads=4_000), folder / "events")
    build(lake, NOW)
    return lake.pin()


@pytest.fixture(scope="session")
def dataset(pinned: PinnedLake) -> Dataset:
    return make_dataset(pinned)


@pytest.fixture(scope="session")
def linear(pinned: PinnedLake) -> Trained:
    return train(pinned, Asked("logistic_regression"))


@pytest.fixture(scope="session")
def boosted(pinned: PinnedLake) -> Trained:
    return train(pinned, Asked("gradient_boosting"))


@pytest.fixture(scope="session")
def registered(pinned: PinnedLake) -> Settings:
    """The settings of that lake, with the versions 1 (linear) and 2 (boosted) in its registry."""
    for algorithm in ("logistic_regression", "gradient_boosting"):
        retrain(pinned.settings, ANALYST, {"algorithm": algorithm}, NOW)
    return pinned.settings
