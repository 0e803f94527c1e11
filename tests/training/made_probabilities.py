"""Leads drawn from a known probability, and what a model that is nearly right says of them."""

from __future__ import annotations

import numpy as np

from training.metrics import Flags, Floats


def drawn(leads: int, *, ties: bool, seed: int = 3) -> tuple[Floats, Flags]:
    rng = np.random.default_rng(seed)
    logit = rng.normal(-2, 1.2, leads)
    converted = rng.random(leads) < 1 / (1 + np.exp(-logit))
    told = 1 / (1 + np.exp(-(logit + rng.normal(0, 0.8, leads))))
    return (np.round(told, 2) if ties else told), converted
