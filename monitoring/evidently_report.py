"""Evidently's own report of two parts of the lake, kept with our numbers. The one module that imports it.

reports/<id>/evidently.html   the report, as Evidently draws it, under a header that says what it was made of
reports/<id>/evidently.json   its figures
reports/<id>/ours.json        the same comparison over every row
reports/<id>/index.json       written last: a report without it does not exist
"""

from __future__ import annotations

import hashlib
import html
import json
import math
import os
import re
import tempfile
import uuid
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from lake_access.drift.compared import OUTCOME, SCORE, Compared, Side, lake_to_compare
from lake_access.drift.sampling import side_frame
from lake_access.errors import RefusedError, StorageError
from lake_access.lake import Lake
from lake_access.permissions import Action, Actor, require
from lake_access.storage import ObjectStore
from monitoring.drift.columns import Wish
from monitoring.drift.compare import compare
from monitoring.drift.result import as_json

if TYPE_CHECKING:
    from evidently import Dataset

REPORTS = "reports/"
HTML, JSON, OURS, INDEX = "evidently.html", "evidently.json", "ours.json", "index.json"
# Evidently holds every row several times: some 700 bytes a row of ten columns.
MOST_ROWS = 200_000
# Fewer mature leads on a side than that, or outcomes all alike, and nothing is classified.
LEAST_MATURE = 30
Progress = Callable[[str, float | None], None]
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


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
    reference_rows: SeenRows
    current_rows: SeenRows
    seed: int
    columns: tuple[str, ...]
    classified: bool
    dataset_drift: bool
    share: float
    beyond_chance: bool
    snapshot_ids: tuple[tuple[str, int], ...]
    sha256: Mapping[str, str]


@dataclass(frozen=True)
class ReportWish:
    """What to compare: both sides, columns (none: all, the score and the outcome among them), rows at most, a seed."""

    reference: Side
    current: Side
    columns: tuple[str, ...] = ()
    most_rows: int = MOST_ROWS
    seed: int = 0


@dataclass(frozen=True)
class _Drawn:
    """Evidently's report, and what it saw."""

    page: str
    figures: dict[str, Any]
    classified: bool


