"""DuckDB connections as the lake uses them: limits from the settings, times in UTC, nothing fetched at run time."""

from __future__ import annotations

import os
import threading
import uuid
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import duckdb

from lake_access.errors import SettingsError, StorageError
from lake_access.settings import Settings
from lake_access.storage import ObjectStore, S3Access

# How the folders in the home begin that databases spill to: the id of the database's process follows.
SPILL = "spill-"
# What DuckDB's S3 extension copies from the environment when it is loaded, for any query to read as a setting.
_COPIED_CREDENTIALS = ("s3_access_key_id", "s3_secret_access_key", "s3_session_token")


def open_connection(settings: Settings) -> duckdb.DuckDBPyConnection:
    """A database in memory that spills to a folder of its own in the home when it passes its memory limit.

    Raises:
        SettingsError: a limit that DuckDB refuses.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "allow_persistent_secrets": False,
        "preserve_insertion_order": False,
        "temp_directory": str(_spill_folder(settings)),
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


def _spill_folder(settings: Settings) -> Path:
    """A folder for one database; in a common one they would write over each other's files, which are named alike.

    DuckDB makes it when it first spills, and removes it when the database closes.
    """
    return settings.home.absolute() / f"{SPILL}{os.getpid()}-{uuid.uuid4().hex[:12]}"


@dataclass
class StoreAccess:
    """A database's way to the files of a store; for S3 a DuckDB secret, which lives and ends with the database."""

    connection: duckdb.DuckDBPyConnection
    store: ObjectStore
    _given: S3Access | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def renew(self) -> None:
        """Hand over the credentials that the store has now, if they are others than before; to call before each use.

        Raises:
            StorageError: there are none.
        """
        access = self.store.access()
        if access is None:
            return
        with self._lock:
            # A cursor of its own: other threads may be reading.
            connection = self.connection.cursor()
            if self._given is None:
                _load_s3(connection, access)
            if self._given != access:
                _create_secret(connection, access)
                self._given = access


def give_access(connection: duckdb.DuckDBPyConnection, store: ObjectStore) -> StoreAccess:
    """Let the database read and write the addresses of the store, where that takes more than a path.

    Raises:
        StorageError: the store's credentials are gone.
    """
    access = StoreAccess(connection, store)
    access.renew()
    return access


def _load_s3(connection: duckdb.DuckDBPyConnection, access: S3Access) -> None:
    """Load DuckDB's S3 extension, which is signed and comes as a package: nothing is downloaded."""
    version = duckdb.__version__
    extension = files("duckdb_extension_httpfs").joinpath("extensions", f"v{version}", "httpfs.duckdb_extension")
    try:
        connection.load_extension(str(extension))
    except duckdb.Error as exc:
        raise StorageError(
            f"DuckDB {version} cannot load its S3 extension; install duckdb-extension-httpfs=={version}."
        ) from exc
    for setting in _COPIED_CREDENTIALS:
        connection.execute(f"SET GLOBAL {setting} = ''")
    # A data file is written once, under a name of its own: what is known of it stays true.
    connection.execute("SET GLOBAL enable_http_metadata_cache = true")
    connection.execute("SET GLOBAL validate_external_file_cache = 'NO_VALIDATION'")
    connection.execute("SET GLOBAL parquet_metadata_cache = true")
    if access.authorities is not None:
        connection.execute("SET GLOBAL ca_cert_file = $1", [access.authorities])


def _create_secret(connection: duckdb.DuckDBPyConnection, access: S3Access) -> None:
    values: dict[str, str | bool] = {
        "scope": f"s3://{access.bucket}/",
        "key_id": access.key_id,
        "secret": access.secret,
        "session_token": access.token or "",
        "region": access.region,
        # A dot in a bucket's name fits no wildcard certificate; other makers' stores know buckets as paths alone.
        "url_style": "path" if access.endpoint is not None or "." in access.bucket else "vhost",
    }
    if access.endpoint is not None:
        address = urlsplit(access.endpoint)
        values |= {"endpoint": f"{address.netloc}{address.path.rstrip('/')}", "use_ssl": address.scheme == "https"}
    options = ", ".join(f"{name} ${name}" for name in values)
    connection.execute(f"CREATE OR REPLACE TEMPORARY SECRET store (TYPE s3, {options})", values)
