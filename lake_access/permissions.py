"""Who may do what: the one table of roles and actions.

Pages read it to offer an action, the function beneath enforces it with `require`, and the documents print it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal, get_args

from lake_access.errors import NotAllowedError

Role = Literal["viewer", "analyst", "ml_engineer", "admin"]
Via = Literal["local", "oidc", "proxy", "command line", "worker"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)
VIAS: Final[tuple[Via, ...]] = get_args(Via)


class Action(StrEnum):
    """What somebody can do here; the value is how a sentence names it."""

    VIEW_DASHBOARDS = "see the dashboards"
    VIEW_LEADS = "see single leads"
    VIEW_MODELS = "see the models"
    VIEW_LAKE = "see the state of the lake"
    EXPLORE_SQL = "ask the tables in SQL"
    EXPORT = "export rows"
    PROPOSE_BANDS = "save a proposal of bands"
    VIEW_JOBS = "see the jobs"
    RUN_DRIFT = "run a drift report"
    RETRAIN = "retrain a model"
    SCORE_OFFLINE = "score leads offline"
    REQUEST_PROMOTION = "request a promotion"
    BUILD = "build the lake"
    MANAGE_ALERTS = "change alerts"
    DECIDE_PROMOTION = "approve or reject a promotion"
    OVERRIDE_GATE = "override a gate"
    ROLL_BACK = "roll the champion back"
    CANCEL_ANY_JOB = "cancel a job of somebody else"
    MANAGE_SCHEDULES = "change schedules"
    VIEW_LEDGER = "read the ledger"
    MAINTAIN = "maintain, replay or change the lake"
    REVEAL_PERSON = "find a lead by its e-mail"
    FORGET_PERSON = "forget a person"
    CHANGE_SETTINGS = "change settings"


# The least role that may do it, in the order of ROLES: a role may do what those before it may.
_LEAST: Final[Mapping[Action, Role]] = {
    Action.VIEW_DASHBOARDS: "viewer",
    Action.VIEW_LEADS: "viewer",
    Action.VIEW_MODELS: "viewer",
    Action.VIEW_LAKE: "viewer",
    Action.EXPLORE_SQL: "analyst",
    Action.EXPORT: "analyst",
    Action.PROPOSE_BANDS: "analyst",
    Action.VIEW_JOBS: "analyst",
    Action.RUN_DRIFT: "analyst",
    Action.RETRAIN: "analyst",
    Action.SCORE_OFFLINE: "analyst",
    Action.REQUEST_PROMOTION: "analyst",
    Action.BUILD: "analyst",
    Action.MANAGE_ALERTS: "analyst",
    Action.DECIDE_PROMOTION: "ml_engineer",
    Action.OVERRIDE_GATE: "ml_engineer",
    Action.ROLL_BACK: "ml_engineer",
    Action.CANCEL_ANY_JOB: "ml_engineer",
    Action.MANAGE_SCHEDULES: "ml_engineer",
    Action.VIEW_LEDGER: "ml_engineer",
    Action.MAINTAIN: "admin",
    Action.REVEAL_PERSON: "admin",
    Action.FORGET_PERSON: "admin",
    Action.CHANGE_SETTINGS: "admin",
}
ALLOWED: Final[Mapping[Action, frozenset[Role]]] = {
    action: frozenset(ROLES[ROLES.index(least) :]) for action, least in _LEAST.items()
}
# What answers from the rows that its reader may see; all else is made from everything there is.
_WITHIN_LIMITS: Final = frozenset(
    {Action.VIEW_DASHBOARDS, Action.VIEW_LEADS, Action.EXPLORE_SQL, Action.EXPORT, Action.PROPOSE_BANDS}
)


@dataclass(frozen=True)
class RowLimits:
    """The leads that somebody may see: those of these first-touch sources and locations; None means any."""

    sources: tuple[str, ...] | None = None
    locations: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Actor:
    """Somebody who acts: the name that the ledger keeps, the roles held, and the way by which they came.

    `alone` is the one user of a machine without sign-in, on a page or by commands: nobody else is there to decide.
    """

    name: str
    roles: frozenset[Role]
    via: Via
    limits: RowLimits | None = None
    alone: bool = False


def local_user(name: str, via: Via = "local") -> Actor:
    """The one user of a machine without sign-in, who holds every role."""
    return Actor(name, frozenset(ROLES), via, alone=True)


def may(actor: Actor, action: Action) -> bool:
    """Whether one of the actor's roles may do this, and it shows nothing beyond the actor's limits."""
    return not actor.roles.isdisjoint(ALLOWED[action]) and (actor.limits is None or action in _WITHIN_LIMITS)


def require(actor: Actor, action: Action) -> None:
    """Let pass who may do this.

    Raises:
        NotAllowedError: no role of the actor may, or it takes all rows and the actor is limited; nothing was changed.
    """
    if actor.limits is not None and action not in _WITHIN_LIMITS:
        raise NotAllowedError(
            f"{actor.name} may not {action.value}: it takes the right to see all leads, and theirs is limited to some. "
            "Nothing was changed."
        )
    if not may(actor, action):
        allowed = [role for role in ROLES if role in ALLOWED[action]]
        needed = allowed[0] if len(allowed) == 1 else f"{', '.join(allowed[:-1])} or {allowed[-1]}"
        held = ", ".join(role for role in ROLES if role in actor.roles) or "none"
        raise NotAllowedError(
            f"{actor.name} may not {action.value}: it takes the role {needed}, and theirs: {held}. "
            "Nothing was changed.",
            action=action.value,
        )
