"""The dashboard in a test's own process, over small real lakes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages import lakes

ENTRY = Path(__file__).parents[2] / "app" / "main.py"
OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="session")
def calls_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a lake with `lakes.CALLS`; tests read it and never change it."""
    home = tmp_path_factory.mktemp("calls")
    lakes.fill(home)
    return home


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch) -> OpenPage:
    """Open a page of the dashboard over the lake of a home, as a link with these query parameters would."""

    def opening(home: Path, at: str = "conversion.py", **parameters: str | list[str]) -> AppTest:
        monkeypatch.setenv("LEADLAKE_HOME", str(home))
        page = AppTest.from_file(ENTRY, default_timeout=30)
        page.switch_page(f"../pages/{at}")
        for name, value in parameters.items():
            page.query_params[name] = value
        return page.run()

    return opening
