"""What there is to ask: the tables that a reader may see, with their columns and what each is for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd

from lake_access.lake import PinnedLake
from lake_access.queries import load_query

# One row is …
GRAINS: Final[Mapping[str, str]] = {
    "curated.leads": "a lead, as known now",
    "curated.events": "an accepted event",
    "curated.scores": "a score that a model version gave a lead",
    "features.lead_features": "a lead as of a moment: what a model may know then",
    "marts.leads_by_source": "the leads of a day by source, last source and band",
    "marts.leads_by_model": "the leads of a day by source, band, model version, contacted or not",
    "marts.leads_by_location": "the leads of a day by source, band and location",
    "marts.leads_by_device": "the leads of a day by source, band and device",
    "marts.leads_by_campaign": "the leads of a day by source, band and campaign",
    "curated.quarantine": "a refused line: where it is and why",
    "curated.batches": "a raw file that was built, with its counts",
}


def readable_columns(pinned: PinnedLake) -> pd.DataFrame:
    """The columns `table`, `column` and `type`, a row for each column of each table that this reader may see.

    Raises:
        StorageError: a data file cannot be read.
    """
    return pinned.frame(load_query("readable_columns"))
