"""Rows of one side of a comparison, for what cannot take all of them."""

from __future__ import annotations

import pandas as pd

from lake_access.drift.compared import Compared, identifier
from lake_access.engine_errors import engine_errors
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
