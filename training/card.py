"""The model card: everything that a reader needs to judge a version, as data and as one HTML page."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from training.data_gates import Finding
from training.dataset import Dataset, Split
from training.importance import Importance
from training.metrics import calibration_table, lift_table, metrics_by
from training.version_records import as_json, without_nan
from training.versions import ModelVersion

LIBRARIES = ("scikit-learn", "numpy", "pandas", "skops", "duckdb", "mlflow-skinny")


def card_data(
    told: ModelVersion,
    dataset: Dataset,
    split: Split,
    probabilities: np.ndarray,
    importances: Sequence[Importance],
    dropped: Sequence[Finding],
    window_days: int,
    notes: Sequence[str],
    shuffled: Mapping[str, float],
) -> Mapping[str, Any]:
    """The card's data: `version` as on record, and what goes beyond it; JSON throughout.

    `parts` has the split, `by_source` and `by_month` the metrics of groups, `calibration` and `lift` the tables, all on
    the test leads, whose `probabilities` these are. `shuffled` has what leads dealt at random would give
    (`training.shuffled`).
    """
    converted = dataset.converted[split.test]
    months = dataset.months[split.test].astype(str).astype(object)
    card: Mapping[str, Any] = without_nan(
        {
            "version": as_json(told),
            "outcome": f"converted within {window_days} days of the scoring moment",
            "notes": list(notes),
            "counts": dict(dataset.counts),
            "parts": {name: _part(dataset, getattr(split, name)) for name in ("fit", "calibration", "test")},
            "gap": {name: told.metrics[name].value - value for name, value in told.validation_metrics.items()},
            "shuffled": dict(shuffled),
            "by_source": told.metrics_by_source,
            "by_month": metrics_by(months, probabilities, converted),
            "calibration": [
                {"leads": row.leads, "predicted": row.predicted, "observed": row.observed}
                for row in calibration_table(probabilities, converted)
            ],
            "lift": [asdict(row) for row in lift_table(probabilities, converted)],
            "importances": [asdict(one) for one in importances],
            "dropped": [str(finding) for finding in dropped],
            "leakage": list(told.leakage_findings),
            "libraries": {name: importlib.metadata.version(name) for name in LIBRARIES},
        }
    )
    return card


def _part(dataset: Dataset, rows: slice) -> dict[str, Any]:
    moments = dataset.moments[rows]
    return {
        "leads": len(moments),
        "conversions": int(dataset.converted[rows].sum()),
        "first": f"{moments[0].astype('datetime64[s]')}Z",
        "last": f"{moments[-1].astype('datetime64[s]')}Z",
    }
