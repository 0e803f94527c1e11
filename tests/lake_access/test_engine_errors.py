"""DuckDB's errors: a sentence with a remedy where a user can do something, and never a value of the data."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from lake_access.engine_errors import engine_errors
from lake_access.errors import LeadlakeError, StorageError


def refusal_of(sql: str) -> LeadlakeError:
    with duckdb.connect() as connection, pytest.raises(LeadlakeError) as refused, engine_errors("the build"):
        connection.execute(sql)
    assert "\n" not in str(refused.value)
    return refused.value


def test_a_full_disk_says_to_free_space() -> None:
    refused = refusal_of("COPY (SELECT range FROM range(1000000)) TO '/dev/full' (FORMAT parquet)")

    assert isinstance(refused, StorageError)
    assert str(refused).startswith("the build: ")
    assert str(refused).endswith("Free space, or set LEADLAKE_HOME or LEADLAKE_LAKE to another disk.")


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone.parquet"

    refused = refusal_of(f"SELECT * FROM read_parquet('{gone}')")

    assert isinstance(refused, StorageError)
    assert str(gone) in str(refused)
    assert "The file is gone" in str(refused)


def test_memory_that_ran_out_names_the_setting() -> None:
    small = duckdb.connect(config={"memory_limit": "10MB", "temp_directory": ""})

    with small, pytest.raises(LeadlakeError, match="set LEADLAKE_MEMORY higher"), engine_errors("the build"):
        small.execute("CREATE TABLE much AS SELECT uuid() FROM range(10000000)")


def test_a_value_of_the_data_is_in_no_message() -> None:
    refused = refusal_of("SELECT 'ann@example.com'::INTEGER")

    assert str(refused) == "the build: DuckDB failed (ConversionException); run it again, or report it."


def test_an_interruption_stays_what_it_is() -> None:
    with pytest.raises(duckdb.InterruptException), engine_errors("the build"):
        raise duckdb.InterruptException("INTERRUPT Error: Interrupted!")