def make_report(
    lake: Lake, wish: ReportWish, actor: Actor, now: datetime, progress: Progress = lambda _step, _share: None
) -> StoredReport:
    """Compare over every row, have Evidently report, and keep both; all files first, the index last.

    Raises:
        NotAllowedError: the actor may not run a drift report.
        RefusedError: a side has no row.
        StorageError: the lake cannot be read or written.
    """
    require(actor, Action.RUN_DRIFT)
    pinned = lake.pin()
    progress("Reading both sides", None)
    with lake_to_compare(pinned, wish.reference, wish.current, wish.columns) as compared:
        ours = compare(compared, Wish(seed=wish.seed), lambda step, share: progress(step, share and share / 2))
        sides = (_frame(compared, "reference", wish), _frame(compared, "current", wish))
        seen = (_seen(ours.reference_rows, sides[0]), _seen(ours.current_rows, sides[1]))
        _refuse_empty(wish, seen)
        progress("Evidently at work", 0.5)
        drawn = _draw(compared, *sides)
    progress("Keeping the report", 0.95)
    report_id = f"{now:%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"
    told = as_json(ours) | {
        "reference": {"what": str(wish.reference), "rows": seen[0].rows},
        "current": {"what": str(wish.current), "rows": seen[1].rows},
        "snapshots": dict(pinned.snapshot_ids),
    }
    contents = {
        HTML: _with_header(drawn.page, wish, seen, now).encode(),
        JSON: _json({"seen": [asdict(side) for side in seen], "seed": wish.seed, **drawn.figures}),
        OURS: _json(told),
    }
    report = StoredReport(
        id=report_id,
        made_at=now,
        made_by=actor.name,
        reference=str(wish.reference),
        current=str(wish.current),
        reference_rows=seen[0],
        current_rows=seen[1],
        seed=wish.seed,
        columns=tuple(compared.columns),
        classified=drawn.classified,
        dataset_drift=ours.dataset_drift,
        share=ours.share,
        beyond_chance=ours.beyond_chance,
        snapshot_ids=pinned.snapshot_ids,
        sha256={name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    )
    for name, content in contents.items():
        _put(lake.store, f"{REPORTS}{report_id}/{name}", content)
    _put(lake.store, f"{REPORTS}{report_id}/{INDEX}", _json(asdict(report)))
    return report


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
    told["columns"] = tuple(told["columns"])
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


def _draw(compared: Compared, reference: pd.DataFrame, current: pd.DataFrame) -> _Drawn:
    """Have Evidently report: drift and summary of all rows, classification of the mature leads."""
    # Before it is imported: it would tell its makers.
    os.environ["DO_NOT_TRACK"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently import Report
        from evidently.presets import ClassificationPreset, DataDriftPreset, DataSummaryPreset

        empty = [name for name in compared.columns if reference[name].isna().all() or current[name].isna().all()]
        full = [name for name in compared.columns if name not in empty]
        sides = (_dataset(compared, frame[full]) for frame in (current, reference))
        told = Report([DataDriftPreset(columns=full), DataSummaryPreset()]).run(*sides)
        pages, figures = [told.get_html_str(as_iframe=False)], {"drift_and_summary": told.dict(), "left_out": empty}
        mature = [_mature(frame) for frame in (current, reference)]
        classified = all(_can_classify(frame) for frame in mature)
        if classified:
            judged = Report([ClassificationPreset()]).run(*(_judged(frame) for frame in mature))
            pages.append(judged.get_html_str(as_iframe=False))
            figures["classification"] = judged.dict()
    return _Drawn("\n".join(_framed(page) for page in pages), figures, classified)


def _dataset(compared: Compared, frame: pd.DataFrame) -> Dataset:
    """Named columns alone: Evidently would guess that few whole numbers are categories, and leave the score out."""
    from evidently import DataDefinition, Dataset

    categories = [name for name in frame if compared.columns[name] == "category"]
    numbers = [name for name in frame if name not in categories]
    # A missing boolean is pandas' NA, at which Evidently fails; among texts it is None.
    texts = {name: frame[name].astype(object).where(frame[name].notna(), None) for name in categories}
    texts = {name: values.map(str, na_action="ignore") for name, values in texts.items()}
    return Dataset.from_pandas(
        frame.assign(**texts),
        data_definition=DataDefinition(numerical_columns=numbers, categorical_columns=categories),
    )


def _judged(frame: pd.DataFrame) -> Dataset:
    """Mature leads with what became of them and the probability that their score says."""
    from evidently import BinaryClassification, DataDefinition, Dataset

    definition = DataDefinition(
        classification=[BinaryClassification(target=OUTCOME, prediction_probas="probability", pos_label=1)],
        categorical_columns=[OUTCOME],
        numerical_columns=["probability"],
    )
    return Dataset.from_pandas(frame, data_definition=definition)


def _mature(frame: pd.DataFrame) -> pd.DataFrame:
    if not {SCORE, OUTCOME} <= set(frame):
        return pd.DataFrame()
    known = frame[[SCORE, OUTCOME]].dropna()
    return pd.DataFrame({OUTCOME: known[OUTCOME].astype(int), "probability": known[SCORE].astype(float) / 100})


def _can_classify(frame: pd.DataFrame) -> bool:
    return len(frame) >= LEAST_MATURE and frame[OUTCOME].nunique() == 2


def _frame(compared: Compared, side: str, wish: ReportWish) -> pd.DataFrame:
    return side_frame(compared, side, wish.most_rows, wish.seed)


def _seen(rows: int, frame: pd.DataFrame) -> SeenRows:
    seen = len(frame)
    # With the correction for a sample that is a good part of the whole.
    left = (rows - seen) / (rows - 1) if rows > 1 else 0.0
    return SeenRows(rows, seen, 1.96 * math.sqrt(0.25 / seen * left) if seen else 0.0)


def _refuse_empty(wish: ReportWish, seen: Sequence[SeenRows]) -> None:
    for side, rows in zip((wish.reference, wish.current), seen, strict=True):
        if not rows.rows:
            raise RefusedError(f"nothing to report on: no row is of {side}; choose another version or period.")


def _framed(page: str) -> str:
    """A page in a frame of its own, without access to what is around it."""
    style = "width:100%;height:95vh;border:0"
    return f'<iframe sandbox="allow-scripts" srcdoc="{html.escape(page)}" style="{style}"></iframe>'


def _with_header(pages: str, wish: ReportWish, seen: Sequence[SeenRows], now: datetime) -> str:
    lines = [f"Made on {now:%Y-%m-%d %H:%M} UTC."]
    for name, side, rows in zip(("Reference", "Current"), (wish.reference, wish.current), seen, strict=True):
        lines.append(f"{name}: {side}; {_told(rows, wish.seed)}.")
    header = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Drift report</title></head>'
        f'<body style="font-family:sans-serif"><h1>Drift report</h1>{header}{pages}</body></html>\n'
    )


def _told(rows: SeenRows, seed: int) -> str:
    if rows.seen == rows.rows:
        return f"all {rows.rows:,} rows"
    return (
        f"a random sample of {rows.seen:,} of {rows.rows:,} rows (seed {seed}): "
        f"a share of these rows is within ±{rows.share_error:.2%} in 95 of 100 samples"
    )


def _json(content: Mapping[str, Any]) -> bytes:
    return (json.dumps(_plain(content), ensure_ascii=False) + "\n").encode()


def _plain(value: Any) -> Any:
    """A value as JSON has it: NumPy's as Python's, a moment as text, what is no number as null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set):
        return [_plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, bool | int | str) else str(value)


def _put(store: ObjectStore, key: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory(prefix="leadlake-report-") as folder:
        file = Path(folder) / "content"
        file.write_bytes(content)
        store.put_if_absent(key, file)
