"""The leakage audit: whether a feature knows what nobody knew when the lead was scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from lake_access.lake import PinnedLake
from training.data_gates import REBUILT_LEADS, Finding, at, differences
from training.dataset import Dataset, Flags, Floats, months_of

# Moments at which the lake is put back to what was known, as shares of the rows.
HALFWAY, NEWEST = 0.5, 1.0
# Of more leads than these, every so many-th is ranked by a feature alone.
RANKED_LEADS = 100_000
# A feature that is filled for so few leads tells nothing of when it is filled.
FEWEST_FILLED = 30
# How much of what is filled must be of one outcome.
FILLED_WITH_OUTCOME = 0.98


def audit(
    pinned: PinnedLake,
    dataset: Dataset,
    features: tuple[str, ...],
    limit: float,
    rebuilt_at: Sequence[float] = (HALFWAY, NEWEST),
) -> list[Finding]:
    """Everything that looks as if a feature knew the outcome; empty where nothing does.

    `rebuilt_at` has the moments, as shares of the leads, at which the lake is put back to what was known.

    - LATER_EVENTS: derived from only the events that had been known by a moment, features of leads before it differ.
    - PREDICTS_ALONE: among leads of the same month, it alone reaches the ROC AUC `limit`. Within months, since a
      feature of the time itself (an interest rate) follows the rate of conversion without knowing any lead's outcome.
    - FILLED_WITH_OUTCOME: it is filled almost only for leads that converted, or almost only for those that did not.
    """
    return [
        *_from_later_events(pinned, dataset, rebuilt_at),
        *(found for name in features if (found := _predicts_alone(dataset, name, limit)) is not None),
        *(found for name in features if (found := _filled_with_outcome(dataset, name)) is not None),
    ]


def _from_later_events(pinned: PinnedLake, dataset: Dataset, rebuilt_at: Sequence[float]) -> Iterator[Finding]:
    for share in rebuilt_at:
        last = max(int(len(dataset) * share) - 1, 0)
        moment = dataset.moments[last]
        after = int(np.searchsorted(dataset.moments, moment, side="right"))
        rows = np.arange(max(after - REBUILT_LEADS, 0), after)
        differing = differences(pinned, dataset, rows, at(moment))
        if differing:
            feature, lead, count = differing
            yield Finding(
                "LATER_EVENTS",
                feature,
                f'"{feature}" of {count:,} of {len(rows):,} leads is another when derived from what was known by '
                f"{at(moment).isoformat(timespec='seconds')}, as of lead {lead}.",
            )


def _predicts_alone(dataset: Dataset, name: str, limit: float) -> Finding | None:
    auc = univariate_auc(dataset, name)
    if auc < limit:
        return None
    return Finding(
        "PREDICTS_ALONE",
        name,
        f'"{name}" alone tells converted leads of a month from others with a ROC AUC of {auc:.3f} (limit {limit:g}): '
        "is it known before the outcome?",
    )


def _filled_with_outcome(dataset: Dataset, name: str) -> Finding | None:
    filled = ~_missing(dataset.features[name])
    count = int(filled.sum())
    if count < FEWEST_FILLED or len(dataset) - count < FEWEST_FILLED:
        return None
    rate, other_rate = (float(dataset.converted[rows].mean()) for rows in (filled, ~filled))
    only_converted = rate >= FILLED_WITH_OUTCOME > other_rate
    only_others = rate <= 1 - FILLED_WITH_OUTCOME < other_rate and _is_most_of_the_others(dataset, filled)
    if not only_converted and not only_others:
        return None
    return Finding(
        "FILLED_WITH_OUTCOME",
        name,
        f'"{name}" is filled for {count:,} leads, of whom {rate:.1%} converted, against {other_rate:.1%} of the '
        "others: is it filled only after the outcome?",
    )


def _is_most_of_the_others(dataset: Dataset, filled: Flags) -> bool:
    """Whether being filled is nearly the outcome: so it is of most leads that did not convert."""
    return bool(filled[~dataset.converted].mean() >= FILLED_WITH_OUTCOME / 2)


def univariate_auc(dataset: Dataset, name: str) -> float:
    """How well a feature alone ranks leads of the same month, whichever way round: 0.5 to 1.

    Pairs of a converted lead and another are counted within months, and added up over them (the stratified Mann-Whitney
    statistic of van Elteren 1960, with a pair's weight the same in all). A category counts by its share of conversions
    among the other leads; what is missing is a category, and of numbers below all others and then above, the better.
    """
    some = slice(None, None, -(-len(dataset) // RANKED_LEADS))
    months, converted = months_of(dataset.moments[some]).astype(np.int64), dataset.converted[some]
    column = dataset.features[name].iloc[some]
    if isinstance(column.dtype, pd.CategoricalDtype):
        return max(0.5, _auc_within(months, _share_by_category(column, converted), converted))
    values = column.to_numpy()
    missing = np.isnan(values)
    aucs = [
        _auc_within(months, np.where(missing, at_end, values), converted)
        for at_end in ((-np.inf, np.inf) if missing.any() else (0.0,))
    ]
    return max(max(auc, 1 - auc) for auc in aucs)


def _share_by_category(column: pd.Series, converted: Flags) -> Floats:
    """The share of conversions in a lead's category, itself left out: a rare one must not tell its own outcome."""
    codes = column.cat.codes.to_numpy() + 1
    size = len(column.cat.categories) + 1
    leads = np.bincount(codes, minlength=size)[codes] - 1
    did = np.bincount(codes, weights=converted, minlength=size)[codes] - converted
    overall = float(converted.mean())
    # A lead's own outcome is left out and would show by that alone; the prior drowns it.
    share: Floats = (did + 20 * overall) / (leads + 20)
    return np.round(share, 2)


def _auc_within(months: np.ndarray, values: Floats, converted: Flags) -> float:
    order = np.lexsort((values, months))
    months, values, did = months[order], values[order], converted[order].astype(np.float64)
    new_month = np.diff(months, prepend=months[0] - 1) != 0
    new_value = new_month | np.append(True, values[1:] != values[:-1])
    groups = np.flatnonzero(new_value)
    positives = np.add.reduceat(did, groups)
    negatives = np.add.reduceat(1 - did, groups)
    month_of = np.cumsum(new_month)[groups] - 1
    below = np.cumsum(negatives) - negatives
    first_of_month = np.flatnonzero(np.diff(month_of, prepend=-1))
    below = below - below[first_of_month][month_of]
    pairs = np.bincount(month_of, weights=positives) * np.bincount(month_of, weights=negatives)
    if pairs.sum() == 0:
        return 0.5
    return float((positives * (below + negatives / 2)).sum() / pairs.sum())


def _missing(column: pd.Series) -> Flags:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy() < 0
    told: Flags = np.isnan(column.to_numpy())
    return told
