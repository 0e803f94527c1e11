"""CRM exports and mappings for the tests of the import: written to a folder, imported from it, or refused."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lake_access.crm_import import ImportedStreams, write_events
from lake_access.crm_mapping import CrmMapping, load_mapping
from lake_access.errors import ImportRefusedError

MAPPING = """
[identity]
lead_key = "id"
email = "mail"
[time]
column = "at"
[source]
column = "from"
text = "unknown"
[fields]
location = "city"
[outcome]
column = "status"
converted = ["won"]
not_converted = ["lost"]
ignore = ["open"]
value = "amount"
[attributes]
columns = ["age", "note"]
[numbers]
columns = ["age"]
"""
HEADER = "id,mail,at,from,city,status,amount,age,note"
ROW = "7,ann@example.com,2025-01-31T10:00:00Z,fair,Köln,won,12.5,44,calls back"
SMALL = '[identity]\nlead_key = "id"\n[time]\ncolumn = "at"\n[source]\ntext = "crm"\n'


def mapping_of(text: str) -> CrmMapping:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mapping.toml"
        path.write_text(text, encoding="utf-8")
        return load_mapping(path)


def imported(mapping: str, folder: Path, *files: Path) -> tuple[ImportedStreams, list[Any], list[Any]]:
    streams = write_events(mapping_of(mapping), files, folder)
    contacts = [json.loads(line) for line in streams.crm.read_bytes().splitlines()]
    outcomes = [json.loads(line) for line in streams.outcomes.read_bytes().splitlines()] if streams.outcomes else []
    return streams, contacts, outcomes


def csv_file(folder: Path, *lines: str, name: str = "export.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))
    return path


def refusal(mapping: str, folder: Path, *files: Path) -> str:
    """The message of a refused import, which leaves nothing beside the files themselves."""
    before = sorted(folder.iterdir())
    with pytest.raises(ImportRefusedError) as refused:
        write_events(mapping_of(mapping), files, folder)
    assert sorted(folder.iterdir()) == before
    return str(refused.value)


def parquet_file(folder: Path, **columns: object) -> Path:
    path = folder / "export.parquet"
    pq.write_table(pa.table(columns), path, row_group_size=2)
    return path
