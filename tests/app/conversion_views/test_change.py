from __future__ import annotations

import pandas as pd

from app.conversion_views.change import as_shown


def test_points_that_three_digits_cannot_tell_from_nothing_have_no_sign() -> None:
    cells = pd.DataFrame(
        {"source_mix": [-0.0004, None], "score_mix": [-0.0006, 0.0001], "within": [1.23456, -1e-17]}, dtype=float
    )

    shown = as_shown(cells)

    assert [f"{points:.3f}" for points in shown.stack().dropna()] == ["0.000", "-0.001", "1.235", "0.000", "0.000"]
    assert shown.isna().sum().sum() == 1
    assert cells["source_mix"][0] == -0.0004
