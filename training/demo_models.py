"""The demo's two models, trained with the real code on the demo's leads.

The demo's online scores name the versions "1" and "2", and were drawn by the demo's generator: no model of this code
gave them, and the cards say so. So that the registry has these versions too, each is trained on what was known by a day
of the demo's year: "2" on the day from which it scores in the demo, and "1" as early as enough leads have matured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lake_access.demo.plan import SECOND_MODEL_DAYS
from lake_access.errors import TrainingRefusedError
from lake_access.lake import open_lake
from lake_access.permissions import Action, Actor, require
from lake_access.settings import Settings
from training.registry import versions
from training.retraining import Progress, retrain
from training.versions import Algorithm

FIRST_MODEL_DAYS = 210


@dataclass(frozen=True)
class _Planned:
    """A model of the demo: its algorithm, and how many days before the demo's end nothing more was known to it."""

    algorithm: Algorithm
    days_before_end: int


PLANNED = (_Planned("logistic_regression", FIRST_MODEL_DAYS), _Planned("gradient_boosting", SECOND_MODEL_DAYS))

# What makes a version the first champion, where there is none yet: `training.promotion.bootstrap_champion`.
Crown = Callable[[Settings, Actor, str, datetime], object]


def train_demo_models(
    settings: Settings,
    actor: Actor,
    now: datetime,
    progress: Progress = lambda _step, _share: None,
    crown: Crown | None = None,
) -> tuple[str, ...]:
    """Train those of the demo's models that are not registered yet, and crown the first; the versions there are then.

    A demo of too few leads has none. One that was killed is taken up where it stood.

    Raises:
        NotAllowedError: the actor may not retrain.
        StorageError: the lake, its store or a database cannot be reached or written.
    """
    require(actor, Action.RETRAIN)
    lake = open_lake(settings)
    until = lake.pin().known_until
    lake.close()
    done = [told.version for told in reversed(versions(settings))]
    if until is None:
        return tuple(done)
    for place, planned in enumerate(PLANNED[len(done) :], len(done)):
        try:
            told = retrain(settings, actor, _parameters(planned, until), now, _within(progress, place))
        except TrainingRefusedError:
            return tuple(done)
        done.append(str(told["version"]))
    if crown is not None:
        crown(settings, actor, done[0], now)
    return tuple(done)


def _parameters(planned: _Planned, until: datetime) -> Mapping[str, object]:
    as_of = until - timedelta(days=planned.days_before_end)
    note = (
        f"A model of the demo, trained on what was known {planned.days_before_end} days before the demo's end. The "
        "demo's online scores that bear this version's number were drawn by the demo itself; this model did not give "
        "them."
    )
    return {"algorithm": planned.algorithm, "as_of": as_of.isoformat(), "notes": [note]}


def _within(progress: Progress, place: int) -> Progress:
    def told(step: str, share: float | None) -> None:
        progress(f"Model {place + 1}: {step.lower()}", None if share is None else (place + share) / len(PLANNED))

    return told
