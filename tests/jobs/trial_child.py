"""The process of a job of the trial kinds."""

from __future__ import annotations

from jobs.child import main
from tests.jobs.trial_kinds import TRIAL_KINDS

if __name__ == "__main__":
    main(TRIAL_KINDS)
