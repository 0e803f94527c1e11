"""DuckDB connections as the lake uses them: limits from the settings, times in UTC, nothing fetched at run time."""

from __future__ import annotations

import duckdb

from lake_access.errors import SettingsError
from lake_access.settings import Settings


def open_connection(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A database in memory that spills to the home's `spill` folder when it passes its memory limit.

    Raises:
        SettingsError: a limit that DuckDB refuses.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": False,
        "temp_directory": str((settings.home / "spill").absolute()),
    }
    if settings.environment.threads is not None:
        config["threads"] = settings.environment.threads
    if settings.environment.memory is not None:
        config["memory_limit"] = settings.environment.memory
    try:
        connection = duckdb.connect(":memory:", config=config)
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        connection.execute("SET enable_progress_bar = false")
        return connection
    except duckdb.Error as exc:
        raise SettingsError(f"environment: LEADLAKE_MEMORY or LEADLAKE_THREADS: DuckDB refuses it ({exc}).") from exc
