from __future__ import annotations

import re
from typing import Any

from app.charts import rates as rate_charts
from app.charts import time_axis
from tests.app.rates import rate

HOSTILE = '<b>bold</b><a href="javascript:alert(1)">x</a>'
STYLE = re.compile(r"</?span[^>]*>|<br>")


def texts(figure: Any) -> list[str]:
    """Every text that Plotly would read as its pseudo-HTML."""
    found: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, dict):
            for part in value.values():
                collect(part)
        elif isinstance(value, list | tuple):
            for part in value:
                collect(part)

    collect(figure.to_plotly_json()["data"])
    collect({name: figure.layout[name].to_plotly_json() for name in ("xaxis", "yaxis")})
    collect([note.to_plotly_json() for note in figure.layout.annotations])
    return found


def plain(text: str) -> str:
    return " ".join(STYLE.sub(" ", text).split())


def test_bars_show_each_rate_with_its_interval_and_its_counts() -> None:
    cellular, telephone = rate("cellular", 3853, 26144), rate("telephone", 787, 15044)
    figure = rate_charts.rate_bars([cellular, telephone])
    bars, intervals = figure.data
    assert list(bars.x) == [cellular.rate, telephone.rate]
    for drawn in (bars, intervals):
        low, high = drawn.x[0] - drawn.error_x.arrayminus[0], drawn.x[0] + drawn.error_x.array[0]
        assert (low, high) == (cellular.low, cellular.high)
    assert [plain(text).split(maxsplit=1)[1] for text in figure.layout.yaxis.ticktext] == [
        "3,853 of 26,144",
        "787 of 15,044",
    ]
    assert [plain(note.text) for note in figure.layout.annotations] == ["14.7%", "5.2%"]


def test_bars_start_at_zero_and_hold_every_interval_that_counts() -> None:
    figure = rate_charts.rate_bars([rate("a", 40, 400), rate("b", 30, 100), rate("c", 1, 2, faint=True)])
    start, end = figure.layout.xaxis.range
    assert start == 0
    assert end >= max(rate("b", 30, 100).high, 0.5)


def test_the_first_rate_is_drawn_on_top() -> None:
    bottom, top = rate_charts.rate_bars([rate("a", 1, 40), rate("b", 2, 40)]).layout.yaxis.range
    assert bottom > top


def test_bars_of_too_few_leads_are_faint() -> None:
    solid, _, faint, _ = rate_charts.rate_bars([rate("many", 5, 50), rate("few", 1, 5, faint=True)]).data
    assert solid.marker.color == ("rgba(107,130,153,0.6)",)
    assert faint.marker.color == ("rgba(107,130,153,0.2)",)
    assert "Too few leads" in faint.customdata[0]
    assert "Too few leads" not in solid.customdata[0]


def test_a_rate_over_time_stands_above_its_n() -> None:
    _, line, counts = rate_charts.rate_over_time([rate("2024-12", 1, 50), rate("2025-01", 9, 60)]).data
    assert list(line.x) == ["2024-12-01", "2025-01-01"]
    assert list(line.y) == [0.02, 0.15]
    assert list(counts.y) == [50, 60]
    assert counts.yaxis == "y2"
    assert line.error_y.array[1] == rate("", 9, 60).high - 0.15


def test_weeks_and_days_stand_at_their_first_day() -> None:
    weeks = rate_charts.rate_over_time([rate("2024-W52", 1, 50), rate("2025-W01", 9, 60)])
    assert list(weeks.data[0].x) == ["2024-12-23", "2024-12-30"]
    assert "%-d" in weeks.layout.xaxis.tickformat
    assert list(rate_charts.rate_over_time([rate("2025-01-03", 1, 50)]).data[0].x) == ["2025-01-03"]


def test_the_line_breaks_where_weeks_are_missing_and_a_mark_keeps_its_place() -> None:
    figure = rate_charts.rate_over_time([rate("2025-W02", 1, 50), rate("2025-W04", 9, 60)])
    line, marks, counts = figure.data
    assert list(line.y) == [0.02, None, 0.15]
    assert list(marks.x) == list(counts.x) == ["2025-01-06", "2025-01-20"]
    assert line.hoverinfo == "skip"
    assert counts.width == time_axis.bar_width(["2025-W02"])
    assert figure.layout.xaxis.tick0 == "2025-01-06"


