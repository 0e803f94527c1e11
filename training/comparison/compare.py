"""Two versions of a model compared on the same mature leads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.bootstrap import RESAMPLES, paired_differences
from training.comparison.counting import (
    Integers,
    band_matrix,
    band_places,
    calibration,
    counted_rate,
    score_counts,
    scores_of,
)
from training.comparison.cutoffs import carried_over, working_bands
from training.comparison.movers import biggest_movers, reasons
from training.comparison.outcome import Comparison, CountedRate, Mover, Reason, SourceComparison
from training.metrics import Flags, Floats

# Fewer conversions of a source, or fewer that did not convert, say nothing of a metric.
LEAST_OF_AN_OUTCOME = 10

# What each feature adds to a lead's log-odds, for the leads at these places of those that are compared.
Factors = Callable[[Sequence[int]], Sequence[Mapping[str, float]]]


@dataclass(frozen=True)
class ComparedLeads:
    """Mature leads, a place in each array for each."""

    lead_ids: NDArray[np.str_]
    sources: NDArray[np.str_]
    converted: Flags


@dataclass(frozen=True)
class VersionScores:
    """A version's probabilities for these leads, and its factors where the model can say them."""

    version: str
    probability: Floats
    factors: Factors | None = None


def compare(
    leads: ComparedLeads,
    first: VersionScores,
    second: VersionScores,
    bands: Mapping[str, int],
    *,
    minimum_cell: int,
    seed: int,
    resamples: int = RESAMPLES,
    progress: Callable[[str, float | None], None] = lambda _step, _share: None,
) -> Comparison:
    """Hold two versions against each other; `bands` are the declared cut-offs, from low to high.

    The same leads, probabilities and seed give the same comparison to the last digit.
    """
    old, new = scores_of(first.probability), scores_of(second.probability)
    bands, declared = working_bands(old, bands, minimum_cell)
    old_bands, new_bands = band_places(old, bands), band_places(new, bands)
    progress("Measuring both versions", None)
    metrics = paired_differences(first.probability, second.probability, leads.converted, seed, resamples)
    progress("Measuring both by source", None)
    by_source = tuple(_of_source(name, leads, first, second, seed, resamples) for name in np.unique(leads.sources))
    progress("Finding the leads that move most", None)
    spearman, kendall = _rank_correlations(first.probability, second.probability)
    return Comparison(
        first=first.version,
        second=second.version,
        counted=_counted(leads.converted),
        seed=seed,
        resamples=resamples,
        metrics=metrics,
        calibration_first=calibration(first.probability, leads.converted),
        calibration_second=calibration(second.probability, leads.converted),
        scores=score_counts(old, new),
        bands=tuple(bands),
        cutoffs=tuple(bands.values()),
        cutoffs_declared=declared,
        band_matrix=band_matrix(old, new, leads.converted, bands),
        by_source=tuple(sorted(by_source, key=lambda each: (-each.counted.leads, each.source))),
        movers=_movers(leads, first, second, (old, new), bands),
        changed_band=int(np.count_nonzero(old_bands != new_bands)),
        spearman=spearman,
        kendall=kendall,
        hold_volume=carried_over(old, new, leads.converted, bands, "volume", minimum_cell),
        hold_conversion=carried_over(old, new, leads.converted, bands, "conversion", minimum_cell),
    )


def _of_source(
    name: str, leads: ComparedLeads, first: VersionScores, second: VersionScores, seed: int, resamples: int
) -> SourceComparison:
    within = leads.sources == name
    converted, old, new = leads.converted[within], first.probability[within], second.probability[within]
    counted = _counted(converted)
    enough = LEAST_OF_AN_OUTCOME <= counted.conversions <= counted.leads - LEAST_OF_AN_OUTCOME
    return SourceComparison(
        source=str(name),
        counted=counted,
        mean_score_first=float(100 * old.mean()),
        mean_score_second=float(100 * new.mean()),
        metrics=paired_differences(old, new, converted, seed, resamples) if enough else (),
    )


def _movers(
    leads: ComparedLeads,
    first: VersionScores,
    second: VersionScores,
    scores: tuple[Integers, Integers],
    bands: Mapping[str, int],
) -> tuple[Mover, ...]:
    places = [int(place) for place in biggest_movers(first.probability, second.probability)]
    why: list[tuple[Reason, ...]] = [()] * len(places)
    if first.factors is not None and second.factors is not None and places:
        why = [reasons(*both) for both in zip(first.factors(places), second.factors(places), strict=True)]
    names = list(bands)
    old, new = (each[places] for each in scores)
    return tuple(
        Mover(
            lead_id=str(leads.lead_ids[place]),
            source=str(leads.sources[place]),
            converted=bool(leads.converted[place]),
            first_score=int(old[number]),
            second_score=int(new[number]),
            first_band=names[band_places(old, bands)[number]],
            second_band=names[band_places(new, bands)[number]],
            reasons=why[number],
        )
        for number, place in enumerate(places)
    )


def _counted(converted: Flags) -> CountedRate:
    return counted_rate(len(converted), int(np.count_nonzero(converted)))


def _rank_correlations(first: Floats, second: Floats) -> tuple[float | None, float | None]:
    """Spearman's rho and Kendall's tau-b; None where a version gives every lead the same."""
    from scipy import stats  # SciPy takes a third of a second that no page should wait for.

    if len(first) < 2 or np.ptp(first) == 0 or np.ptp(second) == 0:
        return None, None
    return float(stats.spearmanr(first, second).statistic), float(stats.kendalltau(first, second).statistic)
