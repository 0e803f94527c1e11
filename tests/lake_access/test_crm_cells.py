"""A cell becomes the value that its column means, or the message says what is wrong without giving away a person."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from lake_access.building.identity import prepare
from lake_access.crm_cells import CellError, read_email
from lake_access.crm_import import write_events
from lake_access.queries import load_query
from tests.lake_access.crm_exports import HEADER, MAPPING, ROW, SMALL, csv_file, imported, mapping_of, refusal


@pytest.fixture(scope="module")
def build_rules() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the functions that the build judges events by."""
    with duckdb.connect() as connection:
        prepare(connection, b"any key")
        connection.execute(load_query("curate_functions"))
        yield connection


@pytest.mark.parametrize(
    ("options", "text", "stamp"),
    [
        ("", "2025-01-31T10:00:00+01:00", "2025-01-31T09:00:00Z"),
        ("", "2025-01-31t10:00:00.123456789z", "2025-01-31T10:00:00.123456Z"),
        ('timezone = "Europe/Berlin"', "2025-07-31 10:00", "2025-07-31T08:00:00Z"),
        ('timezone = "Europe/Berlin"', "2025-01-31", "2025-01-30T23:00:00Z"),
        ('timezone = "Europe/Berlin"', "2025-01-31T10:00:00Z", "2025-01-31T10:00:00Z"),
        ('timezone = "Europe/Berlin"', "2025-10-26T02:30", "2025-10-26T00:30:00Z"),
        ('timezone = "Europe/Berlin"', "2025-03-30T02:30", "2025-03-30T01:30:00Z"),
        ('format = "%d.%m.%Y %H:%M"\ntimezone = "Asia/Tokyo"', " 31.01.2025 10:00 ", "2025-01-31T01:00:00Z"),
        ('format = "%d/%m/%y %H:%M %z"', "31/01/25 10:00 -0500", "2025-01-31T15:00:00Z"),
    ],
)
def test_times_become_utc(tmp_path: Path, options: str, text: str, stamp: str) -> None:
    mapping = SMALL.replace('column = "at"', f'column = "at"\n{options}')
    _, contacts, _ = imported(mapping, tmp_path, csv_file(tmp_path, "id,at", f"1,{text}"))
    assert contacts[0]["timestamp"] == stamp


