"""Every figure of the pages of leads is what pandas, statsmodels, scikit-learn and SciPy find: demo and bank data.

A chart's figures are read where a reader reads them: in the card's own table, which is also its download.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import brier_score_loss, roc_auc_score
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW
from streamlit.testing.v1 import AppTest

from lake_access.score_measures import BINS
from tests.pages.conftest import OpenPage
from tests.pages.known_leads import BANK_FILE, Known, of_bank, of_demo

LABELS = {"webinar": "Webinar", "online": "Online", "roadshow": "Roadshow"}
BANK = pytest.param(
    "bank", marks=[pytest.mark.slow, pytest.mark.skipif(not BANK_FILE.is_file(), reason="the bank data is not here")]
)


@pytest.fixture(scope="session")
def homes(demo_home: Path) -> dict[str, Known]:
    return {"demo": of_demo(demo_home)}


@pytest.fixture(scope="session", params=["demo", BANK])
def known(request: pytest.FixtureRequest, homes: dict[str, Known], tmp_path_factory: pytest.TempPathFactory) -> Known:
    if request.param not in homes:
        homes[request.param] = of_bank(tmp_path_factory.mktemp("bank"))
    return homes[request.param]


@pytest.fixture
def in_menu(open_page: OpenPage) -> Any:
    """Open a page with the menu of one card open; the table that stands in it."""

    def opening(known: Known, file: str, card: str, **parameters: Any) -> pd.DataFrame:
        page = open_page(known.home, file, **{"menu": card, **parameters})
        assert not page.exception
        assert not page.error
        (frame,) = [table.value for table in page.dataframe if table.proto.alt == "The numbers of this chart"]
        return frame

    return opening


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


def metrics(page: AppTest) -> dict[str, tuple[str, str]]:
    assert not page.exception
    assert not page.error
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


def percent(rate: float) -> str:
    return f"{rate:.2%}" if 0 < rate < 0.00995 else f"{rate:.1%}"


# Overview


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


def test_overviews_trend(known: Known, in_menu: Any) -> None:
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


# Conversion


@pytest.mark.parametrize(
    ("rows", "columns", "by"),
    [
        ("Source", "Score band", ["source", "band"]),
        ("Month", "Source", ["month", "source"]),
        ("First sales action", "Contacted by sales", ["action", "contacted"]),
        ("Location", "Model version", ["location", "model_version"]),
        ("Device", "Campaign", ["device", "campaign"]),
    ],
)
def test_rates_by_two_dimensions(known: Known, open_page: OpenPage, rows: str, columns: str, by: list[str]) -> None:
    page = open_page(known.home, "conversion.py", rows=rows, columns=columns)
    shown = metrics(page)
    leads = mature(known).assign(
        month=lambda of: of["day"].dt.strftime("%Y-%m"),
        source=lambda of: of["source"].replace(LABELS),
        contacted=lambda of: of["contacted"].map({True: "yes", False: "no"}),
    )
    low, high = wilson(leads["converted"].sum(), len(leads))
    assert shown["Conversion rate"] == (percent(leads["converted"].mean()), f"{percent(low)} to {percent(high)}")
    assert shown["Leads counted"][0] == f"{len(leads):,}"
    assert shown["Young, left out"][0] == f"{(~known.leads['mature']).sum():,}"

    frame = page.dataframe[0].value.set_index(by)
    expected = leads.groupby(by)["converted"].agg(["size", "sum"])
    assert frame["leads"].to_dict() == expected["size"].to_dict()
    assert frame["conversions"].to_dict() == expected["sum"].to_dict()
    sizes, conversions = expected["size"].to_dict(), expected["sum"].to_dict()
    for place, row in frame.iterrows():
        size, converted = sizes[place], conversions[place]
        told = [100 * part for part in (converted / size, *wilson(converted, size))]
        assert [row["rate"], row["low"], row["high"]] == pytest.approx(told, abs=1e-9)


def steps_of(leads: pd.DataFrame) -> list[int]:
    scored = leads[leads["scored"]]
    reached = scored[scored["contacted"]]
    return [len(leads), len(scored), len(reached), int(reached["converted"].sum())]


def test_the_funnel_and_its_changes(known: Known, in_menu: Any, open_page: OpenPage) -> None:
    period = {"view": "Funnel", "created": [known.since, known.until]}
    steps, earlier = steps_of(mature(known, known.since, known.until)), steps_of(mature(known, *before(known)))
    frame = in_menu(known, "conversion.py", "funnel_0", **period)
    assert list(frame["leads"]) == steps
    for place in range(1, 4):
        row = frame.iloc[place]
        assert row["of_step_before"] == pytest.approx(steps[place] / steps[place - 1])
        assert [row["low"], row["high"]] == pytest.approx(wilson(steps[place], steps[place - 1]))
        assert row["of_all"] == pytest.approx(steps[place] / steps[0])

    changes = open_page(known.home, "conversion.py", **period).dataframe[0].value
    pairs = [(steps[n], steps[n - 1], earlier[n], earlier[n - 1]) for n in (1, 2, 3)]
    pairs.append((steps[3], steps[0], earlier[3], earlier[0]))
    for counts, (_, row) in zip(pairs, changes.iterrows(), strict=True):
        assert (row["n"], row["n_before"]) == (counts[1], counts[3])
        ends = confint_proportions_2indep(*counts, compare="diff", method="newcomb")
        told = [100 * part for part in (counts[0] / counts[1] - counts[2] / counts[3], *ends)]
        assert [row["points"], row["low"], row["high"]] == pytest.approx(told, abs=1e-6)
        assert row["verdict"] == ("within chance" if ends[0] <= 0 <= ends[1] else "beyond chance")


def test_cohorts(known: Known, in_menu: Any) -> None:
    frame = in_menu(known, "conversion.py", "cohorts_0", view="Cohorts")
    leads = known.leads
    today = leads.loc[leads["mature"], "day"].max() + pd.Timedelta(days=61)
    months, age = leads["day"].dt.strftime("%Y-%m"), (leads["converted_day"] - leads["day"]).dt.days
    assert sorted(set(frame["month"])) == sorted(set(months))
    for cell in frame.itertuples():
        old = (months == cell.month) & (leads["day"] + pd.Timedelta(days=cell.age_days) < today)
        assert (cell.leads, cell.conversions) == (old.sum(), (age[old] <= cell.age_days).sum())
        assert cell.leads_of_month == (months == cell.month).sum()
        if cell.leads:
            told = [cell.conversions / cell.leads, *wilson(cell.conversions, cell.leads)]
            assert [cell.rate, cell.low, cell.high] == pytest.approx(told)
    assert set(frame["maturity"]) == {"whole", "part", "none"}


def test_the_split_of_a_change(known: Known, in_menu: Any, open_page: OpenPage) -> None:
    """The mean over all orders in which shares of sources, shares of bands and rates change, from the definition."""
    period = {"view": "What changed", "created": [known.since, known.until]}
    now, then = mature(known, known.since, known.until), mature(known, *before(known))
    parts = in_menu(known, "conversion.py", "change", **period).set_index("part")["points"]
    source_mix, score_mix, within = (100 * float(part) for part in shapley(then, now))
    assert parts.to_dict() == pytest.approx(
        {"Source mix": source_mix, "Score mix": score_mix, "Within cells": within}, abs=1e-9
    )
    assert parts.sum() == pytest.approx(100 * (now["converted"].mean() - then["converted"].mean()), abs=1e-9)
    shown = metrics(open_page(known.home, "conversion.py", **period))
    assert shown["Before"] == (percent(then["converted"].mean()), f"{then['converted'].sum():,} of {len(then):,}")
    assert shown["Now"] == (percent(now["converted"].mean()), f"{now['converted'].sum():,} of {len(now):,}")


def shapley(then: pd.DataFrame, now: pd.DataFrame) -> list[Fraction]:
    cells = sorted({*zip(then["source"], then["band"], strict=True), *zip(now["source"], now["band"], strict=True)})
    shares: list[list[dict[Any, Fraction | None]]] = [[], [], []]
    for leads in (then, now):
        of_source, of_cell = leads.groupby("source").size(), leads.groupby(["source", "band"])["converted"]
        counts, converted = of_cell.size(), of_cell.sum()
        shares[0].append({cell: Fraction(int(of_source.get(cell[0], 0)), len(leads)) for cell in cells})
        shares[1].append(
            {
                cell: Fraction(int(counts.get(cell, 0)), int(of_source[cell[0]])) if cell[0] in of_source else None
                for cell in cells
            }
        )
        shares[2].append(
            {cell: Fraction(int(converted[cell]), int(counts[cell])) if cell in counts else None for cell in cells}
        )

    def value(cell: tuple[str, str], factor: int, at: int) -> Fraction:
        found = shares[factor][at][cell]
        other = shares[factor][1 - at][cell]
        kept = found if found is not None else other
        assert kept is not None
        return kept

    def rate(at: tuple[int, int, int]) -> Fraction:
        return sum(
            (value(cell, 0, at[0]) * value(cell, 1, at[1]) * value(cell, 2, at[2]) for cell in cells), Fraction(0)
        )

    effects = [Fraction(0)] * 3
    for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)):
        at = [0, 0, 0]
        for factor in order:
            was = rate((at[0], at[1], at[2]))
            at[factor] = 1
            effects[factor] += (rate((at[0], at[1], at[2])) - was) / 6
    return effects


# Scores


def forecasts(known: Known) -> pd.DataFrame:
    """The mature leads that the version scored before they converted, with the first score it gave them."""
    joined = known.scores[known.scores["version"] == known.version].merge(known.leads, on="lead")
    return joined[joined["mature"] & ~(joined["scored_at"] > joined["converted_at"])]


def test_quality_of_a_version(known: Known, open_page: OpenPage, in_menu: Any) -> None:
    of = forecasts(known)
    page = open_page(known.home, "scores.py", score=f"Version {known.version}", bins="Equal width")
    shown = metrics(page)
    assert shown["Mature leads"] == (f"{len(of):,}", f"{of['converted'].sum():,} converted")
    assert shown["ROC AUC"][0] == f"{roc_auc_score(of['converted'], of['score']):.3f}"
    assert shown["Brier score"][0] == f"{brier_score_loss(of['converted'], of['score'] / 100):.3f}"
    bins = pd.cut(of["score"], [-1, *range(100 // BINS, 101, 100 // BINS)])
    groups = of.groupby(bins, observed=True)
    gaps = (groups["converted"].mean() - groups["score"].mean() / 100).abs()
    assert shown["Calibration error"][0] == f"{(groups.size() * gaps).sum() / len(of):.3f}"

    asked = {"score": f"Version {known.version}", "bins": "Equal width"}
    curve = in_menu(known, "scores.py", "calibration", **asked)
    assert list(curve["leads"]) == list(groups.size())
    assert list(curve["mean_score"]) == pytest.approx(list(groups["score"].mean()))
    for row, (_, group) in zip(curve.itertuples(), groups, strict=True):
        told = [group["converted"].mean(), *wilson(group["converted"].sum(), len(group))]
        assert [row.rate, row.low, row.high] == pytest.approx(told)


def test_gain_and_lift_of_a_version(known: Known, open_page: OpenPage, in_menu: Any) -> None:
    of = forecasts(known).sort_values("score", ascending=False, kind="stable")
    asked = {"scores_view": "Gain and lift", "score": f"Version {known.version}"}
    curve = in_menu(known, "scores.py", "gain", **asked)
    by_score = of.groupby("score")["converted"].agg(["size", "sum"]).sort_index(ascending=False).cumsum()
    assert list(curve["score_and_more"]) == list(by_score.index)
    assert list(curve["leads"]) == list(by_score["size"])
    gain, depth = by_score["sum"] / of["converted"].sum(), by_score["size"] / len(of)
    assert list(curve["share_of_conversions"]) == pytest.approx(list(gain))
    assert list(curve["lift"]) == pytest.approx(list(gain / depth))

    read = np.interp(0.2, [0, *depth], [0, *gain])
    low, high = wilson(read * of["converted"].sum(), of["converted"].sum())
    page = open_page(known.home, "scores.py", **asked)
    (told,) = [text.value for text in page.markdown if "of leads hold" in text.value]
    assert f"hold **{percent(read)}** of conversions ({percent(low)} to {percent(high)})" in told
    assert f"**{read / 0.2:.1f} times**" in told


def test_bands_of_a_version(known: Known, in_menu: Any) -> None:
    of = forecasts(known)
    frame = in_menu(known, "scores.py", "declared_bands", scores_view="Bands", score=f"Version {known.version}")
    places = pd.cut(of["score"], [0, 40, 70, 101], right=False, labels=["cold", "warm", "hot"])
    expected = of.groupby(places, observed=False)["converted"].agg(["size", "sum"])
    assert dict(zip(frame["band"], frame["mature"], strict=True)) == expected["size"].to_dict()
    assert dict(zip(frame["band"], frame["conversions"], strict=True)) == expected["sum"].to_dict()
    for row in frame[frame["mature"] > 0].itertuples():
        told = [100 * part for part in (row.conversions / row.mature, *wilson(row.conversions, row.mature))]
        assert [row.rate, row.low, row.high] == pytest.approx(told)


# Leads


def test_the_list_counts_what_the_filters_leave(known: Known, open_page: OpenPage) -> None:
    page = open_page(known.home, "leads.py", created=[known.since, known.until], outcome="Converted")
    leads = mature(known, known.since, known.until)
    assert not page.exception
    total = int(leads["converted"].sum())
    assert any(f"of {total:,}. " in text.value or f"of {total:,};" in text.value for text in page.caption)
    (frame,) = [table.value for table in page.dataframe if "lead_id" in table.value]
    assert frame["converted"].all()
    assert len(frame) == min(50, total)