def test_a_grid_places_each_cell_and_leaves_the_others_empty() -> None:
    figure = rate_charts.rate_grid(
        ["Online", "Webinar"], ["cold", "hot"], {(0, 1): rate("", 20, 100), (1, 0): rate("", 5, 100)}
    )
    cells, to_click = figure.data
    assert list(zip(to_click.y, to_click.x, to_click.customdata, strict=True)) == [(0, 1, 0), (1, 0, 1)]
    assert [list(line) for line in cells.z] == [[None, 0.2], [0.05, None]]
    assert [list(line) for line in cells.text] == [["", "20.0%<br>n 100"], ["5.0%<br>n 100", ""]]
    assert cells.zmin == 0
    assert cells.zmax == 0.2


def test_cells_of_too_few_leads_have_no_colour_of_their_own() -> None:
    figure = rate_charts.rate_grid(["a"], ["x", "y"], {(0, 0): rate("", 20, 100), (0, 1): rate("", 9, 10, faint=True)})
    solid, faint, _ = figure.data
    assert solid.zmax == 0.2
    assert list(faint.z[0]) == [None, 0.9]
    assert faint.colorscale[0][1] == faint.colorscale[-1][1]


def test_a_grid_of_nothing_but_zeros_can_be_drawn() -> None:
    cells, _ = rate_charts.rate_grid(["a"], ["x"], {(0, 0): rate("", 0, 100)}).data
    assert (cells.zmin, cells.zmax) == (0, 1)


def test_no_name_brings_markup_into_a_figure() -> None:
    hostile = rate(HOSTILE, 5, 50)
    for figure in (
        rate_charts.rate_bars([hostile, rate(HOSTILE, 1, 5, faint=True)]),
        rate_charts.rate_grid([HOSTILE], [HOSTILE], {(0, 0): hostile}),
    ):
        for text in texts(figure):
            tags = set(re.findall(r"<[^<>]*>", text))
            assert not any(tag.startswith(("<a", "</a")) for tag in tags), text
            assert "<b>bold" not in text


def test_the_whole_name_stands_in_the_hover_text() -> None:
    name = "A source with a rather long name, spelled out"
    bars, _ = rate_charts.rate_bars([rate(name, 5, 50)]).data
    assert name in bars.customdata[0]
    assert "10.0% converted (4.3% to 21.4%)" in bars.customdata[0]
    assert "5 of 50 leads" in bars.customdata[0]


def test_long_names_are_cut_to_at_most_two_lines() -> None:
    figure = rate_charts.rate_grid(["Frankfurt am Main", "x" * 50], ["one two three four five"], {})
    first, second = (plain(text) for text in figure.layout.yaxis.ticktext)
    assert first == "Frankfurt am Main"
    assert second == "x" * 10 + "…"
    assert plain(figure.layout.xaxis.ticktext[0]).endswith("…")


def test_names_that_look_like_dates_or_numbers_keep_a_place_each() -> None:
    bars, _ = rate_charts.rate_bars([rate("2025-01", 1, 40), rate("7", 1, 40), rate("7.0", 1, 40)]).data
    assert list(bars.y) == [0, 1, 2]


def test_the_description_says_every_rate_in_plain_text() -> None:
    said = rate_charts.description("Conversion by source", [rate("cellular", 3853, 26144), rate("<b>x</b>", 1, 2)])
    assert said == "Conversion by source. cellular: 14.7%, 3,853 of 26,144; <b>x</b>: 50.0%, 1 of 2."


def test_the_description_of_many_rates_stays_short_and_says_so() -> None:
    said = rate_charts.description("Conversion by location", [rate(f"city {number}", 1, 40) for number in range(15)])
    assert said.endswith("city 11: 2.5%, 1 of 40; 3 more are in the table.")


def test_a_line_grows_to_the_height_of_the_bars_beside_it() -> None:
    months = [rate("2025-01", 1, 50), rate("2025-02", 2, 50)]
    assert rate_charts.rate_over_time(
        months, beside=rate_charts.bars_height(12)
    ).layout.height == rate_charts.bars_height(12)
    assert rate_charts.rate_over_time(months).layout.height == rate_charts.LINE_PIXELS
