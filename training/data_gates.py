"""What is held before anything is fitted: each gate has a code, and says which and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from lake_access.errors import TrainingRefusedError
from lake_access.features import features_as_of
from lake_access.lake import PinnedLake
from training.dataset import Dataset, Flags, as_features, split_by_time

# Leads whose features are derived again, as scoring does; and how near two floats of the same feature are.
COMPARED_LEADS = 400
# Leads before a moment that are derived from what was known by then.
REBUILT_LEADS = 200
TOLERANCE = 1e-9


@dataclass(frozen=True)
class Finding:
    """Something that a gate or the audit says of a feature: a code, the feature, and a sentence."""

    code: str
    feature: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.code}: {self.sentence}"


def refuse_too_little(dataset: Dataset, minimum_leads: int, minimum_conversions: int) -> None:
    """Let pass what is enough to fit, calibrate and test on.

    Raises:
        TrainingRefusedError: TOO_FEW_LEADS, TOO_FEW_CONVERSIONS or ONE_CLASS.
    """
    leads, conversions = len(dataset), int(dataset.converted.sum())
    if leads < minimum_leads:
        raise TrainingRefusedError(
            f"TOO_FEW_LEADS: {leads:,} mature leads with features, and a model needs {minimum_leads:,} "
            f"({_left_out(dataset)}). Wait for more, or lower training.minimum_leads in leadlake.toml."
        )
    if conversions in (0, leads):
        none = "none" if conversions == 0 else "all"
        raise TrainingRefusedError(
            f"ONE_CLASS: {none} of the {leads:,} mature leads converted within the outcome window; "
            "look whether outcomes have come back (`leadlake conversion`)."
        )
    rarer = min(conversions, leads - conversions)
    if rarer < minimum_conversions:
        of = "converted" if rarer == conversions else "did not convert"
        raise TrainingRefusedError(
            f"TOO_FEW_CONVERSIONS: {rarer:,} of {leads:,} mature leads {of}, and a model needs {minimum_conversions:,} "
            "of each outcome. Wait for more, or lower training.minimum_conversions in leadlake.toml."
        )
    split = split_by_time(dataset)
    for name, part in (("fitting", split.fit), ("calibration", split.calibration), ("the test", split.test)):
        told = dataset.converted[part]
        if not told.any() or told.all():
            raise TrainingRefusedError(
                f"ONE_CLASS: of the {len(told):,} leads for {name}, cut by time, {'all' if told.any() else 'none'} "
                "converted; wait for outcomes of that time, or train --as-of another day."
            )


def usable_features(dataset: Dataset, needed: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...], list[Finding]]:
    """The numeric and categorical features that tell leads apart, and what was dropped and why.

    A feature that is missing or the same for every lead to be fitted on is dropped and named: a lake declares events
    that no lead has had by its first scoring. One that leadlake.toml names (`needed`) is expected to be there.

    Raises:
        TrainingRefusedError: FEATURE_MISSING, of a needed feature that no lead has; NO_FEATURES, where none is left.
    """
    fitted = dataset.features.iloc[split_by_time(dataset).fit]
    findings = [finding for name in dataset.features.columns if (finding := _flaw(fitted[name], name)) is not None]
    for finding in findings:
        if finding.code == "FEATURE_MISSING" and finding.feature in needed:
            raise TrainingRefusedError(
                f'FEATURE_MISSING: no lead to be fitted on has the attribute "{finding.feature}" that [features] of '
                "leadlake.toml names; mend its name or its feed, or take it out."
            )
    dropped = {finding.feature for finding in findings}
    numeric = tuple(name for name in dataset.numeric if name not in dropped)
    categorical = tuple(name for name in dataset.categorical if name not in dropped)
    if not numeric and not categorical:
        raise TrainingRefusedError("NO_FEATURES: every feature is missing or the same for all leads.")
    return numeric, categorical, findings


def refuse_other_features(pinned: PinnedLake, dataset: Dataset) -> bool:
    """Hold the features of some leads, from the oldest to the newest, against those that scoring would derive now.

    Deriving costs a pass over all events, so that the newest leads go with them, and all are derived from what was
    known by the newest moment: whether that makes none of them another, and the audit need not derive them once more.

    Raises:
        TrainingRefusedError: TRAINING_SCORING_DISAGREE; the message names the first feature and lead that differ.
    """
    rows = sample_rows(len(dataset), COMPARED_LEADS)
    newest = np.arange(max(len(dataset) - REBUILT_LEADS, 0), len(dataset))
    if not differences(pinned, dataset, np.union1d(rows, newest), at(dataset.moments[-1])):
        return True
    differing = differences(pinned, dataset, rows)
    if differing:
        feature, lead, count = differing
        raise TrainingRefusedError(
            f'TRAINING_SCORING_DISAGREE: scoring would derive another "{feature}" than the lake keeps for {count:,} of '
            f"{len(rows):,} leads looked at, the first of them {lead}; run `leadlake replay` and train again."
        )
    return False


def differences(
    pinned: PinnedLake, dataset: Dataset, rows: Flags | Sequence[int] | np.ndarray, known_by: datetime | None = None
) -> tuple[str, str, int] | None:
    """The first feature that is another when derived anew for these rows, its first lead, and how many differ."""
    place = np.asarray(rows)
    if len(place) == 0:
        return None
    ids = dataset.lead_ids[place]
    moments = pa.array(dataset.moments[place], pa.timestamp("us", tz="UTC"))
    derived = features_as_of(pinned, pa.table({"lead_id": ids, "as_of": moments}), known_by)
    # Both are ordered by moment and lead.
    again = as_features(derived, dataset.numeric, dataset.categorical)
    kept = dataset.features.iloc[place]
    for name in again.columns:
        differs = ~_same(kept[name], again[name])
        if differs.any():
            return name, str(ids[int(np.argmax(differs))]), int(differs.sum())
    return None


def sample_rows(rows: int, wanted: int) -> np.ndarray:
    """So many rows, evenly from the first to the last."""
    return np.unique(np.linspace(0, rows - 1, min(rows, wanted)).astype(np.intp))


def at(moment: np.datetime64) -> datetime:
    """A moment of a dataset."""
    return datetime.fromtimestamp(int(moment.astype("datetime64[us]").astype(np.int64)) / 1e6, UTC)


def _same(kept: pd.Series, again: pd.Series) -> Flags:
    if isinstance(kept.dtype, pd.CategoricalDtype):
        left, right = (column.astype(object).to_numpy() for column in (kept, again))
        told: Flags = (left == right) | (pd.isna(left) & pd.isna(right))
        return told
    close: Flags = np.isclose(kept.to_numpy(), again.to_numpy(), rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True)
    return close


def _flaw(column: pd.Series, name: str) -> Finding | None:
    if isinstance(column.dtype, pd.CategoricalDtype):
        values = column.cat.codes.to_numpy()
        missing = values < 0
    else:
        values = column.to_numpy()
        missing = np.isnan(values)
    if missing.all():
        return Finding("FEATURE_MISSING", name, f'"{name}" is missing for every lead to be fitted on; left out.')
    known = values[~missing]
    if not missing.any() and (known == known[0]).all():
        return Finding("FEATURE_CONSTANT", name, f'"{name}" is the same for every lead to be fitted on; left out.')
    return None


def _left_out(dataset: Dataset) -> str:
    left = [
        f"{count:,} {reason.replace('_', ' ')}"
        for reason, count in dataset.counts.items()
        if count and reason != "used"
    ]
    return f"left out: {', '.join(left)}" if left else "none was left out"
