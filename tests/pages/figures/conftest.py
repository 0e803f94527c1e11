"""The demo's lake and the bank's, each with what pandas knows of it, and the table in a card's menu."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pytest

from tests.pages.conftest import OpenPage
from tests.pages.known_leads import BANK_FILE, Known, of_bank, of_demo

BANK = pytest.param(
    "bank", marks=[pytest.mark.slow, pytest.mark.skipif(not BANK_FILE.is_file(), reason="the bank data is not here")]
)


class InMenu(Protocol):
    """Opens a page with the menu of one card open, and gives the table that stands in it."""

    def __call__(self, known: Known, file: str, card: str, **parameters: Any) -> Any: ...


@pytest.fixture(scope="session")
def homes(demo_home: Path) -> dict[str, Known]:
    return {"demo": of_demo(demo_home)}


@pytest.fixture(scope="session", params=["demo", BANK])
def known(request: pytest.FixtureRequest, homes: dict[str, Known], tmp_path_factory: pytest.TempPathFactory) -> Known:
    if request.param not in homes:
        homes[request.param] = of_bank(tmp_path_factory.mktemp("bank"))
    return homes[request.param]


@pytest.fixture
def in_menu(open_page: OpenPage) -> InMenu:
    """A chart's figures where a reader reads them: in the card's own table, which is also its download."""

    def opening(known: Known, file: str, card: str, **parameters: Any) -> pd.DataFrame:
        page = open_page(known.home, file, menu=card, **parameters)
        assert not page.exception
        assert not page.error
        (frame,) = [table.value for table in page.dataframe if table.proto.alt == "The numbers of this chart"]
        return frame

    return opening
