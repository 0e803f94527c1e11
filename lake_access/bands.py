"""Score bands in SQL: which declared band a final score falls into, and which scores a band holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from lake_access.declarations import UNSCORED


def band_case(bands: Mapping[str, int]) -> str:
    """SQL for the band of `final_score`, with the parameters of `band_parameters`; `bands` stand from low to high."""
    cases = " ".join(f"WHEN final_score >= $edge{number} THEN $band{number}" for number in reversed(range(len(bands))))
    return f"CASE {cases} ELSE '{UNSCORED}' END"


def band_place(bands: Mapping[str, int]) -> str:
    """SQL for the place of `final_score`'s band, from 1, and 0 without a score; with those parameters too.

    To count by: grouping leads by texts that are made for each takes several times as long as by a small number.
    """
    cases = " ".join(f"WHEN final_score >= $edge{number} THEN {number + 1}" for number in reversed(range(len(bands))))
    return f"(CASE {cases} ELSE 0 END)::TINYINT"


def band_at(place: str, bands: Mapping[str, int]) -> str:
    """SQL for the name of the band at a place as `band_place` gives it, with those parameters too."""
    cases = " ".join(f"WHEN {number + 1} THEN $band{number}" for number in range(len(bands)))
    return f"CASE {place} {cases} ELSE '{UNSCORED}' END"


def band_parameters(bands: Mapping[str, int]) -> dict[str, object]:
    """The bands and their lowest scores, by the names that the SQL gives them."""
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
