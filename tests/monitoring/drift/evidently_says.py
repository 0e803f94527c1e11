"""What Evidently itself says of two tables, column by column."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

METHODS = {
    "K-S p_value": "ks",
    "chi-square p_value": "chisquare",
    "Z-test p_value": "z",
    "Wasserstein distance (normed)": "wasserstein",
    "Jensen-Shannon distance": "jensenshannon",
}


@dataclass(frozen=True)
class Said:
    """A column's test, value, threshold and verdict."""

    test: str
    value: float
    threshold: float
    drifted: bool


@dataclass(frozen=True)
class Report:
    """All columns, the share of drifted ones, and whether the dataset is called drifted."""

    columns: dict[str, Said]
    share: float
    drifted: bool


def evidently_says(reference: pd.DataFrame, current: pd.DataFrame, categories: Sequence[str]) -> Report:
    """Evidently's own report of drift; the columns that are not categories are numbers."""
    os.environ["DO_NOT_TRACK"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from evidently import DataDefinition, Dataset
        from evidently import Report as Evidently
        from evidently.presets import DataDriftPreset

        numbers = [name for name in reference if name not in categories]
        definition = DataDefinition(numerical_columns=numbers, categorical_columns=list(categories))
        sides = (Dataset.from_pandas(side, data_definition=definition) for side in (current, reference))
        told: dict[str, Any] = Evidently([DataDriftPreset()], include_tests=True).run(*sides).dict()
    failed = {test["metric_config"]["metric_id"]: test["status"].value == "FAIL" for test in told["tests"]}
    whole, *columns = told["metrics"]
    return Report(
        {
            metric["config"]["column"]: Said(
                METHODS[metric["config"]["method"]],
                float(metric["value"]),
                metric["config"]["threshold"],
                failed[metric["id"]],
            )
            for metric in columns
        },
        float(whole["value"]["share"]),
        failed[whole["id"]],
    )


def evidently_psi(reference: pd.Series[Any], current: pd.Series[Any], *, is_category: bool) -> float:
    """Evidently's PSI of a column."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import numpy as np
        from evidently.legacy.calculations.stattests.psi import _psi
        from evidently.legacy.core import ColumnType

        kind = ColumnType.Categorical if is_category else ColumnType.Numerical
        sides = (side.replace([-np.inf, np.inf], np.nan).dropna() for side in (reference, current))
        return float(_psi(*sides, kind, 0.1)[0])
