from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score
from streamlit.testing.v1 import AppTest

from lake_access.band_proposals import band_proposals
from lake_access.database import open_database
from lake_access.lake import PinnedLake
from tests.pages import lakes
from tests.pages.conftest import OpenPage

SCORES = "scores.py"
BANDS = {"scores_view": "Bands"}
GAIN = {"scores_view": "Gain and lift"}
CALLS = {"scores_view": "Whom to call"}


def figures(page: AppTest) -> dict[str, tuple[str, str]]:
    return {metric.label: (metric.value, metric.delta) for metric in page.metric}


def failed(page: AppTest) -> bool:
    return bool(page.exception or page.error)


def edited_bands(page: AppTest) -> pd.DataFrame:
    (frame,) = [table.value for table in page.dataframe if "change" in table.value]
    return frame


def forecasts(pinned: PinnedLake, version: str) -> pd.DataFrame:
    """The first score of a version for each mature lead, with what came of it."""
    scores = pinned.frame("SELECT * FROM curated.scores ORDER BY scored_at, score")
    first = scores[scores["model_version"] == version].groupby("lead_id").first().reset_index()
    leads = pinned.frame("SELECT lead_id, converted, converted_at, mature, source FROM curated.leads")
    joined = first[["lead_id", "score", "scored_at"]].merge(leads, on="lead_id")
    return joined[joined["mature"] & ~(joined["scored_at"] > joined["converted_at"])]


def test_the_newest_versions_figures_are_scikit_learns(open_page: OpenPage, demo_home: Path) -> None:
    page = open_page(demo_home, SCORES)
    assert not failed(page)
    of_version = forecasts(lakes.opened(demo_home).pin(), "2")
    shown = figures(page)
    converted = int(of_version["converted"].sum())
    assert shown["Mature leads"] == (f"{len(of_version):,}", f"{converted:,} converted")
    assert shown["Brier score"][0] == f"{brier_score_loss(of_version['converted'], of_version['score'] / 100):.3f}"
    assert shown["ROC AUC"][0] == f"{roc_auc_score(of_version['converted'], of_version['score']):.3f}"


@pytest.mark.parametrize("view", ["Quality", "Gain and lift", "Bands", "Whom to call"])
def test_every_view_says_how_many_young_leads_are_in_no_rate(view: str, open_page: OpenPage, demo_home: Path) -> None:
    page = open_page(demo_home, SCORES, scores_view=view, score="Rules")
    leads = lakes.opened(demo_home).pin().frame("SELECT final_score, mature, converted FROM curated.leads").dropna()
    mature, young = leads[leads["mature"]], (~leads["mature"]).sum()
    told = f"{mature['converted'].sum():,} of {len(mature):,} mature leads with this score converted; {young:,} young"
    assert young > 0
    assert any(text.value.startswith(told) for text in page.caption)


def test_a_source_filter_holds_for_the_scores(open_page: OpenPage, demo_home: Path) -> None:
    page = open_page(demo_home, SCORES, source="Webinar")
    of_version = forecasts(lakes.opened(demo_home).pin(), "2")
    assert figures(page)["Mature leads"][0] == f"{(of_version['source'] == 'webinar').sum():,}"


def test_the_rules_score_has_no_calibration(open_page: OpenPage, demo_home: Path) -> None:
    page = open_page(demo_home, SCORES, score="Rules")
    assert not failed(page)
    assert "Brier score" not in figures(page)
    assert "Conversion by score" in [title.value for title in page.subheader]


def test_the_reading_moves_with_the_share_of_leads(open_page: OpenPage, demo_home: Path) -> None:
    page = open_page(demo_home, SCORES, **GAIN, top="50")
    assert any("The top **50%** of leads hold" in text.value for text in page.markdown)
    page.slider(key="top").set_value(10).run()
    assert any("The top **10%** of leads hold" in text.value for text in page.markdown)


def test_moving_a_threshold_moves_leads_and_pushes_its_neighbour(open_page: OpenPage, demo_home: Path) -> None:
    page = open_page(demo_home, SCORES, **BANDS, score="Rules")
    mature = lakes.opened(demo_home).pin().frame("SELECT final_score FROM curated.leads WHERE mature")["final_score"]
    assert edited_bands(page)["change"].tolist() == [0, 0, 0]
    page.slider(key="_edge_1").set_value(80).run()
    assert not failed(page)
    assert page.text_input(key="bands").value == "cold 0, warm 80, hot 81"
    expected = [int((mature < 80).sum()), int((mature == 80).sum()), int((mature > 80).sum())]
    assert edited_bands(page)["leads"].tolist() == expected


def test_bands_of_a_link_are_drawn_and_impossible_ones_are_not(open_page: OpenPage, demo_home: Path) -> None:
    page = open_page(demo_home, SCORES, **BANDS, score="Rules", bands="d 0, c 25, b 50, a 75")
    assert edited_bands(page)["band"].tolist() == ["d", "c", "b", "a"]
    for hostile in ("<script>", "cold 0, hot 0", "**x** 0"):
        page = open_page(demo_home, SCORES, **BANDS, bands=hostile)
        assert not failed(page)
        assert edited_bands(page)["band"].tolist() == ["cold", "warm", "hot"]
        assert page.warning[0].value == "These cannot be; the declared bands are drawn."


