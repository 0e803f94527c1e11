"""The lines that were refused: where they are, why, and, for whoever asks for it by name, what they say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from lake_access.iceberg.tables import QUARANTINE
from lake_access.lake import PinnedLake
from lake_access.queries import load_query


@dataclass(frozen=True)
class QuarantineFilters:
    """Which refused lines: of a stream, of a batch, with a reason that holds this text in any case; None for all."""

    source: str | None = None
    batch: str | None = None
    reason: str | None = None

    @property
    def parameters(self) -> dict[str, object]:
        """The values as the queries take them."""
        return {"source": self.source, "batch": self.batch, "reason": self.reason}


@dataclass(frozen=True)
class QuarantinedLine:
    """A refused line: line `line_number` (from 1) of a batch that landed at `seen_at`.

    `line` is its first MiB, and None where only the place was asked for.
    """

    source: str
    batch: str
    line_number: int
    reason: str
    seen_at: datetime
    line: bytes | None


@dataclass(frozen=True)
class RefusedBatch:
    """A raw batch of which no line was read: truncated or corrupt."""

    source: str
    batch: str
    reason: str


@dataclass(frozen=True)
class Quarantine:
    """Refused lines, the newest landing first; `total` counts those that a limit left out too."""

    lines: tuple[QuarantinedLine, ...]
    total: int
    refused: tuple[RefusedBatch, ...]


def quarantined(
    pinned: PinnedLake, filters: QuarantineFilters, limit: int | None, *, with_lines: bool = False
) -> Quarantine:
    """What was refused, cut after `limit` lines (None: all).

    With `with_lines`, what the lines say: it may be anything, personal data too. No SQL that users write reaches that.

    Raises:
        StorageError: a data file cannot be read.
    """
    table = pinned.tables.get(QUARANTINE)
    with_lines = with_lines and table is not None
    scan = table.scan() if with_lines and table is not None else QUARANTINE
    parameters = filters.parameters
    query = load_query("quarantined_lines").format(scan=scan, line="line" if with_lines else "NULL")
    rows = pinned.rows(query, {**parameters, "limit": limit})
    counted = pinned.rows(load_query("quarantined_count").format(scan=scan), parameters)
    refused = pinned.rows(load_query("batches_refused_whole"), parameters)
    return Quarantine(
        lines=tuple(QuarantinedLine(*row) for row in rows),
        total=counted[0][0],
        refused=tuple(RefusedBatch(*row) for row in refused),
    )


def quarantined_between(
    pinned: PinnedLake, since: datetime, until: datetime, stream: str | None = None
) -> tuple[int, int]:
    """Lines that were quarantined, and lines read, of batches that landed from `since` on and before `until`."""
    parameters = {"since": since, "until": until, "stream": stream}
    ((refused, read),) = pinned.rows(load_query("quarantined_between"), parameters)
    return int(refused), int(read)
