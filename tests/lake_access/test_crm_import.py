"""Rows of an export become the events that the mapping says, or the import is refused and nothing of it is left."""

from __future__ import annotations

import csv
import gzip
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from lake_access.crm_import import write_events
from lake_access.crm_mapping import load_mapping
from lake_access.errors import SettingsError, StorageError
from tests.lake_access.crm_exports import HEADER, MAPPING, ROW, SMALL, csv_file, imported, mapping_of, refusal

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"
BANK_FILE = Path(os.environ.get("SAMPLE_DATA", ROOT.parent / "shared" / "data")) / "bank_marketing/bank_leads.csv.gz"


def test_a_row_becomes_a_contact_and_an_outcome(tmp_path: Path) -> None:
    streams, _, _ = imported(MAPPING, tmp_path, csv_file(tmp_path, HEADER, ROW))
    assert streams.crm.read_text(encoding="utf-8") == (
        '{"event_type":"crm_contact","lead_key":"7","email":"ann@example.com","timestamp":"2025-01-31T10:00:00Z",'
        '"lead_source":"fair","location":"Köln","age":44,"note":"calls back"}\n'
    )
    assert streams.outcomes is not None
    assert streams.outcomes.read_text(encoding="utf-8") == (
        '{"event_type":"outcome","lead_key":"7","email":"ann@example.com","timestamp":"2025-01-31T10:00:00Z",'
        '"converted":true,"value":12.5}\n'
    )
    assert (streams.rows, streams.outcomes_count, streams.converted) == (1, 1, 1)


def test_empty_cells_leave_their_keys_out(tmp_path: Path) -> None:
    _, contacts, outcomes = imported(MAPPING, tmp_path, csv_file(tmp_path, HEADER, "7,,2025-01-31T10:00:00Z,,,lost,,,"))
    assert contacts == [
        {"event_type": "crm_contact", "lead_key": "7", "timestamp": "2025-01-31T10:00:00Z", "lead_source": "unknown"}
    ]
    assert outcomes == [
        {"event_type": "outcome", "lead_key": "7", "timestamp": "2025-01-31T10:00:00Z", "converted": False}
    ]


@pytest.mark.parametrize("status", ["", "open", " open "])
def test_a_status_that_is_empty_or_ignored_is_no_outcome_yet(tmp_path: Path, status: str) -> None:
    streams, contacts, _ = imported(
        MAPPING, tmp_path, csv_file(tmp_path, HEADER, f"7,,2025-01-31T10:00:00Z,,,{status},,,")
    )
    assert len(contacts) == 1
    assert streams.outcomes is None
    assert not (tmp_path / "outcomes.jsonl").exists()


def test_an_empty_status_may_mean_not_converted(tmp_path: Path) -> None:
    mapping = MAPPING.replace('["lost"]', '["lost", ""]')
    _, _, outcomes = imported(mapping, tmp_path, csv_file(tmp_path, HEADER, "7,,2025-01-31T10:00:00Z,,,,,,"))
    assert [outcome["converted"] for outcome in outcomes] == [False]


def test_the_same_file_gives_the_same_bytes_whatever_its_columns_order(tmp_path: Path) -> None:
    rows = [HEADER, ROW, "8,,2025-02-01T10:00:00Z,web,,lost,,51,"]
    turned = [",".join(reversed(row.split(","))) for row in rows]
    first = write_events(mapping_of(MAPPING), [csv_file(tmp_path, *rows)], tmp_path)
    bytes_before = first.crm.read_bytes()
    again = write_events(mapping_of(MAPPING), [csv_file(tmp_path, *rows)], tmp_path)
    assert again.crm.read_bytes() == bytes_before
    other_order = write_events(mapping_of(MAPPING), [csv_file(tmp_path, *turned)], tmp_path)
    assert other_order.crm.read_bytes() == bytes_before


