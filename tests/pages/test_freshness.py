"""Every page says how old its data is, warns where it is stale, and offers newer data without changing by itself."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from app.lake_session import newest_lake
from lake_access.lake import PinnedLake
from tests.pages import lakes
from tests.pages.conftest import OpenPage
from tests.pages.lakes import Leads

DRAWN_BEFORE = """
import streamlit as st
from datetime import datetime, UTC
from app import freshness, lake_session
if "drawn" not in st.session_state:
    st.session_state["drawn"] = lake_session.pin_for_this_run()
freshness.header(st.session_state["drawn"], datetime(2025, 12, 31, 13, tzinfo=UTC))
"""


@pytest.fixture
def page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    """A page that goes on showing the snapshots of its first run, as one does until it is run again."""
    home = tmp_path / "home"
    lakes.fill(home)
    monkeypatch.setenv("LEADLAKE_HOME", str(home))
    script = tmp_path / "page.py"
    script.write_text(DRAWN_BEFORE, encoding="utf-8")
    return AppTest.from_file(script, default_timeout=30).run()


def test_newer_data_is_offered_once_a_build_has_brought_it(page: AppTest, tmp_path: Path) -> None:
    assert not page.button
    newer = Leads("cellular", 8, 1, datetime(2026, 1, 2, tzinfo=UTC))
    lakes.fill(tmp_path / "home", [newer], attendances=0, landed=datetime(2026, 6, 1, tzinfo=UTC))
    page.run()
    assert not page.exception
    assert [button.label for button in page.button] == ["Newer data: reload"]


def test_a_whole_run_looks_once_for_the_newest_snapshots(
    open_page: OpenPage, calls_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[PinnedLake] = []

    def looking() -> PinnedLake:
        looked.append(newest_lake())
        return looked[-1]

    for module in ("app.lake_session", "app.freshness"):
        monkeypatch.setattr(f"{module}.newest_lake", looking)
    page = open_page(calls_home, "overview.py")
    assert len(looked) == 1
    page.run()

    assert not page.exception
    assert len(looked) == 2


def test_fresh_data_has_no_warning_and_the_zone_is_named(page: AppTest) -> None:
    assert "Data known until 2025-12-31 12:00 UTC, 60 minutes ago" in page.caption[0].value
    assert "all times are UTC" in page.caption[0].value
    assert "stale" not in page.caption[0].value


def test_stale_data_is_warned_of_on_every_page(open_page: OpenPage, calls_home: Path) -> None:
    for script in ("overview.py", "conversion.py"):
        assert "data is stale after 36 hours" in open_page(calls_home, script).caption[0].value
