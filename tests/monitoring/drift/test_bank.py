"""Real data: a bank's calls before and after the crisis have drifted, by the economy and by who was called how."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lake_access.building.build import build
from lake_access.crm_import import write_events
from lake_access.crm_mapping import load_mapping
from lake_access.drift.compared import Side, population
from lake_access.lake import PinnedLake
from lake_access.raw import land
from monitoring.drift.compare import compare_lake
from tests.lake_access.lakes import NOW, lake_in, shipped_config
from tests.monitoring.drift.evidently_says import evidently_says
from tests.monitoring.drift.random_halves import false_alarms

ROOT = Path(__file__).resolve().parents[3]
BANK_FILE = Path(os.environ.get("SAMPLE_DATA", ROOT.parent / "shared" / "data")) / "bank_marketing/bank_leads.csv.gz"
ECONOMY = ("emp_var_rate", "cons_price_idx", "cons_conf_idx", "euribor3m", "nr_employed")
NUMERIC = ("age", "pdays", "previous", *ECONOMY)
CATEGORICAL = ("job", "marital", "education", "default", "housing", "loan", "poutcome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not BANK_FILE.exists(), reason="the sample data is not here")]


def year(number: int) -> Side:
    return Side(since=datetime(number, 1, 1, tzinfo=UTC), until=datetime(number + 1, 1, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> PinnedLake:
    folder = tmp_path_factory.mktemp("bank")
    config = shipped_config(
        ("numeric = []", f"numeric = {[*NUMERIC]}".replace("'", '"')),
        ("categorical = []", f"categorical = {[*CATEGORICAL]}".replace("'", '"')),
    )
    lake = lake_in(folder / "home", config)
    mapping = load_mapping(ROOT / "docs" / "examples" / "bank_marketing.toml")
    streams = write_events(mapping, [BANK_FILE], folder)
    assert streams.outcomes is not None
    land(lake.store, "crm", streams.crm, NOW, history=True)
    land(lake.store, "outcomes", streams.outcomes, NOW, history=True)
    build(lake, NOW)
    return lake.pin()


def test_2008_against_2010_has_drifted_with_the_economy_on_top_and_the_mix(pinned: PinnedLake) -> None:
    columns = [*NUMERIC, *CATEGORICAL, "first_source", "converted"]
    found = compare_lake(pinned, year(2008), year(2010), columns)
    named = [column.column for column in found.columns]

    assert found.dataset_drift
    assert found.beyond_chance
    # The mix of sources and the outcome before all features, of these the economy first, whose values are all others.
    assert set(named[:2]) == {"first_source", "converted"}
    assert set(named[2:7]) == set(ECONOMY)
    assert found.column("first_source").drifted
    assert found.column("first_source").beyond_chance


def test_random_halves_of_a_month_are_seldom_called_drifted(pinned: PinnedLake) -> None:
    """A hundred times: with alpha = 1% for all columns together, more than five alarms have a chance of 1 in 2,000."""
    may = Side(since=datetime(2008, 5, 1, tzinfo=UTC), until=datetime(2008, 6, 1, tzinfo=UTC))

    assert false_alarms(pinned, may) <= 5


@pytest.mark.parametrize(("before", "after"), [(2008, 2009), (2008, 2010), (2009, 2010)])
def test_every_value_by_year_is_evidentlys(pinned: PinnedLake, before: int, after: int) -> None:
    with population(pinned, []) as people:
        compared = people.take(year(before), year(after))
        reference, current = (people.frame(side) for side in ("reference_rows", "current_rows"))
    full = [name for name in compared.columns if reference[name].notna().any() and current[name].notna().any()]
    found = compare_lake(pinned, year(before), year(after), full)
    categories = [name for name in full if compared.columns[name] == "category"]
    for frame in (reference, current):
        frame["converted"] = frame["converted"].map(str, na_action="ignore").astype(object)
    theirs = evidently_says(reference[full], current[full], categories)

    for column in found.columns:
        said = theirs.columns[column.column]
        assert (column.test, column.drifted) == (said.test, said.drifted), column.column
        assert column.value == pytest.approx(said.value, rel=1e-9, abs=1e-9), column.column
    assert found.share == pytest.approx(theirs.share)
    assert found.dataset_drift == theirs.drifted
