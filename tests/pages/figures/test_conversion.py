"""The figures of Conversion: Explore, the funnel, cohorts, and the parts of a change."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from tests.pages.conftest import OpenPage
from tests.pages.figures.conftest import InMenu
from tests.pages.figures.reckoning import LABELS, before, mature, metrics, percent, rates, wilson
from tests.pages.known_leads import Known

PERIODS = {"Days": "%Y-%m-%d", "Weeks": "%G-W%V", "Months": "%Y-%m"}


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
        told = [converted / size, *wilson(converted, size)]
        assert [row["rate"], row["low"], row["high"]] == pytest.approx(told, abs=1e-11)


@pytest.mark.parametrize("grain", PERIODS)
def test_rates_over_time(known: Known, in_menu: InMenu, grain: str) -> None:
    column = grain.lower().removesuffix("s")
    asked = {"trend": grain, "created": [known.since, known.until]}
    frame = in_menu(known, "conversion.py", f"by_{column}_0", **asked).set_index(column)

    leads = mature(known, known.since, known.until)
    expected = rates(leads, leads["day"].dt.strftime(PERIODS[grain]))

    assert frame["leads"].to_dict() == expected["size"].to_dict()
    assert frame["conversions"].to_dict() == expected["sum"].to_dict()
    for share in ("rate", "low", "high"):
        assert frame[share].to_dict() == pytest.approx(expected[share].to_dict())


def steps_of(leads: pd.DataFrame) -> list[int]:
    scored = leads[leads["scored"]]
    reached = scored[scored["contacted"]]
    return [len(leads), len(scored), len(reached), int(reached["converted"].sum())]


def test_the_funnel_and_its_changes(known: Known, in_menu: InMenu, open_page: OpenPage) -> None:
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
        assert [row["points"], row["points_low"], row["points_high"]] == pytest.approx(told, abs=1e-6)
        shares = [counts[0] / counts[1], counts[2] / counts[3]]
        assert [row["rate"], row["rate_before"]] == pytest.approx(shares)
        assert row["verdict"] == ("within chance" if ends[0] <= 0 <= ends[1] else "beyond chance")


def test_cohorts(known: Known, in_menu: InMenu) -> None:
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


def test_the_split_of_a_change(known: Known, in_menu: InMenu, open_page: OpenPage) -> None:
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
