"""Training on many leads, from the lake to importances; and scikit-learn's fit alone on the matrix that it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from bench.lakes import bench_lake
from bench.measuring import Measured, Spread, alone, peak_memory, spread
from bench.trained_lake import make_trained_lake

MATRIX = "matrix.npz"
SEED = 0


@dataclass(frozen=True)
class Trained:
    """A training by steps in seconds, and altogether; with processor time, and the most memory up to its end."""

    steps: dict[str, float]
    seconds: float
    processor_seconds: float
    peak_bytes: int
    used: int
    fitted: int
    columns: int
    roc_auc: float


@dataclass(frozen=True)
class Fitted:
    """Scikit-learn's fit alone."""

    seconds: float
    processor_seconds: float


@dataclass(frozen=True)
class TrainingTimes:
    """Trainings on so many leads of the lake and fits alone, in turn."""

    leads: int
    used: int
    fitted: int
    columns: int
    roc_auc: float
    steps: dict[str, Spread]
    whole: Spread
    fit: Spread
    whole_processor: Spread
    fit_processor: Spread
    peak_bytes: int

    @property
    def ratio(self) -> float:
        """How many times as long as the fit alone the whole took."""
        return self.whole.median / self.fit.median

    @property
    def processor_ratio(self) -> float:
        """The same of processor time."""
        return self.whole_processor.median / self.fit_processor.median


def measure_training(folder: Path, leads: int, repetitions: int) -> TrainingTimes:
    """Make the lake, and train and fit in turn, each time in a new process."""
    home = alone(make_trained_lake, folder, leads).value
    return measure_on(home, folder / MATRIX, leads, repetitions)


def measure_on(home: Path, matrix: Path, leads: int, repetitions: int) -> TrainingTimes:
    """The same on a lake that is there."""
    trained: list[Measured[Trained]] = []
    fitted: list[Measured[Fitted]] = []
    for _ in range(repetitions):
        trained.append(alone(run_training, home, matrix))
        fitted.append(alone(run_fit, matrix))
    runs, fits = [one.value for one in trained], [one.value for one in fitted]
    return TrainingTimes(
        leads=leads,
        used=runs[0].used,
        fitted=runs[0].fitted,
        columns=runs[0].columns,
        roc_auc=runs[0].roc_auc,
        steps={step: spread(run.steps[step] for run in runs) for step in runs[0].steps},
        whole=spread(run.seconds for run in runs),
        fit=spread(fit.seconds for fit in fits),
        whole_processor=spread(run.processor_seconds for run in runs),
        fit_processor=spread(fit.processor_seconds for fit in fits),
        peak_bytes=max(run.peak_bytes for run in runs),
    )


def run_training(home: Path, matrix: Path) -> Trained:
    """Dataset, gates, audit, fit, calibration, metrics with intervals, importances; then the matrix is kept."""
    from training.bootstrap import metrics_with_intervals
    from training.importance import permutation_importances
    from training.metrics import metrics, metrics_by
    from training.retraining import Asked, train

    lake = bench_lake(home)
    marks: list[tuple[str, float]] = []
    begun, started = process_time(), perf_counter()
    told = train(lake.pin(), Asked(seed=SEED), lambda step, _share: marks.append((step, perf_counter())))
    test = told.split.test
    converted = told.dataset.converted[test]
    marks.append(("Evaluating", perf_counter()))
    figures = metrics_with_intervals(told.probabilities, converted, SEED)
    metrics_by(told.dataset.sources[test], told.probabilities, converted)
    metrics(told.validation, told.dataset.converted[told.split.calibration])
    marks.append(("Telling what matters", perf_counter()))
    permutation_importances(told.model, told.matrix[test], converted, SEED)
    ended, used = perf_counter(), process_time() - begun
    lake.close()
    following = [at for _, at in marks[1:]] + [ended]
    run = Trained(
        steps={step: after - at for (step, at), after in zip(marks, following, strict=True)},
        seconds=ended - started,
        processor_seconds=used,
        peak_bytes=peak_memory(),
        used=len(told.dataset),
        fitted=told.split.fit.stop,
        columns=told.matrix.shape[1],
        roc_auc=figures["roc_auc"].value,
    )
    categories = len(told.model.encoding.categories)
    fit = told.split.fit
    np.savez(matrix, matrix=told.matrix[fit], converted=told.dataset.converted[fit], categories=categories)
    return run


def run_fit(matrix: Path) -> Fitted:
    """The same boosting with the same parameters on the same matrix, and nothing else."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    from training.fit import DEFAULTS

    kept = np.load(matrix)
    rows, converted = np.asfortranarray(kept["matrix"]), kept["converted"]
    classifier = HistGradientBoostingClassifier(
        categorical_features=list(range(int(kept["categories"]))) or None,
        early_stopping=False,
        random_state=SEED,
        **DEFAULTS["gradient_boosting"],
    )
    begun, started = process_time(), perf_counter()
    classifier.fit(rows, converted)
    return Fitted(perf_counter() - started, process_time() - begun)
