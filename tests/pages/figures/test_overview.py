"""The figures of Overview."""

from __future__ import annotations

import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from tests.pages.conftest import OpenPage
from tests.pages.figures.conftest import InMenu
from tests.pages.figures.reckoning import LABELS, before, between, mature, metrics, percent, rates, wilson
from tests.pages.known_leads import Known


def test_overviews_headline_and_its_changes(known: Known, open_page: OpenPage) -> None:
    page = open_page(known.home, "overview.py", created=[known.since, known.until])
    shown = metrics(page)
    came = [known.leads[between(known.leads, *days)] for days in ((known.since, known.until), before(known))]
    now, then = (leads[leads["mature"]] for leads in came)
    assert shown["Leads"][0] == f"{len(came[0]):,}"
    assert shown["Leads"][1] == f"{100 * (len(came[0]) / len(came[1]) - 1):+,.1f}%"
    assert shown["Conversion rate"][0] == percent(now["converted"].mean())
    points = 100 * (now["converted"].mean() - then["converted"].mean())
    assert shown["Conversion rate"][1] == f"{points:+.1f} points"
    assert shown["Conversions"][0] == f"{now['converted'].sum():,}"
    days = [(leads["converted_at"] - leads["created_at"]).dropna().dt.total_seconds() for leads in (now, then)]
    median = days[0].median()
    assert shown["Time to convert"][0] == (f"{median / 86_400:.1f} days" if median >= 172_800 else f"{median:.0f} min")
    scores = [leads["final_score"].dropna() for leads in (now, then)]
    assert shown["Average score"][0] == (f"{scores[0].mean():.1f}" if len(scores[0]) else "–")

    notes = [text.value for text in page.caption]
    low, high = wilson(now["converted"].sum(), len(now))
    counts = [int(now["converted"].sum()), len(now), int(then["converted"].sum()), len(then)]
    ends = confint_proportions_2indep(*counts, compare="diff", method="newcomb")
    assert f"{verdict(not ends[0] <= 0 <= ends[1])}  \n{percent(low)} to {percent(high)}" in notes
    (times,) = [note for note in notes if note.endswith(spans(*days[0].quantile([0.25, 0.75])))]
    assert times.startswith(verdict(stats.mannwhitneyu(*days, method="asymptotic").pvalue < 0.05))
    if len(scores[0]):
        ends = CompareMeans(DescrStatsW(scores[0]), DescrStatsW(scores[1])).zconfint_diff(usevar="unequal")
        assert shown["Average score"][1] == f"{scores[0].mean() - scores[1].mean():+.1f}"
        assert f"{verdict(not ends[0] <= 0 <= ends[1])}  \nof {len(scores[0]):,} leads" in notes


def verdict(beyond: bool) -> str:
    return "Beyond chance" if beyond else "Within chance"


def spans(low: float, high: float) -> str:
    if low < 172_800:
        return f"{low / 60:.0f} to {high / 60:.0f} min"
    return f"{low / 86_400:.1f} to {high / 86_400:.1f} days"


def test_overviews_trend(known: Known, in_menu: InMenu) -> None:
    frame = in_menu(known, "overview.py", "overview_trend", trend="Months").set_index("period")
    months = known.leads["day"].dt.strftime("%Y-%m")
    counted = mature(known)
    grouped = counted.groupby(counted["day"].dt.strftime("%Y-%m"))["converted"].agg(["size", "sum"])
    assert frame["leads"].to_dict() == months.value_counts().to_dict()
    drawn = frame[frame["counted"] > 0]
    assert drawn["counted"].to_dict() == grouped["size"].to_dict()
    assert drawn["conversions"].to_dict() == grouped["sum"].to_dict()
    for month, row in drawn.iterrows():
        size, converted = grouped.loc[month]
        assert [row["rate"], row["low"], row["high"]] == pytest.approx([converted / size, *wilson(converted, size)])


def test_overviews_rates_by_source(known: Known, in_menu: InMenu) -> None:
    frame = in_menu(known, "overview.py", "overview_sources", created=[known.since, known.until]).set_index("source")

    expected = rates(mature(known, known.since, known.until).replace({"source": LABELS}), "source")

    assert frame["leads"].to_dict() == expected["size"].to_dict()
    assert frame["conversions"].to_dict() == expected["sum"].to_dict()
    for share in ("rate", "low", "high"):
        assert frame[share].to_dict() == pytest.approx(expected[share].to_dict())
