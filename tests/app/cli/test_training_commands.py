"""train, models, reproduce, score, model-card: what they print, and that a refusal changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.app.cli.running import Ended

Leadlake = Callable[..., Ended]


@pytest.fixture
def trained(leadlake: Leadlake) -> Ended:
    """A demo lake of 1,200 leads, and a model of it."""
    leadlake("demo", "--leads", "1200", "--until", "2025-12-31")
    return leadlake("train", "--algorithm", "logistic_regression", "--json", user="ann")


def test_a_version_goes_through_all_commands(leadlake: Leadlake, trained: Ended, tmp_path: Path) -> None:
    assert trained.json["version"] == "1"
    assert {"roc_auc", "average_precision", "brier", "log_loss", "ece"} <= trained.json["metrics"].keys()

    models = leadlake("models", "--json").json
    assert [(one["version"], one["created_by"]) for one in models["versions"]] == [("1", "ann")]
    assert models["differences"] == []
    assert "logistic regression" in leadlake("models").out

    again = leadlake("reproduce", "1", "--json")
    assert (again.code, again.json["same"], again.json["found"]) == (0, True, trained.json["digest"])

    assert leadlake("score", "--version", "1", "--json").json == {"version": "1", "scored": 1200, "batches": 1}
    assert leadlake("score", "--version", "1").out == "Every lead has its score by model 1 already.\n"

    page = tmp_path / "card.html"
    assert leadlake("model-card", "1", "--html", page).out == f"The card of model 1 is in {page}.\n"
    assert trained.json["digest"] in page.read_text(encoding="utf-8")
    assert "What matters most: " in leadlake("model-card", "1").out


def test_what_cannot_be_trained_is_one_sentence(leadlake: Leadlake) -> None:
    ended = leadlake("train")

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("leadlake: TOO_FEW_LEADS: no lead was built yet")
    assert leadlake("models").out == "No model yet: `leadlake train` makes one.\n"


@pytest.mark.parametrize("command", [("reproduce", "7"), ("model-card", "7"), ("score", "--version", "7")])
def test_a_version_that_is_not_there_is_refused(leadlake: Leadlake, command: tuple[str, ...]) -> None:
    ended = leadlake(*command)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err == "leadlake: there is no model version '7'; `leadlake models` lists them.\n"


@pytest.mark.parametrize(
    "arguments", [("--algorithm", "oracle"), ("--as-of", "then"), ("--seed", "-1"), ("--search", "0")]
)
def test_options_that_cannot_be_are_wrong_usage(leadlake: Leadlake, arguments: tuple[str, str]) -> None:
    assert leadlake("train", *arguments).code == 2
