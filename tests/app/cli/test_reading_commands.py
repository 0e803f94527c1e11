"""query and conversion, over a demo lake."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet
import pytest

from app.cli.reading_commands import query
from lake_access.views import READABLE
from tests.app.cli.running import Ended

Leadlake = Callable[..., Ended]
COUNT = "SELECT source, count(*) AS leads FROM curated.leads GROUP BY ALL ORDER BY 1"


def test_a_result_as_json_has_columns_rows_and_whether_it_was_cut(leadlake: Leadlake, demo_home: Path) -> None:
    ended = leadlake("query", COUNT, "--json", home=demo_home)

    assert ended.json["columns"] == ["source", "leads"]
    assert [source for source, _ in ended.json["rows"]] == ["online", "roadshow", "webinar"]
    assert sum(leads for _, leads in ended.json["rows"]) == 600
    assert ended.json["truncated"] is False
    assert ended.err == ""


def test_a_cut_result_says_so_beside_it(leadlake: Leadlake, demo_home: Path) -> None:
    ended = leadlake("query", COUNT, "--limit", "2", "--json", home=demo_home)

    assert (len(ended.json["rows"]), ended.json["truncated"]) == (2, True)
    assert ended.err == "Only the first 2 rows are shown; --limit N shows more, --out FILE writes all.\n"


def test_numbers_stand_to_the_right_of_their_column(leadlake: Leadlake, home: Path) -> None:
    ended = leadlake("query", "SELECT 'a' AS text, 1 AS number UNION ALL SELECT 'bc', 23456789 ORDER BY 2")

    assert ended.out == "text    number\na            1\nbc    23456789\n"
    assert home.exists()


def test_what_an_event_holds_cannot_steer_the_terminal(leadlake: Leadlake) -> None:
    ended = leadlake("query", "SELECT chr(27) || '[2J' || chr(10) || chr(8238) AS x")

    assert ended.out == "x\n\\x1b[2J\\n\\u202e\n"


@pytest.mark.parametrize(
    "sql",
    [
        "DROP VIEW curated.leads",
        "SELECT 1; SELECT 2",
        "SELECT * FROM nothing",
        "SELEC 1",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM curated.identities",
    ],
)
def test_what_may_not_run_is_refused_in_one_sentence(leadlake: Leadlake, demo_home: Path, sql: str) -> None:
    ended = leadlake("query", sql, home=demo_home)

    assert (ended.code, ended.out) == (1, "")
    assert ended.err.startswith("leadlake: the query was refused: ")
    assert ended.err.count("\n") == 1


def test_the_files_ending_says_its_format(leadlake: Leadlake, demo_home: Path, tmp_path: Path) -> None:
    for ending in ("csv", "json", "parquet"):
        written = leadlake("query", COUNT, "--out", tmp_path / f"x.{ending}", "--json", home=demo_home).json
        assert written == {"written": str(tmp_path / f"x.{ending}"), "rows": 3}

    assert (tmp_path / "x.csv").read_text().splitlines()[0] == '"source","leads"'
    assert json.loads((tmp_path / "x.json").read_text())["columns"] == ["source", "leads"]
    assert pyarrow.parquet.read_table(tmp_path / "x.parquet").column_names == ["source", "leads"]


def test_a_file_holds_the_whole_result_whatever_the_limit(leadlake: Leadlake, demo_home: Path, tmp_path: Path) -> None:
    ended = leadlake("query", COUNT, "--out", tmp_path / "x", "--format", "csv", "--limit", "1", home=demo_home)

    assert ended.out == f"3 rows written to {tmp_path / 'x'}.\n"
    assert len((tmp_path / "x").read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--format", "parquet"], "Parquet needs a file"),
        (["--format", "csv", "--json"], "--json prints JSON"),
        (["--out", "x.txt"], "say which with --format"),
        (["--out", "x.csv", "--format", "table"], "a file is csv, json or parquet"),
        (["--limit", "0"], "Input should be greater than or equal to 1"),
        (["--unknown"], "No such option: --unknown"),
        (["--", "another"], "unexpected extra argument"),
    ],
)
def test_options_that_do_not_fit_are_wrong_usage(leadlake: Leadlake, arguments: list[str], reason: str) -> None:
    ended = leadlake("query", "SELECT 1", *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert reason in ended.err


def test_bytes_that_are_no_text_are_wrong_usage(leadlake: Leadlake) -> None:
    ended = leadlake("query", "SELECT '\udcff'")

    assert (ended.code, ended.out) == (2, "")
    assert "it holds bytes that are no text here" in ended.err


def test_a_file_that_cannot_be_written_is_named(leadlake: Leadlake, tmp_path: Path) -> None:
    ended = leadlake("query", "SELECT 1", "--out", tmp_path / "no" / "x.csv")

    assert ended.code == 1
    assert ended.err.startswith(f"leadlake: {tmp_path / 'no' / 'x.csv'}: cannot be written")


def test_the_help_names_every_table_that_may_be_read() -> None:
    assert [name for name in READABLE if f"    {name} " not in (query.__doc__ or "")] == []


def test_conversion_is_over_mature_leads_unless_asked_otherwise(leadlake: Leadlake, demo_home: Path) -> None:
    mature = leadlake("conversion", "--json", home=demo_home).json
    everyone = leadlake("conversion", "--all-leads", "--json", home=demo_home).json

    assert mature["immature"] == everyone["immature"] > 0
    assert sum(row["leads"] for row in mature["rows"]) == 600 - mature["immature"]
    assert sum(row["leads"] for row in everyone["rows"]) == 600
    for row in everyone["rows"]:
        assert row["rate"] == row["conversions"] / row["leads"]
        assert row["low"] < row["rate"] < row["high"]


def test_every_combination_of_the_dimensions_is_a_row(leadlake: Leadlake, demo_home: Path) -> None:
    rows = leadlake("conversion", "--by", "source, band", "--json", home=demo_home).json["rows"]

    assert list(rows[0])[:2] == ["source", "band"]
    assert [row["band"] for row in rows if row["source"] == "online"] == ["cold", "warm", "hot"]


def test_no_dimension_is_the_total(leadlake: Leadlake, demo_home: Path) -> None:
    rows = leadlake("conversion", "--by", "", "--all-leads", "--json", home=demo_home).json["rows"]

    assert [row["leads"] for row in rows] == [600]


def test_a_person_reads_rates_as_percentages(leadlake: Leadlake, demo_home: Path) -> None:
    out = leadlake("conversion", home=demo_home).out.splitlines()

    assert out[0].split() == ["source", "leads", "conversions", "rate", "95%", "interval"]
    assert all("%" in line for line in out[1:4])
    assert "leads whose outcome window is still open are left out. Snapshot " in out[4]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--by", "sauce"], 1, 'unknown dimension "sauce"; known are source, last_source, band'),
        (["--by", "band,band"], 1, 'the dimension "band" is named twice'),
        (["--source", "webnar"], 1, 'no lead has the source "webnar" (did you mean "webinar"?).'),
        (["--from", "31.01.2025"], 2, "'31.01.2025' is not a date such as 2025-01-31"),
        (["--from", "2025-02-01", "--to", "2025-01-31"], 2, "2025-01-31 is before --from 2025-02-01"),
    ],
)
def test_filters_that_cannot_be_say_why(
    leadlake: Leadlake, demo_home: Path, arguments: list[str], code: int, said: str
) -> None:
    ended = leadlake("conversion", *arguments, home=demo_home)

    assert (ended.code, ended.out) == (code, "")
    assert said in ended.err


def test_no_rows_have_three_reasons(leadlake: Leadlake, demo_home: Path) -> None:
    young = leadlake("conversion", "--from", "2025-12-20", home=demo_home).out
    filtered = leadlake("conversion", "--from", "2030-01-01", home=demo_home).out
    empty = leadlake("conversion").out

    assert young.startswith("No mature leads: the outcome window of ")
    assert "--all-leads" in young
    assert filtered == "No lead is within these filters.\n"
    assert empty.startswith("No leads yet. `leadlake demo` ")


@pytest.mark.parametrize("command", [("conversion",), ("query", "SELECT 1")])
def test_what_is_not_built_yet_is_told_beside_the_answer(
    leadlake: Leadlake, webinar: Path, command: tuple[str, ...]
) -> None:
    leadlake("ingest", "webinar", webinar)
    before = leadlake(*command, "--json")
    leadlake("build")
    after = leadlake(*command, "--json")

    assert before.err == "1 batch is not built yet: run `leadlake build`.\n"
    assert before.json.keys() == after.json.keys()
    assert after.err == ""
