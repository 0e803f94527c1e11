"""A real lake with two trained versions, of which the first is champion, and a request for the other."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from jobs.demo import fill_with_demo
from jobs.promotion_sources import promotion_sources
from lake_access.database import open_database
from lake_access.demo_events import DemoPlan
from lake_access.lake import open_lake
from lake_access.permissions import local_user
from lake_access.settings import load_settings
from training.promotion.comparing import compare_and_keep
from training.promotion.moving import bootstrap_champion
from training.promotion.requesting import request_promotion
from training.registry import version
from training.retraining import retrain

UNTIL = datetime(2026, 3, 1, tzinfo=UTC)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANA = local_user("ana")
NOTE = "Made for **tests**; [x](http://x) has <b>more</b>."


def begun(home: Path, **variables: str) -> None:
    """Fill this home: the demo, and version 1, which is champion. `variables` say where else its state is."""
    home.mkdir(parents=True, exist_ok=True)
    given = {"home": str(home), **variables}
    settings = load_settings({f"LEADLAKE_{name.upper()}": value for name, value in given.items()})
    with closing(open_lake(settings)) as lake:
        fill_with_demo(lake, DemoPlan(until=UNTIL, leads=2_500, seed=7))
    retrain(settings, ANA, {"algorithm": "logistic_regression", "seed": 0}, NOW)
    registry = promotion_sources(settings, ANA, NOW).registry
    bootstrap_champion(open_database(settings), registry, ANA, version(settings, "1"), "the first model", NOW)


def filled(home: Path) -> None:
    """The same with version 2, which bears a note, their comparison, and ana's request for 2; no drift report."""
    begun(home)
    settings = load_settings({"LEADLAKE_HOME": str(home)})
    engine = open_database(settings)
    retrain(settings, ANA, {"algorithm": "gradient_boosting", "seed": 0, "notes": [NOTE]}, NOW)
    sources = promotion_sources(settings, ANA, NOW)
    compare_and_keep(engine, sources, ANA, "1", "2", NOW)
    request_promotion(engine, sources, ANA, "2", "It sees <b>more</b> [x](http://x).", NOW)
