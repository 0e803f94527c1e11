"""What the lake needs of an object store, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from lake_access.errors import RefusedError

RAW = "raw/"


@dataclass(frozen=True)
class StoredObject:
    """An object's key below the lake's root, its size in bytes, and when it was written, as the store tells it."""

    key: str
    size: int
    modified_at: datetime


@dataclass(frozen=True)
class S3Access:
    """What DuckDB and PyArrow need to reach a bucket, as boto3's session has it at this moment.

    `endpoint` has its scheme, and is None for AWS itself; `authorities` is a file of certificates to trust.
    """

    bucket: str
    region: str
    key_id: str
    secret: str = field(repr=False)
    token: str | None = field(repr=False)
    endpoint: str | None = None
    authorities: str | None = None


class ObjectStore(Protocol):
    """What the lake needs of a store; a key is relative to the lake's root and has slashes."""

    def put_if_absent(self, key: str, content: Path) -> bool:
        """Store a copy of the file under this key, whole or not at all; False, and no change, if the key is taken."""

    def read_bytes(self, key: str) -> bytes | None:
        """The object's bytes, or None where there is no such key."""

    def open(self, key: str) -> BinaryIO:
        """The object for reading from its start."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """The objects below a folder (a key that ends with a slash), in the order of their keys."""

    def delete(self, key: str) -> None:
        """Remove an object; one that is gone already is no error.

        Raises:
            RefusedError: the key is a raw event's.
            StorageError: it cannot be removed.
        """

    def erase_raw(self, key: str) -> None:
        """Remove a raw event's object, with its earlier versions where the store keeps any: when a person is forgotten.

        Raises:
            StorageError: it cannot be removed.
        """

    def erase_earlier_versions(self, prefix: str) -> None:
        """Remove what the store keeps, below a folder, of objects that are deleted or were replaced.

        Raises:
            StorageError: it cannot be listed or removed.
        """

    def leftovers(self) -> Iterator[StoredObject]:
        """What puts that were cut short have left and `list` does not show; `delete` removes it too."""

    def address(self, key: str) -> str:
        """Where a table or query finds the key: a path or an `s3://` address."""

    def check_writable(self) -> None:
        """Try whether objects can be written, and leave nothing behind.

        Raises:
            StorageError: they cannot.
        """

    def access(self) -> S3Access | None:
        """What DuckDB and PyArrow need to reach these addresses; None for plain paths."""


def refuse_raw(key: str) -> None:
    """Raw events are immutable: no store removes one, but to forget a person.

    Raises:
        RefusedError: the key is a raw event's.
    """
    if key.startswith(RAW):
        raise RefusedError(f"{key}: raw events are never deleted; nothing was changed.")
