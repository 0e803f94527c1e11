"""What a version would reach if time did not matter: the same training on leads of all times, dealt at random.

Beside the figures on the newest leads it tells what of a gap comes of the time: where the shuffled figure is as low,
the features and the algorithm do no better; where it is high, times have changed. It is no promise: fitted so, a model
has seen leads of the very days on which it is tried.
"""

from __future__ import annotations

import numpy as np

from training.dataset import CALIBRATION_LEADS, CALIBRATION_SHARE, MOST_CALIBRATION_SHARE, TEST_SHARE, Dataset
from training.encoding import learn_encoding
from training.fit import Parameters, calibrate, fit_classifier
from training.metrics import metrics
from training.threads import steady_threads
from training.versions import Algorithm

# Of more leads than these, so many by chance: a second fit must not take long beside the one that counts.
LEADS = 20_000


def shuffled_metrics(
    dataset: Dataset,
    algorithm: Algorithm,
    numeric: tuple[str, ...],
    categorical: tuple[str, ...],
    parameters: Parameters,
    seed: int,
) -> dict[str, float]:
    """Every metric on a fifth of the leads drawn at random, fitted and calibrated on the others.

    Parts are as large as those that are cut by time. Nothing where a part has leads of one outcome alone.
    """
    order = np.random.default_rng(seed).permutation(len(dataset))[:LEADS]
    tested = int(len(order) * TEST_SHARE)
    calibrating = int(max(len(order) * CALIBRATION_SHARE, min(CALIBRATION_LEADS, len(order) * MOST_CALIBRATION_SHARE)))
    test, calibration, fit = np.split(order, [tested, tested + calibrating])
    converted = dataset.converted
    if any(converted[part].all() or not converted[part].any() for part in (test, calibration, fit)):
        return {}
    features = dataset.select(numeric, categorical)
    encoding = learn_encoding(features.iloc[fit], numeric, categorical)
    fitted = fit_classifier(algorithm, encoding, encoding.matrix(features.iloc[fit]), converted[fit], parameters, seed)
    calibrated, _ = calibrate(fitted, encoding.matrix(features.iloc[calibration]), converted[calibration])
    with steady_threads(len(test)):
        told = calibrated.predict_proba(encoding.matrix(features.iloc[test]))[:, 1]
    return metrics(told, converted[test])
