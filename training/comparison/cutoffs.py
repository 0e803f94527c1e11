"""Thresholds carried over: cut-offs for a new model's scores that hold what each band was under the old one.

A new model can change the scale: its 70 is not the old one's 70. Sales knows bands by how many leads they hold and how
many of these convert, so the new cut-offs hold the one or the other, band by band from the top.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from training.comparison.counting import Integers, counted_rate
from training.comparison.outcome import CarriedBand, CountedRate, Hold
from training.metrics import Flags
from training.versions import SCORE_SCALE


def carried_over(
    first: Integers, second: Integers, converted: Flags, bands: Mapping[str, int], hold: Hold, least: int
) -> tuple[CarriedBand, ...]:
    """New cut-offs of the second version's scores, lowest band first; each is under that of the band above.

    Volume is held from the cut-off upwards, so that no band's rounding is handed down; conversion is held within the
    band, and only by bands of `least` leads or more. A band without leads has nothing to hold. The lowest band takes
    what is left, down to 0.
    """
    names, cutoffs = list(bands), list(bands.values())
    old, new = _Upwards(first, converted), _Upwards(second, converted)
    carried: list[CarriedBand] = []
    old_top = new_top = SCORE_SCALE + 1
    for name, cutoff in zip(reversed(names), reversed(cutoffs), strict=True):
        before = old.between(cutoff, old_top)
        found: int | None = 0
        if cutoff > 0:
            found = _cutoff(new, old, (cutoff, old_top), new_top, hold, least) if before.leads else None
        after = None if found is None else new.between(found, new_top)
        carried.append(CarriedBand(name, cutoff, found, before, after))
        old_top = cutoff
        new_top = new_top if found is None else found
    return tuple(reversed(carried))


def working_bands(scores: Integers, bands: Mapping[str, int], least: int) -> tuple[dict[str, int], bool]:
    """The cut-offs by which the first version's scores are told apart, and whether they are the declared ones.

    Declared bands are made for the rules' scores. Where they leave all but fewer than `least` leads of a model in one
    band, the bands are shares of its leads instead: the highest tenth, then as far as three tenths, five, and so on,
    while the lowest band takes the rest. Bands that would begin at one score become one.
    """
    held = np.bincount(np.searchsorted(list(bands.values()), scores, side="right"))
    if len(scores) == 0 or len(scores) - held.max() >= least or len(bands) < 2:
        return dict(bands), True
    names = list(bands)
    shares = np.minimum(0.1 + 0.2 * np.arange(len(names) - 1), 0.9)
    cutoffs = [int(each) for each in np.quantile(scores, 1 - shares, method="higher")]
    by_share = {names[0]: 0}
    for name, cutoff in zip(names[1:], reversed(cutoffs), strict=True):
        if cutoff > max(by_share.values()):
            by_share[name] = cutoff
    return by_share, False


class _Upwards:
    """How many leads, and how many conversions, have each score or more."""

    def __init__(self, scores: Integers, converted: Flags) -> None:
        size = SCORE_SCALE + 2
        self.leads = np.cumsum(np.bincount(scores, minlength=size)[::-1])[::-1]
        self.conversions = np.cumsum(np.bincount(scores[converted], minlength=size)[::-1])[::-1]

    def between(self, cutoff: int, top: int) -> CountedRate:
        """The leads with a score from `cutoff` up to below `top`."""
        return counted_rate(
            int(self.leads[cutoff] - self.leads[top]), int(self.conversions[cutoff] - self.conversions[top])
        )


def _cutoff(new: _Upwards, old: _Upwards, was: tuple[int, int], top: int, hold: Hold, least: int) -> int | None:
    """The score from 1 to below `top` that comes nearest, the highest of equals; None where none can."""
    scores = np.arange(top - 1, 0, -1)
    if hold == "volume":
        return int(scores[np.abs(new.leads[scores] - old.leads[was[0]]).argmin()]) if len(scores) else None
    before = old.between(*was)
    leads = new.leads[scores] - new.leads[top]
    enough = leads >= max(1, least)
    if before.rate is None or not enough.any():
        return None
    rates = (new.conversions[scores] - new.conversions[top])[enough] / leads[enough]
    return int(scores[enough][np.abs(rates - before.rate).argmin()])
