"""Retraining: from a pinned lake to a registered version, in named steps."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from lake_access.errors import TrainingRefusedError
from lake_access.lake import PinnedLake, open_lake
from lake_access.permissions import Action, Actor, require
from lake_access.settings import Settings
from training.artifacts import model_bytes
from training.bootstrap import metrics_with_intervals
from training.card import card_data
from training.data_gates import Finding, refuse_other_features, refuse_too_little, usable_features
from training.dataset import Dataset, Floats, Split, make_dataset, split_by_time
from training.encoding import learn_encoding
from training.fit import DEFAULTS, calibrate, fit_classifier
from training.importance import permutation_importances
from training.leakage import HALFWAY, NEWEST, audit
from training.metrics import metrics, metrics_by
from training.model import Model
from training.registry import REGISTRATION_STEPS, register
from training.search import search_parameters
from training.shuffled import shuffled_metrics
from training.versions import ALGORITHMS, Algorithm, ModelVersion

# What is being done and the share of the whole that is done; it may raise to stop the training.
Progress = Callable[[str, float | None], None]

# Every step in its order with the share that is done when it begins. Until the version is recorded nothing has
# happened.
TRAINING_STEPS: Final[Mapping[str, float]] = {
    "Reading the leads": 0.0,
    "Checking the dataset": 0.15,
    "Auditing for leakage": 0.2,
    "Searching parameters": 0.3,
    "Fitting": 0.4,
    "Calibrating": 0.65,
    "Evaluating": 0.7,
    "Telling what matters": 0.8,
    **{name: 0.9 + 0.015 * place for place, name in enumerate(REGISTRATION_STEPS)},
}
BACKGROUND_LEADS = 100


@dataclass(frozen=True)
class Asked:
    """What a training was asked for; `parameters` are the algorithm's, None for its defaults or what a search finds."""

    algorithm: Algorithm = "gradient_boosting"
    as_of: datetime | None = None
    search_seconds: float | None = None
    seed: int = 0
    parameters: Mapping[str, Any] | None = None
    features: tuple[tuple[str, ...], tuple[str, ...]] | None = None


@dataclass(frozen=True)
class Trained:
    """A model with the leads it was made from, cut by time, and its probabilities for the test leads."""

    model: Model
    dataset: Dataset
    split: Split
    parameters: Mapping[str, Any]
    calibration_method: str
    probabilities: Floats
    validation: Floats
    dropped: Sequence[Finding]
    leakage: Sequence[Finding]
    matrix: Floats

    @property
    def digest(self) -> str:
        """The SHA-256 of the test leads and their probabilities, to the last bit."""
        ids = "\n".join(self.dataset.lead_ids[self.split.test]).encode()
        return hashlib.sha256(ids + b"\n" + self.probabilities.astype("<f8").tobytes()).hexdigest()


def retrain(
    settings: Settings,
    actor: Actor,
    parameters: Mapping[str, Any],
    now: datetime,
    progress: Progress = lambda _step, _share: None,
) -> Mapping[str, Any]:
    """Train and register a version; what became of it, as `leadlake train --json` prints it.

    `parameters` may have `algorithm`, `as_of` (ISO 8601), `search_seconds`, `seed` and `notes` (sentences for the
    card).

    Raises:
        NotAllowedError: the actor may not retrain.
        TrainingRefusedError: the data do not allow a model; the message begins with the gate's code.
        StorageError: the lake, its store or a database cannot be reached or written.
    """
    require(actor, Action.RETRAIN)
    asked = asked_from(parameters)
    lake = open_lake(settings)
    try:
        trained = train(lake.pin(), asked, progress)
    finally:
        lake.close()
    told = _register(settings, actor, asked, trained, list(parameters.get("notes", ())), now, progress)
    progress("Done", 1.0)
    return {
        "version": told.version,
        "algorithm": told.algorithm,
        "metrics": {name: figure.value for name, figure in told.metrics.items()},
        "digest": told.digest,
        "leads": len(trained.dataset),
        "leakage": list(told.leakage_findings),
    }


def asked_from(parameters: Mapping[str, Any]) -> Asked:
    """What the parameters of a job ask for.

    Raises:
        TrainingRefusedError: an unknown algorithm, or a value that cannot be.
    """
    algorithm = parameters.get("algorithm") or "gradient_boosting"
    if algorithm not in ALGORITHMS:
        raise TrainingRefusedError(f"ALGORITHM: {algorithm!r} is not known; choose one of {', '.join(ALGORITHMS)}.")
    search = parameters.get("search_seconds")
    try:
        as_of = None if parameters.get("as_of") is None else datetime.fromisoformat(str(parameters["as_of"]))
        seed = int(parameters.get("seed") or 0)
        seconds = None if search is None else float(search)
    except (TypeError, ValueError) as exc:
        raise TrainingRefusedError(f"PARAMETERS: {exc}; as_of is a time, seed and search_seconds are numbers.") from exc
    if not 0 <= seed < 2**32 or (seconds is not None and not 0 < seconds <= 86_400):
        raise TrainingRefusedError("PARAMETERS: seed is from 0 to 4294967295, search_seconds above 0 and up to 86400.")
    if as_of is not None and as_of.tzinfo is None:
        as_of = as_of.replace(tzinfo=UTC)
    return Asked(algorithm, as_of, seconds, seed)


