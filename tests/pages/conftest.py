"""The dashboard in a test's own process, over small real lakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from jobs.demo import fill_with_demo
from lake_access.demo_events import DemoPlan
from tests.pages import lakes

ENTRY = Path(__file__).parents[2] / "app" / "main.py"
HOSTILE = "<script>alert(1)</script> **bold** [x](http://x)"
OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="session")
def calls_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a lake with `lakes.CALLS`; tests read it and never change it."""
    home = tmp_path_factory.mktemp("calls")
    lakes.fill(home)
    return home


@pytest.fixture(scope="session")
def demo_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a demo lake of some 1,500 leads, scored by two model versions; its leads never change."""
    home = tmp_path_factory.mktemp("demo")
    fill_with_demo(lakes.opened(home), DemoPlan(until=lakes.LANDED, leads=1_500, seed=7))
    return home


@pytest.fixture
def addresses_home(tmp_path: Path) -> Path:
    """The home of a lake whose leads have e-mail addresses: guest0@example.com and so on."""
    lakes.fill(tmp_path, [])
    return tmp_path


@pytest.fixture(scope="session")
def hostile_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a lake in which every text that an event brings is hostile, and one is 10,000 characters long."""
    home = tmp_path_factory.mktemp("hostile")
    lakes.fill_hostile(home, HOSTILE)
    return home


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """Open a page of the dashboard over the lake of a home, as a link with these query parameters would.

    `menu` is the key of a card whose small menu is open.
    """

    def opening(home: Path, at: str = "conversion.py", menu: str = "", **parameters: str | list[str]) -> AppTest:
        monkeypatch.setenv("LEADLAKE_HOME", str(home))
        page = AppTest.from_file(ENTRY, default_timeout=30)
        page.switch_page(f"../pages/{at}")
        for name, value in parameters.items():
            page.query_params[name] = value
        if menu:
            page.session_state[f"menu_{menu}"] = True
        return page.run()

    return opening
