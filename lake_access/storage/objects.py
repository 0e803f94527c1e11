"""What the lake needs of an object store, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol


@dataclass(frozen=True)
class StoredObject:
    """An object's key below the lake's root, and its size in bytes."""

    key: str
    size: int


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

    def address(self, key: str) -> str:
        """Where a table or query finds the key: a path or an `s3://` address."""

    def check_writable(self) -> None:
        """Try whether objects can be written, and leave nothing behind.

        Raises:
            StorageError: they cannot.
        """

    def access(self) -> S3Access | None:
        """What DuckDB and PyArrow need to reach these addresses; None for plain paths."""
