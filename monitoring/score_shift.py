"""The same leads under two model versions: which change band, whether their order holds, who moved most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np

from lake_access.drift.scores import Move, PairCount, biggest_moves, paired_scores
from lake_access.lake import PinnedLake
from training.versions import SCORE_SCALE


@dataclass(frozen=True)
class ScoreShift:
    """Leads that both versions scored; `matrix[i][j]` went from band i to band j of the current version.

    `rank_correlation` is Spearman's, ties at their mean rank; None where one version gives all leads the same score.
    `moved_by_source` counts the leads that change band.
    """

    reference: str
    current: str
    leads: int
    bands: tuple[str, ...]
    matrix: tuple[tuple[int, ...], ...]
    moved: int
    moved_by_source: Mapping[str, int]
    leads_by_source: Mapping[str, int]
    mean_reference: float | None
    mean_current: float | None
    rank_correlation: float | None
    moves: tuple[Move, ...]


def score_shift(pinned: PinnedLake, reference: str, current: str, most_moves: int = 20) -> ScoreShift:
    """Both versions' newest scores of the leads that both have scored."""
    pairs = paired_scores(pinned, reference, current)
    bands = pinned.settings.declarations.bands
    matrix = np.zeros((len(bands), len(bands)), dtype=np.int64)
    moved, leads = dict[str, int](), dict[str, int]()
    for pair in pairs:
        ours, theirs = _band(pair.reference, bands), _band(pair.current, bands)
        matrix[ours, theirs] += pair.leads
        source = pair.source or ""
        leads[source] = leads.get(source, 0) + pair.leads
        moved[source] = moved.get(source, 0) + (pair.leads if ours != theirs else 0)
    total = int(matrix.sum())
    return ScoreShift(
        reference=reference,
        current=current,
        leads=total,
        bands=tuple(bands),
        matrix=tuple(tuple(int(cell) for cell in row) for row in matrix),
        moved=total - int(np.trace(matrix)),
        moved_by_source=moved,
        leads_by_source=leads,
        mean_reference=sum(pair.reference * pair.leads for pair in pairs) / total if total else None,
        mean_current=sum(pair.current * pair.leads for pair in pairs) / total if total else None,
        rank_correlation=rank_correlation(pairs),
        moves=biggest_moves(pinned, reference, current, most_moves),
    )


def rank_correlation(pairs: Sequence[PairCount]) -> float | None:
    """Spearman's rho from counts of pairs: the correlation of ranks, ties at their mean. Source: C. Spearman (1904)."""
    if not pairs:
        return None
    leads = np.array([pair.leads for pair in pairs], dtype=np.float64)
    ours = _ranks(np.array([pair.reference for pair in pairs]), leads)
    theirs = _ranks(np.array([pair.current for pair in pairs]), leads)
    ours, theirs = ours - ours @ leads / leads.sum(), theirs - theirs @ leads / leads.sum()
    spread = float((ours * ours) @ leads) * float((theirs * theirs) @ leads)
    return float((ours * theirs) @ leads) / sqrt(spread) if spread > 0 else None


def _ranks(
    scores: np.ndarray[tuple[int], np.dtype[np.int64]], leads: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Each pair's mean rank by score."""
    held = np.bincount(scores, weights=leads, minlength=SCORE_SCALE + 1)
    return (held.cumsum() - held / 2)[scores]


def _band(score: int, bands: Mapping[str, int]) -> int:
    """The place of the highest band whose lowest score is not above this one."""
    return max(place for place, edge in enumerate(bands.values()) if place == 0 or score >= edge)
