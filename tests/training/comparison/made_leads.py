"""Leads with a known truth, and two models of it of which the second knows more."""

from __future__ import annotations

import numpy as np

from training.comparison.compare import ComparedLeads, VersionScores
from training.metrics import Floats

BANDS = {"cold": 0, "warm": 30, "hot": 60}


def made(leads: int, seed: int = 7) -> tuple[ComparedLeads, VersionScores, VersionScores]:
    """So many leads of three sources; both versions' probabilities are calibrated, up to what they know."""
    rng = np.random.default_rng(seed)
    one, two = rng.normal(0, 1.2, leads), rng.normal(0, 1.0, leads)
    converted = rng.random(leads) < _logistic(-1.2 + one + two)
    sources = np.array(["online", "roadshow", "webinar"])[rng.integers(0, 3, leads)]
    compared = ComparedLeads(np.array([f"lead-{number}" for number in range(leads)]), sources, converted)
    return compared, VersionScores("1", _logistic(-1.1 + 0.8 * one)), VersionScores("2", _logistic(-1.2 + one + two))


def _logistic(value: Floats) -> Floats:
    chances: Floats = 1 / (1 + np.exp(-value))
    return chances
