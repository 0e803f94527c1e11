"""What the figures are held against: leads as pandas counts them, intervals of statsmodels, and how they are told."""

from __future__ import annotations

from typing import Any

import pandas as pd
from statsmodels.stats.proportion import proportion_confint
from streamlit.testing.v1 import AppTest

from tests.pages.known_leads import Known

LABELS = {"webinar": "Webinar", "online": "Online", "roadshow": "Roadshow"}


def mature(known: Known, since: str = "", until: str = "") -> pd.DataFrame:
    """The leads that count, of days that are both included."""
    leads = known.leads[known.leads["mature"]]
    return leads[between(leads, since, until)]


def between(leads: pd.DataFrame, since: str, until: str) -> pd.Series:
    return (leads["day"] >= (since or "1900-01-01")) & (leads["day"] <= (until or "2100-01-01"))


def before(known: Known) -> tuple[str, str]:
    """As many days before the chosen ones."""
    since, until = pd.Timestamp(known.since), pd.Timestamp(known.until)
    earlier = since - (until - since) - pd.Timedelta(days=1)
    return str(earlier.date()), str((since - pd.Timedelta(days=1)).date())


def wilson(converted: Any, leads: Any) -> list[float]:
    low, high = proportion_confint(converted, leads, method="wilson")
    return [float(low), float(high)]


def rates(leads: pd.DataFrame, by: Any) -> pd.DataFrame:
    """Counts by these columns, with each rate and its interval, from 0 to 1."""
    counts = leads.groupby(by)["converted"].agg(["size", "sum"])
    ends = [wilson(row["sum"], row["size"]) for _, row in counts.iterrows()]
    return counts.assign(
        rate=counts["sum"] / counts["size"], low=[low for low, _ in ends], high=[high for _, high in ends]
    )


def metrics(page: AppTest) -> dict[str, tuple[str, str]]:
    assert not page.exception
    assert not page.error
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


def percent(rate: float) -> str:
    return f"{rate:.2%}" if 0 < rate < 0.00995 else f"{rate:.1%}"
