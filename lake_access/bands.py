"""Score bands in SQL: which declared band a final score falls into, and which scores a band holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lake_access.declarations import UNSCORED


def band_case(bands: Mapping[str, int]) -> str:
    """SQL for the band of `final_score`, with the parameters of `band_parameters`; `bands` stand from low to high."""
    cases = " ".join(f"WHEN final_score >= $edge{number} THEN $band{number}" for number in reversed(range(len(bands))))
    return f"CASE {cases} ELSE '{UNSCORED}' END"


def band_parameters(bands: Mapping[str, int]) -> dict[str, object]:
    """The bands and their lowest scores, by the names that `band_case` gives them."""
    named: dict[str, object] = {}
    for number, (name, edge) in enumerate(bands.items()):
        named |= {f"band{number}": name, f"edge{number}": edge}
    return named


def scores_within(bands: Mapping[str, int], asked: Sequence[str]) -> tuple[list[int], bool]:
    """The scores from 0 to 100 that fall into any of the asked bands, and whether leads without a score do.

    A name that is no band holds no score.
    """
    edges = [*bands.values(), 101]
    scores = [
        score for place, name in enumerate(bands) if name in asked for score in range(edges[place], edges[place + 1])
    ]
    return scores, UNSCORED in asked
