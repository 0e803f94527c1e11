"""Rows of one side of a comparison, for what cannot take all of them."""

from __future__ import annotations

import pandas as pd

from lake_access.drift.compared import OUTCOME, Compared, Side, identifier, lake_to_compare
from lake_access.drift.counting import profile
from lake_access.engine_errors import engine_errors
from lake_access.lake import PinnedLake
from lake_access.queries import load_query


def side_frame(compared: Compared, side: str, most: int, seed: int) -> pd.DataFrame:
    """All rows of a side (`reference` or `current`), or a random sample of so many where it has more.

    Numbers come as numbers and categories as text or booleans, whatever the tables hold them as.
    """
    table = {"reference": "reference_rows", "current": "current_rows"}[side]
    columns = ", ".join(map(identifier, compared.columns))
    sql = load_query("drift_sample").format(side=table, columns=columns)
    with engine_errors("the comparison"):
        return compared.connection.execute(sql, {"most": most, "seed": seed}).df()


def side_rows(pinned: PinnedLake, reference: Side, current: Side) -> tuple[int, int]:
    """How many rows each of two parts of the lake has.

    Raises:
        QueryRefusedError: one side has a version and the other none.
        StorageError: a data file cannot be read.
    """
    with lake_to_compare(pinned, reference, current, [OUTCOME]) as compared:
        known = profile(compared)[OUTCOME]
    return known.reference.rows, known.current.rows