def test_an_outcome_has_its_own_time_and_may_fall_back_on_the_contact(tmp_path: Path) -> None:
    mapping = MAPPING + '[outcome_time]\ncolumn = "closed"\ntimezone = "UTC"\n'
    closed = csv_file(tmp_path, f"{HEADER},closed", f"{ROW},2025-03-01", "8,,2025-01-31T10:00:00Z,,,open,,,,")
    _, _, outcomes = imported(mapping, tmp_path, closed)
    assert [outcome["timestamp"] for outcome in outcomes] == ["2025-03-01T00:00:00Z"]

    (tmp_path / "crm.jsonl").unlink()
    (tmp_path / "outcomes.jsonl").unlink()
    without = csv_file(tmp_path, f"{HEADER},closed", f"{ROW},")
    assert "line 2, column 'closed': is empty, and the row has an outcome" in refusal(mapping, tmp_path, without)

    _, _, outcomes = imported(f"{mapping}or_contact_time = true\n", tmp_path, without)
    assert [outcome["timestamp"] for outcome in outcomes] == ["2025-01-31T10:00:00Z"]


def test_all_other_columns_become_attributes_as_text(tmp_path: Path) -> None:
    mapping = SMALL + '[attributes]\nall_others = true\nexclude = ["secret"]\nrename = { campaign = "calls" }\n'
    file = csv_file(tmp_path, "id,at,zip,secret,campaign", "1,2025-01-01T00:00:00Z,007,x, 3 ")
    _, contacts, _ = imported(mapping, tmp_path, file)
    assert {key: contacts[0][key] for key in contacts[0].keys() - {"event_type", "timestamp"}} == {
        "lead_key": "1", "lead_source": "crm", "zip": "007", "calls": " 3 ",
    }  # fmt: skip


def test_several_files_are_one_import(tmp_path: Path) -> None:
    files = [csv_file(tmp_path, HEADER, ROW.replace("7", key, 1), name=f"{key}.csv") for key in "12"]
    told: list[int] = []
    streams = write_events(mapping_of(MAPPING), files, tmp_path, told.append)
    assert [json.loads(line)["lead_key"] for line in streams.crm.read_bytes().splitlines()] == ["1", "2"]
    assert sum(told) == 2


def test_a_refusal_names_the_first_ten_rows_and_counts_all(tmp_path: Path) -> None:
    file = csv_file(tmp_path, HEADER, ROW, *[ROW.replace("won", "maybe")] * 12)
    message = refusal(MAPPING, tmp_path, file).splitlines()
    assert message[0] == "12 rows cannot be read, so nothing was imported:"
    assert message[1] == (
        f"  {file}, line 3, column 'status': 'maybe' is neither converted, not_converted nor ignore in [outcome]"
        " (known are lost, open, won)"
    )
    assert len(message) == 12
    assert message[-1] == "  and 2 more"


def test_an_empty_source_is_refused_unless_the_mapping_has_a_text_for_it(tmp_path: Path) -> None:
    file = csv_file(tmp_path, HEADER, ROW.replace("fair", " "))
    assert imported(MAPPING, tmp_path, file)[1][0]["lead_source"] == "unknown"
    (tmp_path / "crm.jsonl").unlink()
    (tmp_path / "outcomes.jsonl").unlink()
    assert "line 2, column 'from': is empty" in refusal(MAPPING.replace('text = "unknown"', ""), tmp_path, file)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (
            "id,mail,at,from,city,State,amount,age,note",
            "no column 'status', which the mapping names in outcome.column; near it are 'State'.",
        ),
        (
            "Id,mail,at,from,city,status,amount,age,note",
            "no column 'id', which the mapping names in identity.lead_key; near it are 'Id'.",
        ),
        ("7;ann@example.com", "one column with the delimiter ',' of [csv]; the file has '***'."),
        ("id,mail,id", "columns 1, 3 are all named 'id'; rename them in the export."),
    ],
)
def test_a_header_that_does_not_fit_is_refused(tmp_path: Path, header: str, said: str) -> None:
    file = csv_file(tmp_path, header, ROW)
    message = refusal(MAPPING, tmp_path, file)
    assert message.startswith(f"{file}: ")
    assert message.endswith(said)


