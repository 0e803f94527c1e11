"""A worker that has the trial kinds: `python -m tests.jobs.trial_worker`."""

from __future__ import annotations

import logging
import os

from jobs.worker import run_worker
from lake_access.settings import load_settings
from tests.jobs.trial_kinds import TRIAL_KINDS

if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    logging.getLogger("jobs").setLevel(logging.INFO)
    run_worker(load_settings(os.environ), TRIAL_KINDS, "tests.jobs.trial_child")
