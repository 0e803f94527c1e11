"""The Iceberg catalog in the lake's database: opening it, and bringing its tables up to the declarations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.exceptions import (
    CommitFailedException,
    NamespaceAlreadyExistsError,
    NoSuchNamespaceError,
    NoSuchTableError,
    TableAlreadyExistsError,
    ValidationException,
)
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.transforms import MonthTransform
from pyiceberg.types import NestedField
from sqlalchemy.exc import SQLAlchemyError

from lake_access.errors import ConflictError, SettingsError, StorageError
from lake_access.iceberg.tables import TableDefinition
from lake_access.settings import Settings

# A retry inside PyIceberg would lay this commit upon another writer's, unread; a build must read again and decide.
_TABLE_PROPERTIES = {
    "commit.retry.num-retries": "0",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    "write.metadata.metrics.default": "none",
}


def open_catalog(settings: Settings) -> Catalog:
    """The catalog in `settings.database`; an SQLite file is made on first use.

    Raises:
        StorageError: the database cannot be reached.
    """
    database = settings.database
    if database.startswith("sqlite:///"):
        Path(database.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    elif not database.startswith("postgresql"):
        raise SettingsError(
            "environment: LEADLAKE_DATABASE: only sqlite:/// and postgresql+psycopg:// addresses are known."
        )
    with translated("the lake's catalog"):
        return SqlCatalog("leadlake", uri=database, warehouse=f"{settings.lake}/warehouse")


def load_table(catalog: Catalog, name: str) -> Table | None:
    """The table as it stands now, or None while it does not exist."""
    with translated(name):
        try:
            return catalog.load_table(name)
        except (NoSuchTableError, NoSuchNamespaceError):
            return None


def ensure_table(catalog: Catalog, definition: TableDefinition, location: str) -> Table:
    """The table, made where it is missing, with a column added for each one declared since."""
    table = load_table(catalog, definition.name)
    if table is None:
        table = _create(catalog, definition, location)
    missing = [name for name in definition.columns if name not in table.schema().column_names]
    if missing:
        with translated(definition.name), table.update_schema() as update:
            for name in missing:
                update.add_column(name, definition.columns[name])
    return table


def _create(catalog: Catalog, definition: TableDefinition, location: str) -> Table:
    fields = [
        NestedField(number, name, kind, required=False)
        for number, (name, kind) in enumerate(definition.columns.items(), 1)
    ]
    schema = Schema(*fields)
    spec, properties = PartitionSpec(), dict(_TABLE_PROPERTIES)
    if definition.partition is not None:
        source = schema.find_field(definition.partition).field_id
        spec = PartitionSpec(PartitionField(source, 1000, MonthTransform(), f"{definition.partition}_month"))
        properties[f"write.metadata.metrics.column.{definition.partition}"] = "full"
    namespace, _ = definition.name.split(".")
    with translated(definition.name):
        with suppress(NamespaceAlreadyExistsError):
            catalog.create_namespace(namespace)
        try:
            return catalog.create_table(definition.name, schema, location, spec, properties=properties)
        except TableAlreadyExistsError:
            return catalog.load_table(definition.name)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Errors of the catalog and its database as the lake's own, naming what they happened to."""
    try:
        yield
    except (CommitFailedException, ValidationException) as exc:
        raise ConflictError(f"{what}: another writer committed first; nothing was changed. Try again.") from exc
    except SQLAlchemyError as exc:
        raise StorageError(
            f"{what}: the database did not answer ({_first_line(exc)}). Check LEADLAKE_DATABASE."
        ) from exc
    except FileNotFoundError as exc:
        raise StorageError(
            f"{what}: a file of the table is gone ({exc.filename or exc}). Restore it, or replay."
        ) from exc
    except OSError as exc:
        raise StorageError(f"{what}: cannot be read or written ({exc.strerror or _first_line(exc)}).") from exc


def _first_line(exc: BaseException) -> str:
    """The error's first line, without a password that an address in it may hold."""
    return re.sub(r"://[^@\s/]+@", "://…@", str(exc).split("\n", 1)[0])
