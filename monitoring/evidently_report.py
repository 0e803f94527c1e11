"""Evidently's own report of two parts of the lake, made and kept with our numbers. The one module that imports it.

`monitoring/kept_reports.py` says how reports are kept, and reads them.
"""

from __future__ import annotations

import hashlib
import html
import json
import math
import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from lake_access.drift.compared import OUTCOME, SCORE, Compared, Side, lake_to_compare
from lake_access.drift.sampling import side_frame
from lake_access.errors import RefusedError
from lake_access.lake import Lake
from lake_access.permissions import Action, Actor, require
from monitoring.drift.columns import Wish
from monitoring.drift.compare import compare
from monitoring.drift.result import DatasetDrift, as_json
from monitoring.kept_reports import (
    HTML,
    INDEX,
    JSON,
    OURS,
    SeenRows,
    StoredReport,
    clear_half_reports,
    new_report_id,
    put_part,
)

if TYPE_CHECKING:
    from evidently import Dataset

# Evidently holds every row several times: some 700 bytes a row of ten columns.
MOST_ROWS = 200_000
# Fewer mature leads on a side than that, or outcomes all alike, and nothing is classified.
LEAST_MATURE = 30
Progress = Callable[[str, float | None], None]


@dataclass(frozen=True)
class ReportWish:
    """What to compare: both sides, columns (none: all, the score and the outcome among them), rows at most, a seed."""

    reference: Side
    current: Side
    columns: tuple[str, ...] = ()
    most_rows: int = MOST_ROWS
    seed: int = 0


@dataclass(frozen=True)
class MadeReport:
    """A report that was just made and kept, and the comparison over every row that stands in it."""

    stored: StoredReport
    drift: DatasetDrift


@dataclass(frozen=True)
class _Drawn:
    """Evidently's report, and what it saw."""

    page: str
    figures: dict[str, Any]
    classified: bool
    columns: tuple[str, ...]


def make_report(
    lake: Lake, wish: ReportWish, actor: Actor, now: datetime, progress: Progress = lambda _step, _share: None
) -> MadeReport:
    """Compare over every row, have Evidently report, and keep both; all files first, the index last.

    Raises:
        NotAllowedError: the actor may not run a drift report.
        RefusedError: a side has no row.
        StorageError: the lake cannot be read or written.
    """
    require(actor, Action.RUN_DRIFT)
    clear_half_reports(lake.store, now)
    pinned = lake.pin()
    progress("Reading both sides", None)
    with lake_to_compare(pinned, wish.reference, wish.current, wish.columns) as compared:
        found = compare(compared, Wish(seed=wish.seed), lambda step, share: progress(step, share and share / 2))
        ours = replace(
            found, reference=str(wish.reference), current=str(wish.current), snapshot_ids=pinned.snapshot_ids
        )
        sides = (_frame(compared, "reference", wish), _frame(compared, "current", wish))
        seen = (_seen(ours.reference_rows, sides[0]), _seen(ours.current_rows, sides[1]))
        _refuse_empty(wish, seen)
        progress("Evidently at work", 0.5)
        drawn = _draw(compared, *sides)
    progress("Keeping the report", 0.95)
    contents = {
        HTML: _with_header(drawn.page, wish, seen, now).encode(),
        JSON: _json({"seen": [asdict(side) for side in seen], "seed": wish.seed, **drawn.figures}),
        OURS: _json(as_json(ours)),
    }
    report = _described(ours, wish, seen, actor, now, drawn, contents)
    for name, content in contents.items():
        put_part(lake.store, report.id, name, content)
    put_part(lake.store, report.id, INDEX, _json(asdict(report)))
    return MadeReport(report, ours)


def _described(
    ours: DatasetDrift,
    wish: ReportWish,
    seen: tuple[SeenRows, SeenRows],
    actor: Actor,
    now: datetime,
    drawn: _Drawn,
    contents: Mapping[str, bytes],
) -> StoredReport:
    """What the index says of a report."""
    return StoredReport(
        id=new_report_id(now),
        made_at=now,
        made_by=actor.name,
        reference=ours.reference,
        current=ours.current,
        versions=tuple(side.version for side in (wish.reference, wish.current)),
        reference_rows=seen[0],
        current_rows=seen[1],
        seed=wish.seed,
        columns=drawn.columns,
        classified=drawn.classified,
        drifted=len(ours.drifted_columns),
        dataset_drift=ours.dataset_drift,
        share=ours.share,
        beyond_chance=ours.beyond_chance,
        snapshot_ids=ours.snapshot_ids,
        sha256={name: hashlib.sha256(content).hexdigest() for name, content in contents.items()},
    )


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
    return _Drawn("\n".join(_framed(page) for page in pages), figures, classified, tuple(compared.columns))


def _dataset(compared: Compared, frame: pd.DataFrame) -> Dataset:
    """Named columns alone: Evidently would guess that few whole numbers are categories, and leave the score out."""
    from evidently import DataDefinition, Dataset

    names = [str(name) for name in frame.columns]
    categories = [name for name in names if compared.columns[name] == "category"]
    numbers = [name for name in names if name not in categories]
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
        '<body style="font-family:sans-serif;background:#fff;color:#14212b">'
        f"<h1>Drift report</h1>{header}{pages}</body></html>\n"
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
