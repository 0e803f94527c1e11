"""Why a conversion rate changed: other sources brought the leads, other scores, or leads of a kind convert otherwise.

A rate is a sum over sources s and score bands b of p(s) × q(b|s) × r(s,b): the source's share of the leads, the band's
share of the source's leads, and the cell's own rate. The change of that sum is split into the effects of p, q and r by
the symmetrical decomposition of three factors: each factor's effect is its mean over all six orders in which the three
can be changed. Sources: P. Das Gupta, Standardization and Decomposition of Rates, US Census Bureau P23-186 (1993),
chapter 2; A. F. Shorrocks, Decomposition procedures for distributional analysis: a unified framework based on the
Shapley value (1999), Journal of Economic Inequality 11 (2013); it continues E. M. Kitagawa, Components of a difference
between two rates, JASA 50 (1955), who had two factors.

All is reckoned in fractions of whole numbers: the parts add up to the change, exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal, get_args

from lake_access.conversion import Conversion, conversion
from lake_access.lake import PinnedLake
from lake_access.planning import ConversionFilters, Dimension

PartName = Literal["source_mix", "score_mix", "within"]
PARTS: Final[tuple[PartName, ...]] = get_args(PartName)
BY: Final[tuple[Dimension, ...]] = ("source", "band")
Counts = Mapping[tuple[str, str], tuple[int, int]]


@dataclass(frozen=True)
class CellSplit:
    """A source and band: leads and conversions before and now, and what the cell adds to each part of the change.

    The mix parts are against the mean: a source that gains share adds what its rate is above the whole's, a band
    what its rate is above its source's. A cell's source mix is its source's, in one row for the source (`band` "").
    """

    source: str
    band: str
    leads_before: int
    conversions_before: int
    leads: int
    conversions: int
    source_mix: Fraction
    score_mix: Fraction
    within: Fraction


@dataclass(frozen=True)
class RateSplit:
    """Two rates, and the parts that their difference is made of; `source_mix + score_mix + within == now - before`."""

    before: Fraction
    now: Fraction
    source_mix: Fraction
    score_mix: Fraction
    within: Fraction
    cells: tuple[CellSplit, ...]

    @property
    def change(self) -> Fraction:
        return self.now - self.before


@dataclass(frozen=True)
class Change:
    """The two answers that a split was made of; `split` is None where either period has no lead that counts."""

    this: Conversion
    earlier: Conversion
    split: RateSplit | None


def rate_change(pinned: PinnedLake, this: ConversionFilters, before: ConversionFilters) -> Change:
    """The change of the conversion rate from one period to another, split."""
    now, earlier = conversion(pinned, BY, this), conversion(pinned, BY, before)
    return Change(now, earlier, split_change(_counts(earlier), _counts(now)))


def split_change(before: Counts, now: Counts) -> RateSplit | None:
    """Split the change between two tables of (source, band) → (leads, conversions); None where either has no lead.

    A cell without leads in one period has no rate there, and a source no shares of bands: they are taken to be as in
    the other period, so that what comes or goes counts as mix alone.
    """
    totals = (sum(leads for leads, _ in before.values()), sum(leads for leads, _ in now.values()))
    if 0 in totals:
        return None
    rates = tuple(
        Fraction(sum(converted for _, converted in counts.values()), total)
        for counts, total in zip((before, now), totals, strict=True)
    )
    sources: dict[str, list[str]] = {}
    for source, band in [*before, *now]:
        bands = sources.setdefault(source, [])
        if band not in bands:
            bands.append(band)
    centre = (rates[0] + rates[1]) / 2
    cells: list[CellSplit] = []
    for source, bands in sources.items():
        cells += _of_source(source, bands, before, now, totals, centre)
    return RateSplit(
        before=rates[0],
        now=rates[1],
        source_mix=sum((cell.source_mix for cell in cells), Fraction(0)),
        score_mix=sum((cell.score_mix for cell in cells), Fraction(0)),
        within=sum((cell.within for cell in cells), Fraction(0)),
        cells=tuple(cells),
    )


def _of_source(
    source: str, bands: Sequence[str], before: Counts, now: Counts, totals: tuple[int, int], centre: Fraction
) -> list[CellSplit]:
    leads = [sum(counts.get((source, band), (0, 0))[0] for band in bands) for counts in (before, now)]
    p0, p1 = Fraction(leads[0], totals[0]), Fraction(leads[1], totals[1])
    factors = [_shares_and_rates(source, band, before, now, leads) for band in bands]
    # What the source's share of the leads is worth at its own rates; centred, which changes no sum: shares add up to 1.
    worth = sum((_weight(*factor) for factor in factors), Fraction(0))
    cells = [CellSplit(source, "", *_of_both(source, bands, before, now), (p1 - p0) * (worth - centre), *_NONE)]
    rates = [sum((factor[time] * factor[2 + time] for factor in factors), Fraction(0)) for time in (0, 1)]
    own = _weight(p0, p1, rates[0], rates[1])
    for band, (q0, q1, r0, r1) in zip(bands, factors, strict=True):
        score_mix = (q1 - q0) * (_weight(p0, p1, r0, r1) - own)
        within = (r1 - r0) * _weight(p0, p1, q0, q1)
        cells.append(CellSplit(source, band, *_of_both(source, [band], before, now), Fraction(0), score_mix, within))
    return cells


_NONE: Final = (Fraction(0), Fraction(0))


def _shares_and_rates(
    source: str, band: str, before: Counts, now: Counts, leads: Sequence[int]
) -> tuple[Fraction, Fraction, Fraction, Fraction]:
    """The band's share of the source's leads before and now, and its rate before and now."""
    cells = [counts.get((source, band), (0, 0)) for counts in (before, now)]
    shares = [Fraction(cell[0], whole) if whole else None for cell, whole in zip(cells, leads, strict=True)]
    rates = [Fraction(cell[1], cell[0]) if cell[0] else None for cell in cells]
    q0, q1 = _filled(shares)
    r0, r1 = _filled(rates)
    return q0, q1, r0, r1


def _filled(values: Sequence[Fraction | None]) -> tuple[Fraction, Fraction]:
    """Both values, each in the place of the other where that is not known."""
    first, second = values
    known = first if first is not None else second
    known = Fraction(0) if known is None else known
    return (known if first is None else first), (known if second is None else second)


def _weight(a0: Fraction, a1: Fraction, b0: Fraction, b1: Fraction) -> Fraction:
    """The mean of a product of two factors over the orders in which a third can be changed among them (Das Gupta)."""
    return (a0 * b0 + a1 * b1) / 3 + (a0 * b1 + a1 * b0) / 6


def _of_both(source: str, bands: Sequence[str], before: Counts, now: Counts) -> tuple[int, int, int, int]:
    counts = [[times.get((source, band), (0, 0)) for band in bands] for times in (before, now)]
    return (
        sum(leads for leads, _ in counts[0]),
        sum(converted for _, converted in counts[0]),
        sum(leads for leads, _ in counts[1]),
        sum(converted for _, converted in counts[1]),
    )


def _counts(answer: Conversion) -> dict[tuple[str, str], tuple[int, int]]:
    return {(row.keys["source"], row.keys["band"]): (row.leads, row.conversions) for row in answer.rows}


def points_that_add_up(split: RateSplit, digits: int = 2) -> Mapping[PartName, Fraction]:
    """The parts in percentage points, rounded so that what is shown adds up too; each is off by one last digit at most.

    The heights that the parts lead to one after another are rounded, and each part is what lies between two.
    """
    heights = [split.before]
    for part in PARTS:
        heights.append(heights[-1] + getattr(split, part))
    rounded = [Fraction(round(height * 100 * 10**digits), 10**digits) for height in heights]
    return {part: rounded[place + 1] - rounded[place] for place, part in enumerate(PARTS)}
