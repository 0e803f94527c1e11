"""What a model is made from: leads as of their scoring moments, and what became of them, from a pinned lake."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lake_access.errors import TrainingRefusedError
from lake_access.lake import PinnedLake
from lake_access.training_rows import feature_types, training_rows

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Of the leads in the order of time the newest test, those before them calibrate, and all older ones are fitted on.
TEST_SHARE = 0.2
# Calibrating takes few leads, and what is fitted should know of times as late as can be: a twentieth, but this many (or
# a fifth, where that is less).
CALIBRATION_SHARE, CALIBRATION_LEADS, MOST_CALIBRATION_SHARE = 0.05, 500, 0.2


@dataclass(frozen=True)
class Dataset:
    """Leads in the order of time, one row each, with features as of `moments` and whether they converted in the window.

    `features` has a float column for each numeric feature and a categorical one (of text) for each other; `counts` has
    every lead of the lake once, by the reason for which it is left out, or as `used`. `digest` is the SHA-256 of it
    all.
    """

    lead_ids: npt.NDArray[np.object_]
    moments: npt.NDArray[np.datetime64]
    sources: npt.NDArray[np.object_]
    converted: Flags
    features: pd.DataFrame
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    as_of: datetime
    snapshot_ids: tuple[tuple[str, int], ...]
    counts: Mapping[str, int]
    digest: str

    def __len__(self) -> int:
        return len(self.converted)

    @property
    def months(self) -> npt.NDArray[np.datetime64]:
        """The month (UTC) of each lead's moment."""
        return months_of(self.moments)

    def select(self, numeric: Sequence[str], categorical: Sequence[str]) -> pd.DataFrame:
        """The features of these names.

        Raises:
            TrainingRefusedError: one is not a feature of this lake (any more).
        """
        _refuse_gone([*numeric, *categorical], list(self.features.columns))
        return self.features[[*numeric, *categorical]]


def months_of(moments: npt.NDArray[np.datetime64]) -> npt.NDArray[np.datetime64]:
    """The month (UTC) of each moment."""
    return moments.astype("datetime64[M]")


@dataclass(frozen=True)
class Split:
    """Rows of a dataset by time: `fit` the oldest, then `calibration`, and `test` the newest."""

    fit: slice
    calibration: slice
    test: slice


def make_dataset(pinned: PinnedLake, as_of: datetime | None = None) -> Dataset:
    """The leads that were mature at a moment, by what was known then; by default at the newest that the lake knows.

    Raises:
        TrainingRefusedError: nothing was built yet.
        StorageError: a data file cannot be read.
    """
    until = pinned.known_until
    if until is None:
        raise TrainingRefusedError("TOO_FEW_LEADS: no lead was built yet; land events and run `leadlake build`.")
    moment = until if as_of is None else min(as_of, until)
    found = training_rows(pinned, moment)
    numeric, categorical = feature_types(pinned.settings.declarations)
    rows = found.rows
    frame = as_features(rows, numeric, categorical)
    lead_ids = rows["lead_id"].to_numpy(zero_copy_only=False)
    moments = rows["as_of"].cast(pa.timestamp("us")).to_numpy()
    converted = rows["converted"].to_numpy(zero_copy_only=False).astype(np.bool_)
    return Dataset(
        lead_ids=lead_ids,
        moments=moments,
        sources=_texts(rows["source"].fill_null("unknown")),
        converted=converted,
        features=frame,
        numeric=numeric,
        categorical=categorical,
        as_of=moment.astimezone(UTC),
        snapshot_ids=pinned.snapshot_ids,
        counts=found.counts,
        digest=_digest(lead_ids, frame, moments, converted),
    )


def as_features(rows: pa.Table, numeric: Sequence[str], categorical: Sequence[str]) -> pd.DataFrame:
    """Rows of the lake as a model takes them: floats with NaN for what is missing, and categories of text.

    Raises:
        TrainingRefusedError: the lake has no feature of one of these names (any more).
    """
    _refuse_gone([*numeric, *categorical], rows.column_names)
    numbers = {name: rows[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in numeric}
    texts = {name: _categories(rows[name]) for name in categorical}
    return pd.DataFrame({**numbers, **texts}, copy=False)


def _refuse_gone(names: Sequence[str], known: Sequence[str]) -> None:
    gone = [name for name in names if name not in known]
    if gone:
        raise TrainingRefusedError(
            f'FEATURE_MISSING: "{gone[0]}" is no feature of this lake; name it under [features] of leadlake.toml, and '
            "build."
        )


def split_by_time(dataset: Dataset) -> Split:
    """Cut the rows by time; leads of one moment stay together, with the earlier part."""
    rows = len(dataset)
    tested = rows - int(rows * TEST_SHARE)
    wanted = max(rows * CALIBRATION_SHARE, min(CALIBRATION_LEADS, rows * MOST_CALIBRATION_SHARE))
    first, second = _cut(dataset.moments, tested - int(wanted)), _cut(dataset.moments, tested)
    return Split(slice(0, first), slice(first, second), slice(second, rows))


def _cut(moments: npt.NDArray[np.datetime64], place: int) -> int:
    if place <= 0 or place >= len(moments):
        return max(place, 0)
    return int(np.searchsorted(moments, moments[place - 1], side="right"))


def _categories(column: pa.ChunkedArray) -> pd.Categorical:
    """The column with its texts in order, so that codes do not depend on which came first."""
    coded = column.combine_chunks().dictionary_encode()
    texts = coded.dictionary.to_pylist()
    order = np.argsort(np.array(texts, dtype=object)) if texts else np.array([], dtype=np.int64)
    places = np.empty(len(texts), dtype=np.int64)
    places[order] = np.arange(len(texts))
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    codes = np.where(codes < 0, -1, places[codes]) if texts else np.full(len(codes), -1)
    return pd.Categorical.from_codes(codes, categories=pd.Index([texts[place] for place in order], dtype=object))


def _texts(column: pa.ChunkedArray) -> npt.NDArray[np.object_]:
    """The column's texts, each that occurs made once."""
    coded = column.combine_chunks().dictionary_encode()
    texts: npt.NDArray[np.object_] = coded.dictionary.to_numpy(zero_copy_only=False)[coded.indices.to_numpy()]
    return texts


def _digest(
    lead_ids: npt.NDArray[np.object_],
    features: pd.DataFrame,
    moments: npt.NDArray[np.datetime64],
    converted: Flags,
) -> str:
    """The SHA-256 of what a model can learn from: names, leads, moments, outcomes, values; the same on any machine."""
    told = hashlib.sha256(json.dumps(list(features.columns)).encode())
    _add(told, "\n".join(lead_ids).encode())
    _add(told, moments.astype("<i8").tobytes())
    _add(told, converted.astype("<u1").tobytes())
    for name in features.columns:
        column = features[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            _add(told, json.dumps(list(column.cat.categories)).encode())
            _add(told, column.cat.codes.to_numpy().astype("<i4").tobytes())
        else:
            numbers = column.to_numpy()
            # One way of writing "missing", and of writing nought.
            _add(told, (np.where(np.isnan(numbers), np.nan, numbers) + 0.0).astype("<f8").tobytes())
    return told.hexdigest()


def _add(told: Any, content: bytes) -> None:
    told.update(len(content).to_bytes(8, "little"))
    told.update(content)
