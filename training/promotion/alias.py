"""MLflow's alias `champion`: a mirror of the champion in the database, for those who read MLflow.

The database decides. The alias follows after each move, and is looked at before the next: one that is where we last set
it had its mirroring cut short, and is moved on; one that is elsewhere was moved from outside.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, update

from lake_access.errors import LeadlakeError, RefusedError, StorageError
from lake_access.ledger import append
from lake_access.permissions import Action, Actor, require
from training.promotion.evidence import Registry
from training.promotion.reasons import written_reason
from training.promotion.records import Champion, champion
from training.promotion.steps import ALIAS_SET, MIRRORED, Reached, unwatched
from training.promotion.tables import CHAMPION, deciding


def alias_moved(engine: Engine, registry: Registry) -> str | None:
    """What is wrong with the alias, in a sentence; None where it is right or only behind."""
    return wrongly_pointed(champion(engine), registry.champion_alias())


def wrongly_pointed(live: Champion | None, pointed: str | None) -> str | None:
    """The same of an alias that points to this version, or to none."""
    if live is None or pointed in (live.version, live.mirrored):
        return None
    where = f"points to version {pointed}" if pointed is not None else "is gone"
    return (
        f"MLflow's alias champion {where}, but the champion is version {live.version}, as row {live.tenure.ledger_row} "
        "of the ledger says: somebody changed it from outside. `leadlake promotion repair` sets it back."
    )


def require_own_alias(engine: Engine, registry: Registry) -> None:
    """Let pass where nobody but us has moved the alias, and move it on where we were cut short.

    Raises:
        RefusedError: somebody moved it from outside.
    """
    moved = alias_moved(engine, registry)
    if moved is not None:
        raise RefusedError(f"{moved} Nothing was changed.")
    live = champion(engine)
    if live is not None and (live.mirrored != live.version or registry.champion_alias() != live.version):
        mirror(engine, registry, live)


def mirror(engine: Engine, registry: Registry, live: Champion, reached: Reached = unwatched) -> None:
    """Set the alias to the champion, and look whether it is there.

    Raises:
        StorageError: it could not be set; the champion is as the database says all the same.
    """
    try:
        registry.set_champion_alias(live.version)
        reached(ALIAS_SET)
        found = registry.champion_alias()
    except LeadlakeError as exc:
        raise StorageError(
            f"Version {live.version} is champion, as row {live.tenure.ledger_row} of the ledger says, but MLflow's "
            f"alias does not follow: {exc} `leadlake promotion repair` sets it once that is mended."
        ) from exc
    if found != live.version:
        raise StorageError(
            f"Version {live.version} is champion, but MLflow's alias was moved to {found} at the same moment; "
            "`leadlake promotion repair` sets it back."
        )
    with deciding(engine) as connection:
        # Another move may have come in between; what it set is its own to confirm.
        still = CHAMPION.c.tenure == live.tenure.id
        connection.execute(update(CHAMPION).where(still).values(mirrored=live.version))
    reached(MIRRORED)


def repair_alias(engine: Engine, registry: Registry, actor: Actor, reason: str, now: datetime) -> Champion:
    """Set the alias to the champion again, and keep in the ledger where it was found.

    Raises:
        NotAllowedError: the actor may not decide on promotions.
        RefusedError: there is no champion, or no reason.
        StorageError: the alias or the database cannot be written.
    """
    require(actor, Action.DECIDE_PROMOTION)
    why = written_reason(reason)
    live = champion(engine)
    if live is None:
        raise RefusedError("There is no champion yet that the alias could point to. Nothing was changed.")
    details = {"version": live.version, "found": registry.champion_alias(), "reason": why}
    with deciding(engine) as connection:
        append(connection, actor, "promotion.alias_repaired", f"version {live.version}", details, now)
    mirror(engine, registry, live)
    return live
