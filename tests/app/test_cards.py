"""Where the numbers of a card come from: every card says it, by its SQL or in a sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from app import cards

ROOT = Path(__file__).parents[2]
CARDS = ("chart_card", "table_card", "facts_card", "data_menu")


def drawn_cards() -> Iterator[tuple[str, ast.Call]]:
    """Every call that draws a card in the pages and in what they share, with where it stands."""
    for folder in ("app", "pages"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            if file.name == "cards.py":
                continue
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).removeprefix("cards.") in CARDS:
                    yield f"{file.relative_to(ROOT)}:{node.lineno}", node


def test_every_card_says_its_sql_or_what_its_numbers_are_made_of() -> None:
    found = list(drawn_cards())
    # Keywords of a mapping (None) are the SQL that cards share.
    silent = [
        where for where, call in found if not {key.arg for key in call.keywords} & {"sql", "queries", "made_of", None}
    ]

    assert len(found) > 50
    assert silent == []


def test_a_menu_that_would_not_say_where_its_numbers_come_from_is_refused() -> None:
    with pytest.raises(ValueError, match="card leads says neither"):
        cards.data_menu(pd.DataFrame({"leads": [1]}), key="leads", file_name="leads")
