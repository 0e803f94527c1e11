"""What a comparison of two versions says: plain values, kept as JSON with a request and read back by the pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter

from training.versions import Interval

Hold = Literal["volume", "conversion"]


@dataclass(frozen=True)
class Difference:
    """A metric under both versions, and second minus first, each with the 95% interval of a paired bootstrap."""

    metric: str
    first: Interval
    second: Interval
    difference: Interval
    higher_is_better: bool

    @property
    def loss(self) -> float:
        """How much worse the second is, below 0 where it is better."""
        return -self.difference.value if self.higher_is_better else self.difference.value

    @property
    def beyond_chance(self) -> bool:
        """Whether 0 lies outside the interval of the difference."""
        return self.difference.low > 0 or self.difference.high < 0


@dataclass(frozen=True)
class CountedRate:
    """A conversion rate with its counts and 95% Wilson interval; no rate where there are no leads."""

    leads: int
    conversions: int
    rate: float | None
    low: float
    high: float


@dataclass(frozen=True)
class CalibrationBin:
    """Leads of like probability: the mean that was predicted, and what came of them."""

    predicted: float
    observed: CountedRate


@dataclass(frozen=True)
class ScoreCount:
    """How many leads have a score from `lowest` to `highest` under either version."""

    lowest: int
    highest: int
    first: int
    second: int


@dataclass(frozen=True)
class BandCell:
    """The leads that were in one band and are in another."""

    first_band: str
    second_band: str
    counted: CountedRate


@dataclass(frozen=True)
class SourceComparison:
    """Both versions on the leads of one source; `metrics` is empty where there are too few to tell."""

    source: str
    counted: CountedRate
    mean_score_first: float
    mean_score_second: float
    metrics: tuple[Difference, ...]

    def metric(self, name: str) -> Difference | None:
        """One of the metrics, None where the leads are too few."""
        return next((each for each in self.metrics if each.metric == name), None)


@dataclass(frozen=True)
class Reason:
    """What a feature adds to a lead's log-odds under either version."""

    feature: str
    first: float
    second: float


@dataclass(frozen=True)
class Mover:
    """A lead whose score moves much, with the features that move it where they are known."""

    lead_id: str
    source: str
    converted: bool
    first_score: int
    second_score: int
    first_band: str
    second_band: str
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class CarriedBand:
    """A band's cut-off under the first version, and the second's that holds its volume or its conversion.

    `second_cutoff` is None where no score of the second version gives a band like it.
    """

    band: str
    first_cutoff: int
    second_cutoff: int | None
    first: CountedRate
    second: CountedRate | None


@dataclass(frozen=True)
class Comparison:
    """Two versions on the same leads; differences are second minus first.

    `cutoffs` are the lowest scores of the bands, of both versions: the declared ones, or shares of the first's leads.
    """

    first: str
    second: str
    counted: CountedRate
    seed: int
    resamples: int
    metrics: tuple[Difference, ...]
    calibration_first: tuple[CalibrationBin, ...]
    calibration_second: tuple[CalibrationBin, ...]
    scores: tuple[ScoreCount, ...]
    bands: tuple[str, ...]
    cutoffs: tuple[int, ...]
    cutoffs_declared: bool
    band_matrix: tuple[BandCell, ...]
    by_source: tuple[SourceComparison, ...]
    movers: tuple[Mover, ...]
    changed_band: int
    spearman: float | None
    kendall: float | None
    hold_volume: tuple[CarriedBand, ...]
    hold_conversion: tuple[CarriedBand, ...]

    def metric(self, name: str) -> Difference | None:
        """One of the metrics, None where the leads are all of one outcome."""
        return next((each for each in self.metrics if each.metric == name), None)


def comparison_as_json(comparison: Comparison) -> dict[str, Any]:
    """The comparison in what JSON has."""
    kept: dict[str, Any] = _adapter().dump_python(comparison, mode="json")
    return kept


def comparison_from_json(kept: Mapping[str, Any]) -> Comparison:
    """The comparison that was kept so."""
    return _adapter().validate_python(dict(kept))


@cache
def _adapter() -> TypeAdapter[Comparison]:
    return TypeAdapter(Comparison)