@pytest.mark.parametrize(
    ("options", "text", "said"),
    [
        ("", "2025-01-31T10:00:00", "has no zone; name it in [time], as timezone = \"Europe/Berlin\""),
        ("", "31.01.2025", "is not a time as RFC 3339 has it"),
        ("", "20250131T100000Z", "is not a time as RFC 3339 has it"),
        ("", "2025-02-30T10:00:00Z", "is not a time as RFC 3339 has it"),
        ("", "", "is empty, and a contact needs its time"),
        ('timezone = "Asia/Tokyo"', "0001-01-01", "is not a time that can be kept"),
        ('format = "%d.%m.%Y"\ntimezone = "UTC"', "31/01/2025", "is not a time in the format '%d.%m.%Y' of [time]"),
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_read_is_named(tmp_path: Path, options: str, text: str, said: str) -> None:
    mapping = SMALL.replace('column = "at"', f'column = "at"\n{options}')
    file = csv_file(tmp_path, "id,at", f"1,{text}")
    message = refusal(mapping, tmp_path, file)
    assert f"{file}, line 2, column 'at': " in message
    assert said in message


@pytest.mark.parametrize(
    ("options", "text", "number"),
    [
        ("", "44", "44"),
        ("", " -007 ", "-7"),
        ("", "0.10", "0.1"),
        ("", "+1e3", "1000.0"),
        ("", ".5", "0.5"),
        ("", "999999999999999999", "999999999999999999"),
        ('decimal = ","', "1,5", "1.5"),
        ('decimal = ","\nthousands = "."', "1.234.567,80", "1234567.8"),
        ('thousands = ","', "12,345", "12345"),
        ('thousands = " "', "1\u202f234.5", "1234.5"),
    ],
)
def test_numbers_are_read_with_their_signs(tmp_path: Path, options: str, text: str, number: str) -> None:
    mapping = f'{SMALL}[attributes]\ncolumns = ["n"]\n[numbers]\ncolumns = ["n"]\n{options}'
    file = csv_file(tmp_path, "id,at,n", f'1,2025-01-01T00:00:00Z,"{text}"')
    streams = write_events(mapping_of(mapping), [file], tmp_path)
    assert f'"lead_source":"crm","n":{number}}}\n' in streams.crm.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text", ["n/a", "1,5", "1_000", "NaN", "inf", "1e999", "٤", "1.2.3", "-", ".", "e5", "1234567890123456789"]
)
def test_what_is_no_number_is_refused(tmp_path: Path, text: str) -> None:
    mapping = f'{SMALL}[attributes]\ncolumns = ["n"]\n[numbers]\ncolumns = ["n"]\n'
    message = refusal(mapping, tmp_path, csv_file(tmp_path, "id,at,n", f'1,2025-01-01T00:00:00Z,"{text}"'))
    assert f"line 2, column 'n': '{text}' is " in message


@pytest.mark.parametrize(("text", "separator"), [("1.234", ","), ("12.34,5", "."), ("1234.567", ".")])
def test_a_thousands_sign_stands_where_it_belongs_or_the_number_is_refused(
    tmp_path: Path, text: str, separator: str
) -> None:
    decimal = "," if separator == "." else "."
    options = f'decimal = "{decimal}"\nthousands = "{separator}"'
    mapping = f'{SMALL}[attributes]\ncolumns = ["n"]\n[numbers]\ncolumns = ["n"]\n{options}'
    file = csv_file(tmp_path, "id,at,n", f'1,2025-01-01T00:00:00Z,"{text}"')
    if separator == ",":
        assert imported(mapping, tmp_path, file)[1][0]["n"] == 1.234
    else:
        assert "is not a number" in refusal(mapping, tmp_path, file)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("zoe.example.com", "it has no @"),
        ("zoe@example.com;bob@example.com", "it has more than one @"),
        ("Zoe <zoe@example.com>", "what stands before the @ is not a mailbox"),
        ("zoe@example", "what follows the @ is not a domain"),
        ("zoe@example..com", "what follows the @ is not a domain"),
        ("@example.com", "what stands before the @ is not a mailbox"),
        (f"{'a' * 250}@example.com", "it is longer than 254 bytes, or than 64 before the @"),
        ("zoe@exam_ple.com", "what follows the @ is not a domain"),
    ],
)
def test_an_impossible_e_mail_address_is_told_but_not_shown(tmp_path: Path, address: str, reason: str) -> None:
    file = csv_file(tmp_path, HEADER, ROW.replace("ann@example.com", address))
    message = refusal(MAPPING, tmp_path, file)
    assert message.endswith(f"line 2, column 'mail': holds an impossible e-mail address: {reason}")
    assert address.lower() not in message.lower()
    assert "zoe" not in message.lower()


_ADDRESSES = st.one_of(
    st.emails(),
    st.from_regex(r"[a-zäé.+_ -]{1,8}@?[a-zé0-9-]{0,5}\.[a-z\u0966\u093f-]{1,4}", fullmatch=True),
    st.text(st.sampled_from("aZé9.-_@+\"'<(, \t\u00a0\u0301\u212a\uff20"), min_size=1, max_size=12),
)


@given(_ADDRESSES)
@example("a" * 64 + "@example.com")
@example("a" * 65 + "@example.com")
@example("zoë@exämple.com")
@example("Ann@Example.COM")
@example("\ufeffann@example.com\u200b")
@example("ann@\u00ad.com")
def test_import_and_build_agree_on_what_is_an_address(build_rules: duckdb.DuckDBPyConnection, address: str) -> None:
    assume(address.strip())
    try:
        imported_as = read_email(address)
    except CellError:
        imported_as = None
    build_rules.execute("SELECT is_email(normal_email($1))", [imported_as or address.strip()])
    assert build_rules.fetchone() == (imported_as is not None,)


@pytest.mark.parametrize("column", ["at", "status", "amount", "age"])
def test_no_message_shows_an_e_mail_address(tmp_path: Path, column: str) -> None:
    cells = dict(zip(HEADER.split(","), ROW.split(","), strict=True)) | {column: "was john.doe@example.com's"}
    message = refusal(MAPPING, tmp_path, csv_file(tmp_path, HEADER, ",".join(cells.values())))
    assert f"column '{column}': 'was ***' is " in message
    assert "john" not in message


def test_a_long_value_is_shortened_onto_one_line(tmp_path: Path) -> None:
    file = csv_file(tmp_path, HEADER, ROW.replace("44", f'"{"x" * 30}\n\x1b{"y" * 500}"'))
    assert f"column 'age': '{'x' * 30}\\n\\x1b{'y' * 7}…' is not a number" in refusal(MAPPING, tmp_path, file)