def test_a_proposal_is_saved_and_listed_as_text(
    open_page: OpenPage, demo_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADLAKE_DATABASE", f"sqlite:///{demo_home / 'leadlake.sqlite'}")
    page = open_page(demo_home, SCORES, **BANDS, score="Rules", bands="cold 0, warm 30, hot 60")
    next(box for box in page.text_input if box.label == "Name").set_value("<b>bold</b> **name**")
    page.text_area[0].set_value("=1+1")
    next(button for button in page.button if button.label == "Save").click()
    page.run()
    assert not failed(page)
    saved = band_proposals(open_database(lakes.opened(demo_home).settings))
    assert [(of.name, dict(of.bands), of.note) for of in saved] == [
        ("<b>bold</b> **name**", {"cold": 0, "warm": 30, "hot": 60}, "=1+1")
    ]
    assert not any("bold" in text.value for text in page.markdown)
    page.run()
    assert any("<b>bold</b> **name**" in str(table.value.values.tolist()) for table in page.dataframe)


def test_a_proposal_without_a_reason_is_refused_and_stays_in_the_form(
    open_page: OpenPage, demo_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(demo_home / "leadlake.sqlite", tmp_path / "leadlake.sqlite")
    monkeypatch.setenv("LEADLAKE_DATABASE", f"sqlite:///{tmp_path / 'leadlake.sqlite'}")
    saved = len(band_proposals(open_database(lakes.opened(demo_home).settings)))
    page = open_page(demo_home, SCORES, **BANDS, score="Rules", menu="proposals")
    next(box for box in page.text_input if box.label == "Name").set_value("No reason")
    next(button for button in page.button if button.label == "Save").click()
    page.run()
    assert not failed(page)
    assert any("it needs a reason of 1 to 2,000 characters" in text.value for text in page.text)
    assert next(box for box in page.text_input if box.label == "Name").value == "No reason"
    assert len(band_proposals(open_database(lakes.opened(demo_home).settings))) == saved

    page.text_area[0].set_value("Because")
    next(button for button in page.button if button.label == "Save").click()
    page.run()
    assert [text.value for text in page.success] == [f"Saved as proposal {saved + 1}."]
    assert next(box for box in page.text_input if box.label == "Name").value == ""
    (table,) = [table.value for table in page.dataframe if "score_of" in table.value]
    assert (len(table), table["note"][0]) == (saved + 1, "Because")
    assert {"csv_proposals", "parquet_proposals"} <= {button.key for button in page.get("download_button")}


def test_capacity_says_whom_to_call(open_page: OpenPage, demo_home: Path) -> None:
    page = open_page(demo_home, SCORES, **CALLS, score="Rules", calls="10")
    assert not failed(page)
    shown = figures(page)
    assert float(shown["Call from score"][1].split()[0]) <= 10
    low, _, high, *_ = shown["Conversions a week"][1].split()
    assert float(low) <= float(shown["Conversions a week"][0]) <= float(high)
    page.number_input(key="calls").set_value(1).run()
    assert not failed(page)


def link_of(page: AppTest) -> tuple[str, str]:
    """The label of the way to the leads, and what its link says."""
    (link,) = [link.proto for link in page.main.get("page_link") if link.proto.page == "leads"]
    return link.label, link.query_string


def test_whom_to_call_leads_to_the_leads_to_call(open_page: OpenPage, demo_home: Path) -> None:
    page = open_page(demo_home, SCORES, **CALLS, score="Version 2", calls="10")
    cut = figures(page)["Call from score"][0]
    assert link_of(page) == ("Open the leads to call", f"call_from={cut}&call_version=2")
    assert any("By the score they have now" in text.value for text in page.caption)

    page = open_page(demo_home, SCORES, **CALLS, score="Rules", calls="10")
    assert link_of(page) == ("Open the leads to call", f"call_from={figures(page)['Call from score'][0]}")
    assert not any("By the score they have now" in text.value for text in page.caption)


def test_the_way_to_the_leads_says_where_young_ones_are_left_out(open_page: OpenPage, demo_home: Path) -> None:
    page = open_page(demo_home, SCORES, score="Rules")
    assert link_of(page) == ("Open the mature leads behind these numbers", "behind=mature")
    page = open_page(demo_home, SCORES, score="Rules", all_leads="true")
    assert link_of(page) == ("Open the leads behind these numbers", "behind=mature")


@pytest.mark.parametrize(
    "parameters",
    [
        {"score": "Version 99"},
        {"bins": "x"},
        {**GAIN, "top": "0"},
        {**CALLS, "calls": "-5"},
        {**BANDS, "bands": "x" * 2_000},
        {"scores_view": "Funnel"},
    ],
    ids=" ".join,
)
def test_a_link_that_gets_something_wrong_still_opens(
    open_page: OpenPage, demo_home: Path, parameters: dict[str, str | list[str]]
) -> None:
    page = open_page(demo_home, SCORES, **parameters)
    assert not failed(page)
    assert page.get("plotly_chart")


def test_a_lake_without_scores_or_matches_says_so(open_page: OpenPage, calls_home: Path) -> None:
    page = open_page(calls_home, SCORES, source="telephone")
    assert not failed(page)
    assert "Of 35 leads here none has a score yet." in page.info[0].value
    assert not [button for button in page.button if button.key == "clear_filters_here"]
    page = open_page(calls_home, SCORES, source="telephone", location="Bonn")
    assert page.info[0].value == "No lead matches these filters."
    assert [button for button in page.button if button.key == "clear_filters_here"]


@pytest.mark.parametrize("view", ["Quality", "Gain and lift", "Bands", "Whom to call"])
def test_hostile_versions_are_text(view: str, open_page: OpenPage, hostile_home: Path) -> None:
    page = open_page(hostile_home, SCORES, scores_view=view, all_leads="true")
    assert not failed(page)
    charts = json.dumps([json.loads(chart.proto.spec) for chart in page.get("plotly_chart")])
    assert "<script>" not in charts
    rendered = [*page.markdown, *page.caption, *page.subheader]
    assert not any("<script>" in text.value or "**bold**" in text.value for text in rendered)
