from __future__ import annotations

import pandas as pd

from app.conversion_views.change import CELL_WRITERS
from app.table_columns import written


def test_points_that_three_digits_cannot_tell_from_nothing_have_no_sign() -> None:
    cells = pd.DataFrame(
        {
            "source_mix_points": [-0.0004, None],
            "score_mix_points": [-0.0006, 0.0001],
            "within_points": [1.23456, -1e-17],
        },
        dtype=float,
    )

    shown = written(cells, CELL_WRITERS).to_html()

    assert [f">{text}<" in shown for text in ("0.000", "-0.001", "+1.235", "–")] == [True] * 4
    assert "-0.000" not in shown
