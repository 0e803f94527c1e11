from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

from app.conversion_views import table as conversion_table
from app.conversion_views.view import Reading, reading_of
from lake_access.conversion import ConversionFilters
from lake_access.declarations import load_declarations
from tests.app.rates import answer

HOSTILE = '=HYPERLINK("http://x")'
CELLS = answer(
    ("source", "band"),
    (("webinar", "cold"), 1, 40),
    ((HOSTILE, "hot"), 3, 7),
    (("München, Ost\r\n;-2", "hot"), 0, 31),
)


def reading() -> Reading:
    declarations = load_declarations(Path(__file__).parents[3] / "leadlake.toml")
    return reading_of(declarations, ["webinar", HOSTILE, "München, Ost\r\n;-2"])


def read(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_csv_holds_every_cell_with_full_precision() -> None:
    rows = read(conversion_table.to_csv(CELLS, ConversionFilters(), minimum_cell=30))
    assert [(int(row["leads"]), int(row["conversions"])) for row in rows] == [(40, 1), (7, 3), (31, 0)]
    assert [(float(row["rate"]), float(row["low"]), float(row["high"])) for row in rows] == [
        (cell.rate, cell.low, cell.high) for cell in CELLS.rows
    ]
    assert [row["few_leads"] for row in rows] == ["no", "yes", "no"]


def test_the_csv_defuses_formulas_and_keeps_other_text_as_it_is() -> None:
    rows = read(conversion_table.to_csv(CELLS, ConversionFilters(sources=("@x", "b")), minimum_cell=30))
    assert [row["source"] for row in rows] == ["webinar", f"'{HOSTILE}", "München, Ost\r\n;-2"]
    assert rows[0]["sources"] == "'@x; b"


def test_the_csv_says_what_it_was_filtered_by_and_read_from() -> None:
    filters = ConversionFilters(date(2025, 1, 1), date(2025, 6, 30), ("webinar",), all_leads=True)
    for row in read(conversion_table.to_csv(CELLS, filters, minimum_cell=30)):
        assert row["created_from"] == "2025-01-01"
        assert row["created_to"] == "2025-06-30"
        assert row["sources"] == "webinar"
        assert row["counted"] == "all leads"
        assert row["snapshot"] == "7312345678901234567"


def test_the_file_name_says_what_is_in_it() -> None:
    assert conversion_table.csv_name(CELLS, ConversionFilters()) == "conversion-by-source-and-band.csv"
    filters = ConversionFilters(date(2025, 1, 1), date(2025, 6, 30))
    assert conversion_table.csv_name(CELLS, filters) == "conversion-by-source-and-band-2025-01-01-to-2025-06-30.csv"


def test_the_table_holds_labels_and_rates_of_0_to_1() -> None:
    frame = conversion_table.frame(CELLS, reading())
    assert list(frame.columns) == ["source", "band", "leads", "conversions", "rate", "low", "high"]
    assert list(frame["source"]) == ["Webinar", HOSTILE, "München, Ost\r\n;-2"]
    assert list(frame["rate"]) == [0.025, 3 / 7, 0.0]


def test_every_column_of_the_table_is_named() -> None:
    assert list(conversion_table.column_config(CELLS)) == list(conversion_table.frame(CELLS, reading()).columns)
