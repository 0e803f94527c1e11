"""The figures of Scores: distributions, quality, gain, bands, and whom to call."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import betabinom
from sklearn.metrics import brier_score_loss, roc_auc_score

from lake_access.score_measures import BINS
from tests.pages import lakes
from tests.pages.conftest import OpenPage
from tests.pages.figures.conftest import InMenu
from tests.pages.figures.reckoning import metrics, percent, wilson
from tests.pages.known_leads import BANK_LANDED, Known

WEEKS, CALLS = 8, 40


def forecasts(known: Known) -> pd.DataFrame:
    """The mature leads that the version scored before they converted, with the first score it gave them."""
    joined = known.scores[known.scores["version"] == known.version].merge(known.leads, on="lead")
    return joined[joined["mature"] & ~(joined["scored_at"] > joined["converted_at"])]


def test_quality_of_a_version(known: Known, open_page: OpenPage, in_menu: InMenu) -> None:
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


def test_gain_and_lift_of_a_version(known: Known, open_page: OpenPage, in_menu: InMenu) -> None:
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


def test_bands_of_a_version(known: Known, in_menu: InMenu) -> None:
    of = forecasts(known)
    frame = in_menu(known, "scores.py", "declared_bands", scores_view="Bands", score=f"Version {known.version}")
    places = pd.cut(of["score"], [0, 40, 70, 101], right=False, labels=["cold", "warm", "hot"])
    expected = of.groupby(places, observed=False)["converted"].agg(["size", "sum"])
    assert dict(zip(frame["band"], frame["mature"], strict=True)) == expected["size"].to_dict()
    assert dict(zip(frame["band"], frame["conversions"], strict=True)) == expected["sum"].to_dict()
    for row in frame[frame["mature"] > 0].itertuples():
        told = [row.conversions / row.mature, *wilson(row.conversions, row.mature)]
        assert [row.rate, row.low, row.high] == pytest.approx(told)


def test_distributions_of_the_rules_and_of_every_version(known: Known, in_menu: InMenu) -> None:
    frame = in_menu(known, "scores.py", "distribution", score=f"Version {known.version}")

    counted = known.leads[known.leads["mature"]]
    of = {f"Version {version}": group for version, group in known.scores.groupby("version")}
    told = {name: group.loc[group["lead"].isin(counted["lead"]), "score"] for name, group in of.items()}
    if counted["final_score"].notna().any():
        told["Rules"] = counted["final_score"].dropna()
    assert set(frame.loc[frame["leads"] > 0, "score_of"]) == set(told)
    for name, scores in told.items():
        rows = frame[frame["score_of"] == name]
        leads = [int(scores.between(row["from"], row["to"]).sum()) for _, row in rows.iterrows()]
        assert list(rows["leads"]) == leads
        assert sum(leads) == len(scores)
        assert list(rows["share"]) == pytest.approx([count / len(scores) for count in leads])


def test_bins_of_equal_count_part_no_score_and_hold_a_tenth(known: Known, in_menu: InMenu) -> None:
    of = forecasts(known)
    frame = in_menu(known, "scores.py", "calibration", score=f"Version {known.version}", bins="Equal count")

    assert frame["leads"].sum() == len(of)
    reached = (frame["leads"].cumsum() * BINS / len(of)).tolist()
    for row, so_far in zip(frame.itertuples(), reached, strict=True):
        group = of[of["score"].between(row[1], row.to)]
        told = [group["converted"].mean(), *wilson(group["converted"].sum(), len(group)), group["score"].mean()]
        assert (row.leads, row.conversions) == (len(group), group["converted"].sum())
        assert [row.rate, row.low, row.high, row.mean_score] == pytest.approx(told)
        # Without its highest score the bin would not have reached a tenth that it has reached.
        short = so_far - (group["score"] == group["score"].max()).sum() * BINS / len(of)
        assert int(short + 1e-9) < int(so_far + 1e-9)


def test_whom_to_call_with_so_many_calls_a_week(known: Known, in_menu: InMenu, open_page: OpenPage) -> None:
    asked = {"scores_view": "Whom to call", "score": f"Version {known.version}", "calls": str(CALLS)}
    landed = pd.Timestamp(BANK_LANDED if known.version == "bank" else lakes.LANDED).tz_localize(None).normalize()
    until = landed - pd.Timedelta(days=landed.weekday())
    first = known.scores[known.scores["version"] == known.version].merge(known.leads, on="lead")
    came = first[(first["day"] >= until - pd.Timedelta(weeks=WEEKS)) & (first["day"] < until)]
    of = forecasts(known)

    frame = in_menu(known, "scores.py", "capacity", **asked).set_index("score_and_more")
    weekly = {score: (came["score"] >= score).sum() / WEEKS for score in frame.index}
    assert frame["leads_a_week"].to_dict() == pytest.approx(weekly)
    for score, row in frame.iterrows():
        above = of[of["score"] >= score]
        assert (row["mature_leads"], row["conversions"]) == (len(above), above["converted"].sum())
        promised = [above["converted"].mean(), *wilson(above["converted"].sum(), len(above))]
        told = [row["expected_conversions"], row["low"], row["high"]]
        assert told == pytest.approx([weekly[score] * share for share in promised])

    cut = min(score for score, leads in weekly.items() if leads <= CALLS)
    shown = metrics(open_page(known.home, "scores.py", **asked))
    assert shown["Call from score"] == (str(cut), f"{weekly[cut]:,.1f} leads a week")
    above = of[of["score"] >= cut]
    a, b = above["converted"].sum() + 0.5, (~above["converted"]).sum() + 0.5
    chance = betabinom(round(weekly[cut]), a, b)
    assert shown["In one week"][0] == f"{chance.ppf(0.025):.0f} to {chance.ppf(0.975):.0f}"
    by_week = [
        (came.loc[came["day"].between(start, start + pd.Timedelta(days=6)), "score"] >= cut).sum()
        for start in pd.date_range(until - pd.Timedelta(weeks=WEEKS), periods=WEEKS, freq="7D")
    ]
    assert shown["Leads in a week"][0] == f"{min(by_week)} to {max(by_week)}"
