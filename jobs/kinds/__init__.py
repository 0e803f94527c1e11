"""Every kind of job, by its name; docs/architecture.md says how to add one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from jobs.kind import JobKind
from jobs.kinds.build import BUILD
from jobs.kinds.check_alerts import CHECK_ALERTS
from jobs.kinds.demo import DEMO_MODELS
from jobs.kinds.digest import DIGEST
from jobs.kinds.drift_check import DRIFT_CHECK
from jobs.kinds.drift_report import DRIFT_REPORT
from jobs.kinds.forget import FORGET
from jobs.kinds.maintain import MAINTAIN
from jobs.kinds.models import MODEL_KINDS

KINDS: Final[Mapping[str, JobKind]] = {
    kind.name: kind
    for kind in (BUILD, *MODEL_KINDS, DRIFT_CHECK, DRIFT_REPORT, CHECK_ALERTS, DIGEST, MAINTAIN, FORGET, DEMO_MODELS)
}
