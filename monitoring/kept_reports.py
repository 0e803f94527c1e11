"""Evidently reports that are kept in the lake: listed, read and checked; `evidently_report.py` makes them.

reports/<id>/evidently.html   the report, as Evidently draws it, under a header that says what it was made of
reports/<id>/evidently.json   its figures
reports/<id>/ours.json        the same comparison over every row
reports/<id>/index.json       written last: a report without it does not exist
"""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lake_access.errors import RefusedError, StorageError
from lake_access.storage import ObjectStore

REPORTS = "reports/"
HTML, JSON, OURS, INDEX = "evidently.html", "evidently.json", "ours.json", "index.json"
# Long after any report is whole: what still has no index then belongs to one that died.
HALF_AFTER = timedelta(days=1)
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")
_ID_TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class SeenRows:
    """How many rows a side has, how many of them Evidently saw, and by how much a share of its rows may be off.

    `share_error` is half the width of the 95% interval of a share of one half; 0 where all rows were seen.
    """

    rows: int
    seen: int
    share_error: float


@dataclass(frozen=True)
class StoredReport:
    """A kept report: what it compares, what it was made of, and the SHA-256 of each of its files."""

    id: str
    made_at: datetime
    made_by: str
    reference: str
    current: str
    versions: tuple[str | None, ...]
    reference_rows: SeenRows
    current_rows: SeenRows
    seed: int
    columns: tuple[str, ...]
    classified: bool
    drifted: int
    dataset_drift: bool
    share: float
    beyond_chance: bool
    snapshot_ids: tuple[tuple[str, int], ...]
    sha256: Mapping[str, str]


def list_reports(store: ObjectStore) -> list[StoredReport]:
    """The reports that are whole, the newest first."""
    keys = [stored.key for stored in store.list(REPORTS) if stored.key.endswith(f"/{INDEX}")]
    return [read_index(store, key.split("/")[1]) for key in sorted(keys, reverse=True)]


def read_index(store: ObjectStore, report_id: str) -> StoredReport:
    """What is known of a report.

    Raises:
        RefusedError: there is none of this id.
    """
    content = store.read_bytes(f"{REPORTS}{report_id}/{INDEX}") if _ID.fullmatch(report_id) else None
    if content is None:
        raise RefusedError(f'there is no report "{report_id}"; the page Drift lists those that are kept.')
    told = json.loads(content)
    told |= {side: SeenRows(**told[side]) for side in ("reference_rows", "current_rows")}
    told["made_at"] = datetime.fromisoformat(told["made_at"])
    told |= {name: tuple(told[name]) for name in ("columns", "versions")}
    told["snapshot_ids"] = tuple((table, snapshot) for table, snapshot in told["snapshot_ids"])
    return StoredReport(**told)


def read_part(store: ObjectStore, report: StoredReport, name: str) -> bytes:
    """A file of the report, held against its SHA-256.

    Raises:
        StorageError: it is gone, or is not what was written.
    """
    content = store.read_bytes(f"{REPORTS}{report.id}/{name}")
    if content is None or hashlib.sha256(content).hexdigest() != report.sha256.get(name):
        raise StorageError(f"report {report.id}: {name} is gone or was changed since; make the report again.")
    return content


def report_of_version(store: ObjectStore, version: str) -> StoredReport | None:
    """The newest report of whose sides one is this model version; None where there is none."""
    return next((report for report in list_reports(store) if version in report.versions), None)


def new_report_id(now: datetime) -> str:
    """An id that no other report has; ids sort by time."""
    return f"{now:{_ID_TIME}}-{uuid.uuid4().hex[:8]}"


def put_part(store: ObjectStore, report_id: str, name: str, content: bytes) -> None:
    """Write one file of a report."""
    with tempfile.TemporaryDirectory(prefix="leadlake-report-") as folder:
        file = Path(folder) / "content"
        file.write_bytes(content)
        store.put_if_absent(f"{REPORTS}{report_id}/{name}", file)


def clear_half_reports(store: ObjectStore, now: datetime) -> int:
    """Delete what reports left that died more than a day ago; how many files."""
    keys = [stored.key for stored in store.list(REPORTS)]
    whole = {key.split("/")[1] for key in keys if key.endswith(f"/{INDEX}")}
    left = [key for key in keys if (name := key.split("/")[1]) not in whole and _is_old(name, now)]
    for key in left:
        store.delete(key)
    return len(left)


def _is_old(report_id: str, now: datetime) -> bool:
    if not _ID.fullmatch(report_id):
        return False
    made_at = datetime.strptime(report_id.partition("-")[0], _ID_TIME).replace(tzinfo=UTC)
    return now - made_at > HALF_AFTER
