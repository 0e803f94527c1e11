"""Random halves of one month: whatever is called drifted between them is a false alarm."""

from __future__ import annotations

import numpy as np

from lake_access.drift.compared import Side, population
from lake_access.lake import PinnedLake
from monitoring.drift.columns import Wish
from monitoring.drift.compare import compare

SEEDS = 100


def false_alarms(pinned: PinnedLake, month: Side) -> int:
    """How many of a hundred divisions of this month's leads are called drifted as a whole, or beyond chance."""
    with population(pinned, [], month.since, month.until) as people:
        compared = people.take(month, month)
        rows = people.frame("reference_rows")
        assert len(rows) > 100
        alarms = 0
        for seed in range(SEEDS):
            first = np.random.default_rng(seed).permutation(len(rows)) < len(rows) // 2
            halves = {"reference_rows": rows[first], "current_rows": rows[~first]}
            for side, half in halves.items():
                compared.connection.execute(f"DROP TABLE IF EXISTS {side}")
                compared.connection.register("half", half)
                compared.connection.execute(f"CREATE TEMP TABLE {side} AS SELECT * FROM half")
            found = compare(compared, Wish(halves=0))
            alarms += found.beyond_chance or found.dataset_drift
    return alarms
