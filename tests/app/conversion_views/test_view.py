from __future__ import annotations

from pathlib import Path

import pytest

from app import palette
from app.conversion_views.view import MOST_MONTHS, MOST_VALUES, Reading, grid, margin, reading_of, whole
from lake_access.declarations import load_declarations
from lake_access.intervals import wilson_interval
from tests.app.rates import answer

SHIPPED = load_declarations(Path(__file__).parents[3] / "leadlake.toml")


@pytest.fixture
def reading() -> Reading:
    return reading_of(SHIPPED, ["cellular", "online", "roadshow", "webinar"])


def test_sources_are_read_by_their_labels_and_colours(reading: Reading) -> None:
    by_source = margin(answer(("source",), (("webinar",), 5, 50), (("cellular",), 3, 40)), "source", reading)
    webinar, cellular = by_source.rates
    assert (webinar.name, webinar.colour) == ("Webinar", palette.CATEGORIES[1])
    assert cellular.name == "cellular"
    assert cellular.colour not in palette.CATEGORIES[:3]


def test_a_source_has_its_colour_as_last_source_too(reading: Reading) -> None:
    first = margin(answer(("source",), (("webinar",), 5, 50)), "source", reading)
    last = margin(answer(("last_source",), (("webinar",), 5, 50)), "last_source", reading)
    assert first.rates[0].colour == last.rates[0].colour


def test_a_location_named_as_a_source_is_not_taken_for_one(reading: Reading) -> None:
    by_location = margin(answer(("location",), (("webinar",), 5, 50)), "location", reading)
    assert (by_location.rates[0].name, by_location.rates[0].colour) == ("webinar", palette.NEUTRAL)


def test_a_margin_is_a_sum_over_a_sum(reading: Reading) -> None:
    """Never a mean of rates, which would count 1 of 2 as much as 10 of 100."""
    cells = answer(
        ("source", "band"), (("online", "cold"), 1, 2), (("online", "hot"), 10, 100), (("webinar", "hot"), 9, 50)
    )
    (online, webinar) = margin(cells, "source", reading).rates
    assert (online.name, online.conversions, online.leads, online.rate) == ("Online", 11, 102, 11 / 102)
    assert (online.low, online.high) == wilson_interval(11, 102)
    assert (webinar.conversions, webinar.leads) == (9, 50)
    cold, hot = margin(cells, "band", reading).rates
    assert [(cold.conversions, cold.leads), (hot.conversions, hot.leads)] == [(1, 2), (19, 150)]


def test_the_whole_is_the_sum_of_all_cells() -> None:
    cells = answer(
        ("source", "band"), (("online", "cold"), 1, 2), (("online", "hot"), 10, 100), (("webinar", "hot"), 9, 50)
    )
    total = whole(cells)
    assert total is not None
    assert (total.conversions, total.leads, total.rate) == (20, 152, 20 / 152)
    assert (total.low, total.high) == wilson_interval(20, 152)
    assert whole(answer(("source", "band"))) is None


def test_values_stand_with_the_most_leads_first(reading: Reading) -> None:
    by_location = margin(
        answer(("location",), (("Aachen",), 1, 40), (("Berlin",), 2, 90), (("Celle",), 9, 60)), "location", reading
    )
    assert by_location.values == ("Berlin", "Celle", "Aachen")


def test_bands_keep_the_order_of_the_scale(reading: Reading) -> None:
    by_band = margin(answer(("band",), (("cold",), 1, 40), (("hot",), 2, 90), (("unscored",), 9, 60)), "band", reading)
    assert by_band.values == ("cold", "hot", "unscored")


def test_only_the_largest_values_are_drawn_and_the_page_says_so(reading: Reading) -> None:
    cities = [((f"city {number:02d}",), 1, 100 - number) for number in range(MOST_VALUES + 3)]
    by_location = margin(answer(("location",), *cities), "location", reading)
    assert by_location.values == tuple(keys[0] for keys, _, _ in cities[:MOST_VALUES])
    assert (
        by_location.leaves_out == f"The largest {MOST_VALUES} of {MOST_VALUES + 3} are drawn; the table has them all."
    )


def test_only_the_latest_months_are_drawn(reading: Reading) -> None:
    months = [((f"{2020 + number // 12}-{number % 12 + 1:02d}",), 1, 100 - number) for number in range(MOST_MONTHS + 2)]
    by_month = margin(answer(("month",), *months), "month", reading)
    assert by_month.values == tuple(keys[0] for keys, _, _ in months[2:])
    assert by_month.leaves_out.startswith(f"The latest {MOST_MONTHS} of {MOST_MONTHS + 2}")


def test_nothing_is_said_where_all_values_are_drawn(reading: Reading) -> None:
    assert margin(answer(("location",), (("Aachen",), 1, 40)), "location", reading).leaves_out == ""


def test_a_cell_under_the_minimum_is_faint_and_one_at_it_is_not(reading: Reading) -> None:
    minimum = SHIPPED.lake.minimum_cell
    at, under = margin(answer(("band",), (("cold",), 1, minimum), (("hot",), 1, minimum - 1)), "band", reading).rates
    assert (at.faint, under.faint) == (False, True)


def test_a_grid_is_laid_out_as_its_margins_are(reading: Reading) -> None:
    rows = margin(answer(("source",), (("online",), 3, 40), (("webinar",), 9, 70)), "source", reading)
    columns = margin(answer(("month",), (("2025-01",), 5, 50), (("2025-02",), 7, 60)), "month", reading)
    cells = answer(
        ("source", "month"),
        (("online", "2025-01"), 1, 10),
        (("online", "2025-02"), 2, 30),
        (("webinar", "2025-02"), 5, 40),
        (("a source that is not drawn", "2025-02"), 5, 40),
    )
    laid_out = grid(cells, rows, columns, reading)
    assert laid_out.rows == ("Webinar", "Online")
    assert laid_out.columns == ("Jan 2025", "Feb 2025")
    assert laid_out.cells[1, 0].name == "Online, 2025-01"
    assert {place: (cell.conversions, cell.leads) for place, cell in laid_out.cells.items()} == {
        (1, 0): (1, 10),
        (1, 1): (2, 30),
        (0, 1): (5, 40),
    }
