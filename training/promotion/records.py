"""Requests and the champion as they stand in the database: what pages and commands show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal, get_args

from sqlalchemy import Connection, Engine, RowMapping, select

from lake_access.database import reading
from lake_access.errors import RefusedError
from training.promotion.tables import CHAMPION, OVERRIDES, REQUESTS, TENURES, open_promotions

State = Literal["requested", "approved", "rejected", "withdrawn", "void"]
How = Literal["first", "promoted", "rolled back"]
STATES: Final[tuple[State, ...]] = get_args(State)


@dataclass(frozen=True)
class Override:
    """Who let a failed gate pass, and why."""

    by: str
    at: datetime
    reason: str
    ledger_row: int


@dataclass(frozen=True)
class Gate:
    """What a gate found. One that failed holds the request up until somebody overrides it, which some do not allow."""

    gate: str
    passed: bool
    detail: str
    can_be_overridden: bool = True
    override: Override | None = None

    @property
    def open(self) -> bool:
        """Whether nothing stands in the way here any more."""
        return self.passed or self.override is not None

    @property
    def kept(self) -> dict[str, Any]:
        """What was found, as it is kept and bound."""
        return {name: value for name, value in asdict(self).items() if name != "override"}


@dataclass(frozen=True)
class Bound:
    """What an approval is bound to: it is void once any of it is otherwise."""

    artifact_sha256: str
    prediction_digest: str
    dataset_digest: str
    snapshot_ids: tuple[tuple[str, int], ...]
    drift_report: str | None
    drift_report_sha256: str | None
    gates_sha256: str
    evidence_sha256: str
    champion_tenure: int | None
    champion_version: str | None
    champion_artifact_sha256: str | None


@dataclass(frozen=True)
class Request:
    """A request that a version become champion."""

    id: int
    version: str
    state: State
    reason: str
    requested_by: str
    requested_at: datetime
    ledger_row: int
    bound: Bound
    gates: tuple[Gate, ...]
    evidence: Mapping[str, Any]
    decided_by: str | None
    decided_at: datetime | None
    decision_reason: str | None
    decision_row: int | None

    @property
    def failed(self) -> tuple[Gate, ...]:
        """The gates that still hold it up."""
        return tuple(gate for gate in self.gates if not gate.open)


@dataclass(frozen=True)
class Tenure:
    """A time for which a version was, or is, champion, and the ledger's row that says so."""

    id: int
    version: str
    artifact_sha256: str
    prediction_digest: str
    since: datetime
    how: How
    by: str
    request: int | None
    falls_back_to: int | None
    ledger_row: int


@dataclass(frozen=True)
class Champion:
    """The version that is live, and the tenure that a rollback would go back to."""

    tenure: Tenure
    previous: Tenure | None
    mirrored: str | None

    @property
    def version(self) -> str:
        return self.tenure.version


def requests(engine: Engine, state: State | None = None) -> tuple[Request, ...]:
    """All requests, the newest first; or those in one state.

    Raises:
        StorageError: the database cannot be read.
    """
    open_promotions(engine)
    with reading(engine) as connection:
        return requests_in(connection, state)


def request_of(engine: Engine, request: int) -> Request:
    """One request.

    Raises:
        RefusedError: there is none with this number.
        StorageError: the database cannot be read.
    """
    open_promotions(engine)
    with reading(engine) as connection:
        return request_in(connection, request)


def champion(engine: Engine) -> Champion | None:
    """The champion, None where there was never one.

    Raises:
        StorageError: the database cannot be read.
    """
    open_promotions(engine)
    with reading(engine) as connection:
        return champion_in(connection)


def tenures(engine: Engine) -> tuple[Tenure, ...]:
    """Every time that a version was champion, the newest first.

    Raises:
        StorageError: the database cannot be read.
    """
    open_promotions(engine)
    with reading(engine) as connection:
        rows = connection.execute(select(TENURES).order_by(TENURES.c.id.desc())).mappings()
        return tuple(Tenure(**row) for row in rows)


def requests_in(connection: Connection, state: State | None = None) -> tuple[Request, ...]:
    """The same within a transaction."""
    query = select(REQUESTS).order_by(REQUESTS.c.id.desc())
    if state is not None:
        query = query.where(REQUESTS.c.state == state)
    return tuple(_request(connection, row) for row in connection.execute(query).mappings().all())


def request_in(connection: Connection, request: int) -> Request:
    """The same within a transaction."""
    row = connection.execute(select(REQUESTS).where(REQUESTS.c.id == request)).mappings().first()
    if row is None:
        raise RefusedError(f"There is no promotion request {request}; `leadlake promotion list` shows those there are.")
    return _request(connection, row)


def champion_in(connection: Connection) -> Champion | None:
    """The same within a transaction."""
    row = connection.execute(select(CHAMPION)).mappings().first()
    if row is None:
        return None
    tenure = tenure_in(connection, row["tenure"])
    back = tenure.falls_back_to
    return Champion(tenure, None if back is None else tenure_in(connection, back), row["mirrored"])


def tenure_in(connection: Connection, tenure: int) -> Tenure:
    """One tenure, within a transaction."""
    return Tenure(**connection.execute(select(TENURES).where(TENURES.c.id == tenure)).mappings().one())


def _request(connection: Connection, row: RowMapping) -> Request:
    found = connection.execute(select(OVERRIDES).where(OVERRIDES.c.request == row["id"])).mappings()
    overrides = {each["gate"]: Override(each["by"], each["at"], each["reason"], each["ledger_row"]) for each in found}
    gates = tuple(replace(Gate(**gate), override=overrides.get(gate["gate"])) for gate in row["gates"])
    snapshots = tuple((table, snapshot) for table, snapshot in row["bound"]["snapshot_ids"])
    return Request(**{**row, "gates": gates, "bound": Bound(**{**row["bound"], "snapshot_ids": snapshots})})
