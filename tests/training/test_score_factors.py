"""Factors of a score that is on record: they are those of the model, for the features as of that very moment."""

from __future__ import annotations

import numpy as np
import pytest

from lake_access.errors import ModelRefusedError, RefusedError
from lake_access.lake import PinnedLake
from lake_access.lead_history import lead_history
from lake_access.settings import Settings
from tests.training.people import ANALYST
from training.factors import _number_written
from training.registry import load_model
from training.score_factors import score_factors


@pytest.fixture(scope="module")
def scored_lead(pinned: PinnedLake) -> str:
    """A lead that both versions of the demo scored."""
    ((lead,),) = pinned.rows(
        "SELECT lead_id::VARCHAR FROM curated.scores WHERE model_version IN ('1', '2') "
        "GROUP BY 1 HAVING count(DISTINCT model_version) = 2 ORDER BY 1 LIMIT 1"
    )
    return str(lead)


@pytest.mark.parametrize("version", ["1", "2"])
def test_factors_add_up_to_the_models_own_score_of_that_moment(
    pinned: PinnedLake, registered: Settings, scored_lead: str, version: str
) -> None:
    history = lead_history(pinned, scored_lead)
    assert history is not None
    newest = [score for score in history.scores if score.version == version][-1]

    found = score_factors(registered, ANALYST, scored_lead, version)

    assert (found["score"], found["scored_at"]) == (newest.score, newest.scored_at.isoformat())
    calibrated = load_model(registered, version).classifier.calibrated_classifiers_[0]
    log_odds = found["base"] + sum(each["contribution"] for each in found["factors"])
    # The calibrator over the log-odds is all that lies between the factors and the score.
    (probability,) = calibrated.calibrators[0].predict(np.array([log_odds]))
    assert found["model_score"] == round(100 * probability)
    assert {each["feature"]: each["value"] for each in found["factors"]} == {
        each["feature"]: _written(newest.features[each["feature"]]) for each in found["factors"]
    }
    parts = [abs(each["contribution"]) for each in found["factors"]]
    assert parts == sorted(parts, reverse=True)


def test_a_lead_that_the_version_never_scored_is_refused(registered: Settings, pinned: PinnedLake) -> None:
    ((lead,),) = pinned.rows(
        "SELECT min(lead_id::VARCHAR) FROM curated.scores "
        "WHERE lead_id NOT IN (SELECT lead_id FROM curated.scores WHERE model_version = '2')"
    )

    for asked in (str(lead), "ffffffff-ffff-ffff-ffff-ffffffffffff"):
        with pytest.raises(RefusedError, match=f"Version 2 has not scored the lead {asked}"):
            score_factors(registered, ANALYST, asked, "2")
    with pytest.raises(RefusedError, match="is a UUID"):
        score_factors(registered, ANALYST, "' OR 1=1", "1")


def test_a_version_that_is_not_registered_is_refused(registered: Settings, scored_lead: str) -> None:
    with pytest.raises(ModelRefusedError):
        score_factors(registered, ANALYST, scored_lead, "99")


def _written(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    assert isinstance(value, (bool, int, float))
    return None if value != value else _number_written(float(value))


@pytest.mark.parametrize(
    ("number", "written"),
    [(1_234_567, "1,234,567"), (1_234_567.5, "1,234,568"), (42, "42"), (0.5, "0.5"), (1 / 3, "0.333333"), (-3, "-3")],
)
def test_a_number_among_a_lead_s_values_is_written_in_digits(number: float, written: str) -> None:
    assert _number_written(float(number)) == written