def train(pinned: PinnedLake, asked: Asked, progress: Progress = lambda _step, _share: None) -> Trained:
    """Make a model and try it on the newest leads; nothing is written.

    Raises:
        TrainingRefusedError: the data do not allow a model; the message begins with the gate's code.
        StorageError: a data file cannot be read.
    """
    declared = pinned.settings.declarations
    _tell(progress, "Reading the leads")
    dataset = make_dataset(pinned, asked.as_of)
    _tell(progress, "Checking the dataset")
    refuse_too_little(dataset, declared.training.minimum_leads, declared.training.minimum_conversions)
    numeric, categorical, dropped = _features(dataset, asked, declared.features.names)
    newest_as_known = refuse_other_features(pinned, dataset)
    _tell(progress, "Auditing for leakage")
    rebuilt_at = (HALFWAY,) if newest_as_known else (HALFWAY, NEWEST)
    leakage = audit(pinned, dataset, (*numeric, *categorical), declared.training.leakage_auc, rebuilt_at)
    return _fit(dataset, asked, numeric, categorical, dropped, leakage, progress)


def _features(
    dataset: Dataset, asked: Asked, needed: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...], Sequence[Finding]]:
    if asked.features is not None:
        dataset.select(*asked.features)
        return *asked.features, []
    return usable_features(dataset, needed)


def _fit(
    dataset: Dataset,
    asked: Asked,
    numeric: tuple[str, ...],
    categorical: tuple[str, ...],
    dropped: Sequence[Finding],
    leakage: Sequence[Finding],
    progress: Progress,
) -> Trained:
    split, features = split_by_time(dataset), dataset.select(numeric, categorical)
    encoding = learn_encoding(features.iloc[split.fit], numeric, categorical)
    matrix = encoding.matrix(features)
    fitted_on, converted = matrix[split.fit], dataset.converted[split.fit]
    parameters = asked.parameters or DEFAULTS[asked.algorithm]
    if asked.search_seconds is not None and asked.parameters is None:
        _tell(progress, "Searching parameters")
        parameters = search_parameters(
            asked.algorithm,
            encoding,
            fitted_on,
            converted,
            seed=asked.seed,
            budget_seconds=asked.search_seconds,
            progress=lambda step, share: progress(step, 0.3 + 0.1 * (share or 0.0)),
        )
    _tell(progress, "Fitting")
    classifier = fit_classifier(asked.algorithm, encoding, fitted_on, converted, parameters, asked.seed)
    _tell(progress, "Calibrating")
    calibrated, method = calibrate(classifier, matrix[split.calibration], dataset.converted[split.calibration])
    background = fitted_on[np.linspace(0, len(fitted_on) - 1, min(BACKGROUND_LEADS, len(fitted_on))).astype(np.intp)]
    model = Model(asked.algorithm, encoding, calibrated, np.ascontiguousarray(background))
    return Trained(
        model=model,
        dataset=dataset,
        split=split,
        parameters=parameters,
        calibration_method=method,
        probabilities=model.matrix_probabilities(matrix[split.test]),
        validation=model.matrix_probabilities(matrix[split.calibration]),
        dropped=dropped,
        leakage=leakage,
        matrix=matrix,
    )


def _register(
    settings: Settings,
    actor: Actor,
    asked: Asked,
    trained: Trained,
    notes: Sequence[str],
    now: datetime,
    progress: Progress,
) -> ModelVersion:
    dataset, test = trained.dataset, trained.split.test
    _tell(progress, "Evaluating")
    told = _described(actor, asked, trained, now)
    _tell(progress, "Telling what matters")
    model = trained.model
    importances = permutation_importances(model, trained.matrix[test], dataset.converted[test], asked.seed)
    shuffled = shuffled_metrics(
        dataset, asked.algorithm, model.numeric, model.categorical, trained.parameters, asked.seed
    )
    window = settings.declarations.lake.outcome_window_days

    def describe(numbered: ModelVersion) -> Mapping[str, Any]:
        return card_data(
            numbered,
            dataset,
            trained.split,
            trained.probabilities,
            importances,
            trained.dropped,
            window,
            notes,
            shuffled,
        )

    content = model_bytes(trained.model)
    return register(settings, actor, told, content, describe, now, lambda step: _tell(progress, step))


def _described(actor: Actor, asked: Asked, trained: Trained, now: datetime) -> ModelVersion:
    """The version, but for its number and files."""
    dataset, split = trained.dataset, trained.split
    converted, sources = dataset.converted[split.test], dataset.sources[split.test]
    return ModelVersion(
        version="",
        algorithm=asked.algorithm,
        created_at=now,
        created_by=actor.name,
        as_of=dataset.as_of,
        seed=asked.seed,
        snapshot_ids=dataset.snapshot_ids,
        numeric_features=trained.model.numeric,
        categorical_features=trained.model.categorical,
        parameters={**trained.parameters, "calibration": trained.calibration_method},
        artifact="",
        artifact_sha256="",
        dataset_digest=dataset.digest,
        digest=trained.digest,
        metrics=metrics_with_intervals(trained.probabilities, converted, asked.seed),
        metrics_by_source=metrics_by(sources, trained.probabilities, converted),
        counts=dict(dataset.counts),
        leakage_findings=tuple(str(finding) for finding in trained.leakage),
        validation_metrics=metrics(trained.validation, dataset.converted[split.calibration]),
    )


def _tell(progress: Progress, step: str) -> None:
    progress(step, TRAINING_STEPS[step])
