"""The parts of the document on drift and on training."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from bench.cells import WIDTH, digits, megabytes, ratio, spread, table
from bench.drift import DriftTimes
from bench.goals import name_of
from bench.training import TrainingTimes

_DRIFT = """\
Two versions of so many rows each, seven columns (three of numbers, of which two have many different ones; a score; two
categories; the outcome), as Parquet files. Ours gives for each column Evidently's value, the PSI, unseen values, and
the noise between five random halves; Evidently its preset for drift, with reading the files into the frames that it
takes. Both in turn, each time in a new process, without imports. Processor time is of all threads together: on a
machine that has other work too, it tells more than the clock.
"""
_TRAINING = """\
So many leads of the demo's year, with all they did, built as a lake. Training reads the leads, holds the gates, audits
for leakage, fits boosting with its default parameters, calibrates, and gives metrics with intervals and importances;
nothing is registered. Scikit-learn's fit is of the same boosting on the matrix that this came to, and nothing else.
Both in turn, each time in a new process.
"""


def drift_section(drifts: Sequence[DriftTimes]) -> list[str]:
    """What was measured of drift."""
    rows = []
    for one in drifts:
        told = [
            ("ours", one.rows, one.ours, one.ours_processor, one.ours_peak_bytes),
            ("Evidently", one.rows, one.evidently, one.evidently_processor, one.evidently_peak_bytes),
            ("ours", one.more_rows, one.more, one.more_processor, one.more_peak_bytes),
        ]
        rows += [
            [name_of(size), whose, spread(seconds), spread(processor), megabytes(peak)]
            for whose, size, seconds, processor, peak in told
        ]
    header = ["rows a side", "whose", "seconds", "processor time", "memory"]
    return ["## Drift\n\n", _DRIFT, "\n", table(header, rows), *map(_drift_sentence, drifts)]


def _drift_sentence(one: DriftTimes) -> str:
    told = (
        f"{name_of(one.rows)} rows a side: {digits(one.speed)} times as fast as Evidently by the clock and "
        f"{digits(one.processor_speed)} times by processor time, with {ratio(one.memory)} of its memory. "
        f"The values differ by {one.furthest_apart:.0e} at most."
    )
    return textwrap.fill(told, WIDTH) + "\n\n"


def training_section(trainings: Sequence[TrainingTimes]) -> list[str]:
    """What was measured of training."""
    steps = list(trainings[0].steps)
    by_step = [[name_of(one.leads), *(spread(one.steps[step]) for step in steps)] for one in trainings]
    rows = [
        [
            name_of(one.leads),
            f"{one.used:,}",
            f"{one.fitted:,} × {one.columns}",
            spread(one.whole),
            spread(one.fit),
            ratio(one.ratio),
            spread(one.whole_processor),
            spread(one.fit_processor),
            ratio(one.processor_ratio),
            megabytes(one.peak_bytes),
            f"{one.roc_auc:.3f}",
        ]
        for one in trainings
    ]
    header = ["leads", "learnt from", "fitted on", "training", "the fit alone", "ratio"]
    header += ["training, processor time", "the fit alone, processor time", "ratio", "memory", "ROC AUC"]
    parts = [table(header, rows), "By step:\n\n", table(["leads", *map(str.lower, steps)], by_step)]
    return ["## Training\n\n", _TRAINING, "\n", *parts]