def test_headers_of_all_files_are_checked_before_the_first_row(tmp_path: Path) -> None:
    good, bad = csv_file(tmp_path, HEADER, "x"), csv_file(tmp_path, "id,at", "x", name="bad.csv")
    assert refusal(MAPPING, tmp_path, good, bad).startswith(f"{bad}: there is no column 'mail'")


def test_an_attribute_of_all_others_may_not_take_a_declared_name(tmp_path: Path) -> None:
    mapping = f"{SMALL}[attributes]\nall_others = true\n"
    taken = csv_file(tmp_path, "id,at,Campaign", "1,2025-01-01T00:00:00Z,x")
    assert "column 'Campaign' cannot be kept as 'Campaign', which is a declared field" in refusal(
        mapping, tmp_path, taken
    )
    unnamed = csv_file(tmp_path, "id,at,", "1,2025-01-01T00:00:00Z,x")
    assert 'a column has no name; leave it out, as exclude = [""]' in refusal(mapping, tmp_path, unnamed)
    assert len(imported(f'{mapping}exclude = [""]\n', tmp_path, unnamed)[1]) == 1


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="none: the events cannot be written"):
        write_events(mapping_of(MAPPING), [csv_file(tmp_path, HEADER, ROW)], tmp_path / "none")


def test_the_commented_example_reads_the_file_that_it_describes(tmp_path: Path) -> None:
    comments = (EXAMPLES / "crm_mapping.toml").read_text(encoding="utf-8").splitlines()
    described = [line.removeprefix("#     ") for line in comments if line.startswith("#     ") and ";" in line]
    file = csv_file(tmp_path, *described, encoding="cp1252")
    streams = write_events(load_mapping(EXAMPLES / "crm_mapping.toml"), [file], tmp_path)
    guide = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    assert streams.outcomes is not None
    assert streams.crm.read_text(encoding="utf-8") in guide
    assert streams.outcomes.read_text(encoding="utf-8") in guide


def test_the_smallest_mapping_of_the_guide_can_be_read() -> None:
    guide = (ROOT / "docs" / "import.md").read_text(encoding="utf-8")
    written = guide.split("```toml\n")[1].split("```")[0]
    assert mapping_of(written).source.text == "crm"
    with pytest.raises(SettingsError):
        mapping_of(written.replace("[time]", "[tme]"))


@pytest.mark.skipif(
    not BANK_FILE.is_file(), reason=f"the bank marketing data is not at hand: {BANK_FILE} (SAMPLE_DATA)"
)
def test_the_bank_data_gives_every_contact_and_conversion(tmp_path: Path) -> None:
    streams = write_events(load_mapping(EXAMPLES / "bank_marketing.toml"), [BANK_FILE], tmp_path)
    assert (streams.rows, streams.outcomes_count, streams.converted) == (41_188, 41_188, 4_640)
    assert streams.outcomes is not None
    contacts = [json.loads(line) for line in streams.crm.read_bytes().splitlines()]
    outcomes = [json.loads(line) for line in streams.outcomes.read_bytes().splitlines()]
    assert [event["lead_key"] for event in contacts] == [event["lead_key"] for event in outcomes]
    leads = Counter(event["lead_source"] for event in contacts)
    converted = Counter(
        contact["lead_source"] for contact, outcome in zip(contacts, outcomes, strict=True) if outcome["converted"]
    )
    assert leads == {"cellular": 26_144, "telephone": 15_044}
    assert converted == {"cellular": 3_853, "telephone": 787}
    with gzip.open(BANK_FILE, "rt", encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    mapped = {"lead_key", "contacted_at", "contact", "converted", "campaign"}
    assert {key: str(contacts[0][key]) for key in row.keys() - mapped} == {key: row[key] for key in row.keys() - mapped}
