"""CSV and Parquet files are read row by row, and what is wrong is named by its place in the file."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake_access.crm_import import write_events
from tests.lake_access.crm_exports import (
    HEADER,
    MAPPING,
    ROW,
    SMALL,
    csv_file,
    imported,
    mapping_of,
    parquet_file,
    refusal,
)


@pytest.mark.parametrize(
    ("encoding", "written"), [("utf-8", "utf-8"), ("utf-8", "utf-8-sig"), ("cp1252", "cp1252"), ("utf-16", "utf-16")]
)
def test_text_is_read_in_its_encoding(tmp_path: Path, encoding: str, written: str) -> None:
    mapping = f'{SMALL}[fields]\nlocation = "Ort"\n[csv]\ndelimiter = ";"\nencoding = "{encoding}"\n'
    file = csv_file(tmp_path, "id;at;Ort", "1;2025-01-01T00:00:00Z;Köln", encoding=written)
    assert imported(mapping, tmp_path, file)[1][0]["location"] == "Köln"


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"])).filter(lambda text: "@" not in text), min_size=1, max_size=5
    )
)
def test_any_text_in_a_cell_reaches_the_event_as_it_was(texts: Sequence[str]) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, quoting=csv.QUOTE_ALL)
    writer.writerow(["id", "at", "note"])
    writer.writerows([str(number), "2025-01-01T00:00:00Z", text] for number, text in enumerate(texts))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "export.csv").write_bytes(written.getvalue().encode())
        mapping = f'{SMALL}[attributes]\ncolumns = ["note"]\n'
        _, contacts, _ = imported(mapping, folder, folder / "export.csv")
    assert [contact.get("note", "") for contact in contacts] == list(texts)


def test_a_row_is_named_by_the_line_it_begins_on(tmp_path: Path) -> None:
    file = csv_file(
        tmp_path, HEADER, "", ROW.replace("calls back", '"two\nlines\r\nand more"'), ROW.replace("44", "old"), ROW,
        '8,,"2025\n01",,,,,,', "9,,x,,,,,,",
    )  # fmt: skip
    message = refusal(MAPPING, tmp_path, file)
    assert f"{file}, line 6, column 'age': 'old' is not a number" in message
    assert f"{file}, line 8, column 'at': '2025\\n01' is not a time" in message
    assert f"{file}, line 10, column 'at': 'x' is not a time" in message
    assert message.startswith("3 rows")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("7,,2025-01-31T10:00:00Z", "line 3: the row has 3 cells, and the header has 9"),
        (f"{ROW},more", "line 3: the row has 10 cells, and the header has 9"),
        (ROW.replace("Köln", '"Köln"n'), "line 3: a closing quote is followed by more text"),
        (ROW.replace("Köln", '"Köln'), "line 3: a quote that is opened in this row is never closed"),
        (ROW.replace("Köln", "K" * 200_000), "line 3: a cell is longer than 131,072 characters"),
        (ROW.replace("7", "k" * 201, 1), f"line 3, column 'id': '{'k' * 39}…' is longer than a key's 200 bytes"),
        (",,2025-01-31T10:00:00Z,,,,,,", "line 3: nothing says who the lead is: 'id' and 'mail' empty"),
        (ROW.replace("7", "bob@example.com", 1), "line 3, column 'id': holds an e-mail address"),
        (ROW.replace("calls back", "bob@example.com"), "line 3, column 'note': holds an e-mail address"),
        (ROW.replace("12.5", "much"), "line 3, column 'amount': 'much' is not a number"),
    ],
)
def test_a_row_that_cannot_be_read_refuses_the_import(tmp_path: Path, row: str, said: str) -> None:
    file = csv_file(tmp_path, HEADER, ROW, row)
    assert f"{file}, {said}" in refusal(MAPPING, tmp_path, file)


def test_reading_goes_on_after_a_bad_quote(tmp_path: Path) -> None:
    file = csv_file(tmp_path, HEADER, ROW.replace("Köln", '"K"n'), ROW, ROW.replace("44", "old"))
    message = refusal(MAPPING, tmp_path, file)
    assert message.startswith("2 rows")
    assert "line 4, column 'age'" in message


def test_a_byte_of_another_encoding_is_named_with_its_column(tmp_path: Path) -> None:
    file = tmp_path / "export.csv"
    file.write_bytes(f"{HEADER}\n{ROW}\n".encode() + f"{ROW}\n".encode("cp1252"))
    assert f"{file}, line 3, column 'city': byte 0xf6 is not utf-8; name the encoding" in refusal(
        MAPPING, tmp_path, file
    )
    file.write_bytes(f"{ROW}\n".encode("cp1252"))
    assert f"{file}, line 1: byte 0xf6 is not utf-8" in refusal(MAPPING, tmp_path, file)
    file.write_bytes(f"{HEADER}\n".encode("utf-16") + b"\x00\xd8A\x00")
    message = refusal(f'{MAPPING}[csv]\nencoding = "utf-16"', tmp_path, file)
    assert f"{file}, line 1 or later: not utf-16" in message


def test_files_that_are_no_export_are_refused(tmp_path: Path) -> None:
    rows = f"{HEADER}\n{ROW}\n".encode() * 2
    files: dict[str, tuple[bytes, str]] = {
        "empty.csv": (b"", "the file is empty; a header with the columns' names comes first."),
        "blank.csv": (b"\n\n", "the file is empty; a header with the columns' names comes first."),
        "header.csv": (f"{HEADER}\n".encode(), "the file has a header and no rows; there is nothing to import."),
        "cut.csv.gz": (gzip.compress(rows)[:-20], "the gzip file is truncated; fetch it again."),
        "early.csv.gz": (gzip.compress(rows)[:12], "the gzip file is truncated; fetch it again."),
        "trailing.csv.gz": (gzip.compress(rows) + b"rubbish", "the gzip file is corrupt (Not a gzipped file"),
        "long.csv": (b"x" * (1 << 22), "line 1: longer than 4,194,304 characters; not a CSV file."),
        "cut.parquet": (b"PAR1rubbish", "not a whole Parquet file ("),
        "book.xlsx": (b"PK", "not a file that can be imported; export it as .csv, .csv.gz or .parquet."),
    }  # fmt: skip
    for name, (content, said) in files.items():
        path = tmp_path / name
        path.write_bytes(content)
        message = refusal(MAPPING, tmp_path, path)
        assert message.startswith(f"{path}")
        assert said in message
    assert refusal(MAPPING, tmp_path, tmp_path / "none.csv") == f"{tmp_path / 'none.csv'}: no such file."
    assert refusal(MAPPING, tmp_path).startswith("no file to import was named")
    (tmp_path / "folder.csv").mkdir()
    assert "cannot be read (Is a directory)" in refusal(MAPPING, tmp_path, tmp_path / "folder.csv")


def test_a_csv_and_a_parquet_of_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    in_text = write_events(mapping_of(MAPPING), [csv_file(tmp_path, HEADER, ROW)], tmp_path).crm.read_bytes()
    typed = parquet_file(
        tmp_path, id=[7], mail=["ann@example.com"], at=[datetime(2025, 1, 31, 10, tzinfo=UTC)], city=["Köln"],
        status=["won"], amount=[Decimal("12.50")], age=[44], note=["calls back"],
        **{"from": pa.array(["fair"]).dictionary_encode()},
    )  # fmt: skip
    assert write_events(mapping_of(MAPPING), [typed], tmp_path).crm.read_bytes() == in_text
    assert json.loads((tmp_path / "outcomes.jsonl").read_bytes())["value"] == 12.5


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    moment = datetime(2025, 1, 31, 10, tzinfo=UTC)
    file = parquet_file(
        tmp_path, id=["1", "2"], at=pa.array([moment, moment], pa.timestamp("ns", "Europe/Berlin")), whole=[7, None],
        part=[0.5, None], flag=[True, None], day=[date(2025, 1, 2), None],
        stamp=pa.array([0, None], pa.timestamp("us")),
        coded=pa.array([date(2025, 1, 3), None]).dictionary_encode(), none=pa.nulls(2),
    )  # fmt: skip
    _, contacts, _ = imported(f"{SMALL}[attributes]\nall_others = true\n", tmp_path, file)
    known = {"event_type": "crm_contact", "timestamp": "2025-01-31T10:00:00Z", "lead_source": "crm"}
    typed = {
        "whole": 7,
        "part": 0.5,
        "flag": True,
        "day": "2025-01-02",
        "stamp": "1970-01-01T00:00:00",
        "coded": "2025-01-03",
    }
    assert contacts == [known | {"lead_key": "1"} | typed, known | {"lead_key": "2"}]


def test_a_boolean_outcome_is_compared_as_true_and_false(tmp_path: Path) -> None:
    mapping = f'{SMALL}[outcome]\ncolumn = "won"\nconverted = ["true"]\nnot_converted = ["false"]\n'
    at = ["2025-01-01T00:00:00Z"] * 3
    _, _, outcomes = imported(mapping, tmp_path, parquet_file(tmp_path, id=[1, 2, 3], at=at, won=[True, False, None]))
    assert [(outcome["lead_key"], outcome["converted"]) for outcome in outcomes] == [("1", True), ("2", False)]


def test_a_problem_in_parquet_is_named_by_its_row(tmp_path: Path) -> None:
    at = ["2025-01-01T00:00:00Z"] * 4999 + ["soon"]
    message = refusal(SMALL, tmp_path, parquet_file(tmp_path, id=list(range(5000)), at=at))
    assert "export.parquet, row 5000, column 'at': 'soon' is not a time" in message


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"id": [1.5]}, "column 'id' holds fractional numbers; export it as text."),
        ({"at": [17]}, "column 'at' holds no times; export it as text or times."),
        ({"at": pa.array([0], pa.timestamp("us"))}, "row 1, column 'at': '1970-01-01T00:00:00' has no zone"),
        ({"x": [[1, 2]]}, "column 'x' holds lists or bytes; leave it out."),
        ({"x": [float("nan")]}, "row 1, column 'x': 'nan' is not a finite number"),
        ({"x": pa.array([b"\xff"]).view(pa.string())}, "row 1, column 'x': holds what is no text in UTF-8"),
        (
            {"x": pa.array([10**15], pa.timestamp("ms"))},
            "row 1, column 'x': holds what is no text in UTF-8 and no time",
        ),
    ],
)
def test_a_parquet_column_that_cannot_be_what_it_is_mapped_to_is_refused(
    tmp_path: Path, columns: dict[str, object], said: str
) -> None:
    whole: dict[str, object] = {"id": ["1"], "at": ["2025-01-01T00:00:00Z"], **columns}
    message = refusal(f"{SMALL}[attributes]\nall_others = true\n", tmp_path, parquet_file(tmp_path, **whole))
    assert said in message
