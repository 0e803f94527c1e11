"""The Iceberg catalog, in a database or AWS Glue: opening it, and bringing its tables up to the declarations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

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
from pyiceberg.transforms import IdentityTransform, MonthTransform, Transform, YearTransform
from pyiceberg.typedef import Properties
from pyiceberg.types import NestedField
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from lake_access.database import database_address
from lake_access.errors import ConflictError, SettingsError, StorageError
from lake_access.iceberg.file_io import file_properties
from lake_access.iceberg.tables import TableDefinition
from lake_access.settings import Settings
from lake_access.storage import ObjectStore
from lake_access.storage.aws_errors import aws_errors, sentence_for

CONTRADICTION_REMEDY = "set it back in leadlake.toml, or build a new lake from the raw events."
# A retry inside PyIceberg would lay this commit upon another writer's, unread; a build must read again and decide.
_TABLE_PROPERTIES = {
    "commit.retry.num-retries": "0",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    "write.metadata.metrics.default": "none",
}


def open_catalog(settings: Settings, store: ObjectStore) -> Catalog:
    """The catalog in `settings.database`; what it needs there is made on first use.

    - `sqlite:///…`: a file, for one machine.
    - `postgresql://…`, `postgres://…` or `postgresql+psycopg://…`: PostgreSQL, by psycopg 3.
    - `glue`: AWS Glue, in the account and region of boto3's session; `glue://ID`: the catalog with this id there.
      Its databases are called as the lake's namespaces are (`curated`, …), so that one such catalog holds one lake.

    Raises:
        SettingsError: an address of another kind.
        StorageError: the database cannot be reached.
    """
    database = settings.database
    properties = {"warehouse": f"{settings.lake}/warehouse", **file_properties(store)}
    if database == "glue" or database.startswith("glue://"):
        return _open_glue(database, properties)
    properties |= {"uri": database_address(database), "pool_pre_ping": "true", "init_catalog_tables": "false"}
    with translated("the lake's catalog"):
        catalog = SqlCatalog("leadlake", **properties)
        try:
            catalog.create_tables()
        except SQLAlchemyError:
            # Of two processes that find a database empty, both make the catalog's tables, and one fails.
            catalog.create_tables()
        return catalog


def load_table(catalog: Catalog, name: str) -> Table | None:
    """The table as it stands now, or None while it does not exist.

    Raises:
        SettingsError: the catalog's table belongs to a lake at another place.
    """
    with translated(name):
        try:
            table = catalog.load_table(name)
        except (NoSuchTableError, NoSuchNamespaceError):
            return None
    warehouse = catalog.properties["warehouse"]
    # A folder can have two names; a bucket cannot.
    if "s3://" in (warehouse[:5], table.location()[:5]) and not table.location().startswith(f"{warehouse}/"):
        raise SettingsError(
            f"{name}: the catalog's table lies at {table.location()}, which is not below {warehouse}; correct "
            "LEADLAKE_LAKE, or give this lake a LEADLAKE_DATABASE of its own."
        )
    return table


def load_tables(catalog: Catalog, names: Iterable[str]) -> dict[str, Table]:
    """Those of these tables that exist, as they stand now.

    Raises:
        SettingsError: a table belongs to a lake at another place.
    """
    return {name: table for name in names if (table := load_table(catalog, name)) is not None}


def ensure_table(catalog: Catalog, definition: TableDefinition, location: str) -> Table:
    """The table, made where it is missing, with a column added for each one declared since.

    Raises:
        SettingsError: a field is declared with another type than the table's column has.
    """
    table = load_table(catalog, definition.name)
    if table is None:
        table = _create(catalog, definition, location)
    for contradiction in contradicted_columns(table, definition):
        raise SettingsError(f"{contradiction}; {CONTRADICTION_REMEDY}")
    missing = [name for name in definition.columns if name not in table.schema().column_names]
    if missing:
        with translated(definition.name), table.update_schema() as update:
            for name in missing:
                update.add_column(name, definition.columns[name])
    return table


def contradicted_columns(table: Table, definition: TableDefinition) -> list[str]:
    """The columns of the table that have another type than is declared now: of each, which types."""
    return [
        f'{definition.name}: "{column.name}" is declared as {definition.columns[column.name]}, and the table has it as '
        f"{column.field_type}"
        for column in table.schema().columns
        if definition.columns.get(column.name, column.field_type) != column.field_type
    ]


def _open_glue(database: str, properties: Properties) -> Catalog:
    if not properties["warehouse"].startswith("s3://"):
        raise SettingsError("environment: LEADLAKE_DATABASE=glue needs LEADLAKE_LAKE=s3://bucket/prefix.")
    # Whoever has no Glue does without boto3, which takes a fifth of a second to import.
    from lake_access.iceberg.glue import open_glue

    return open_glue(database.removeprefix("glue").removeprefix("://"), properties)


def _create(catalog: Catalog, definition: TableDefinition, location: str) -> Table:
    fields = [
        NestedField(number, name, kind, required=False)
        for number, (name, kind) in enumerate(definition.columns.items(), 1)
    ]
    schema = Schema(*fields)
    spec = _partition_spec(definition, schema)
    partitioned_by = [name for name in (definition.partition, definition.apart) if name is not None]
    metrics = {f"write.metadata.metrics.column.{name}": "full" for name in partitioned_by}
    properties = {**_TABLE_PROPERTIES, **metrics}
    namespace, _ = definition.name.split(".")
    with translated(definition.name):
        with suppress(NamespaceAlreadyExistsError, IntegrityError):
            catalog.create_namespace(namespace)
        try:
            return catalog.create_table(definition.name, schema, location, spec, properties=properties)
        except TableAlreadyExistsError:
            return catalog.load_table(definition.name)


def _partition_spec(definition: TableDefinition, schema: Schema) -> PartitionSpec:
    if definition.partition is None:
        return PartitionSpec()
    unit = definition.partition_by
    transform: Transform[Any, Any] = MonthTransform() if unit == "month" else YearTransform()
    source = schema.find_field(definition.partition).field_id
    fields = [PartitionField(source, 1000, transform, f"{definition.partition}_{unit}")]
    if definition.apart is not None:
        source = schema.find_field(definition.apart).field_id
        fields.append(PartitionField(source, 1001, IdentityTransform(), definition.apart))
    return PartitionSpec(*fields)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Errors of the catalog and its database as the lake's own, naming what they happened to."""
    try:
        with aws_errors(what):
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
        refused = re.search(r"AWS Error (\w+)", str(exc))
        sentence = sentence_for(refused[1]) if refused else None
        reason = sentence or f"cannot be read or written ({exc.strerror or _first_line(exc)})"
        raise StorageError(f"{what}: {reason}.") from exc


def _first_line(exc: BaseException) -> str:
    """The error's first line, without a password that an address in it may hold."""
    return re.sub(r"://[^@\s/]+@", "://…@", str(exc).split("\n", 1)[0])
