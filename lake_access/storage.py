"""The object store under the lake: write once, read, list — on a local folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from lake_access.errors import StorageError

INCOMING = ".incoming-"


@dataclass(frozen=True)
class StoredObject:
    """An object's key below the lake's root, and its size in bytes."""

    key: str
    size: int


class ObjectStore(Protocol):
    """What the lake needs of a store; a key is relative to the lake's root and has slashes."""

    def put_if_absent(self, key: str, content: Path) -> bool:
        """Store a copy of the file under this key, whole or not at all; False, and no change, if the key is taken."""

    def read_bytes(self, key: str) -> bytes | None:
        """The object's bytes, or None where there is no such key."""

    def open(self, key: str) -> BinaryIO:
        """The object for reading from its start."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """The objects whose key starts with the prefix (a folder, with a slash at its end)."""

    def address(self, key: str) -> str:
        """Where a table or query finds the key: a path or an `s3://` address."""


class LocalStore:
    """A folder of this machine as an object store."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put_if_absent(self, key: str, content: Path) -> bool:
        target = self.root / key
        if target.exists():
            return False
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, incoming = tempfile.mkstemp(prefix=INCOMING, dir=target.parent)
            try:
                with os.fdopen(handle, "wb") as copy, content.open("rb") as original:
                    shutil.copyfileobj(original, copy, 1 << 20)
                    copy.flush()
                    os.fsync(copy.fileno())
                # A hard link fails where the name is taken: the one step that decides who wrote first.
                os.link(incoming, target)
            finally:
                Path(incoming).unlink()
        except FileExistsError:
            return False
        except OSError as exc:
            raise StorageError(
                f"{target}: cannot be written ({exc.strerror}); check the folder's rights and space."
            ) from exc
        _sync_folder(target.parent)
        return True

    def read_bytes(self, key: str) -> bytes | None:
        try:
            return (self.root / key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise StorageError(f"{self.root / key}: cannot be read ({exc.strerror}).") from exc

    def open(self, key: str) -> BinaryIO:
        try:
            return (self.root / key).open("rb")
        except OSError as exc:
            raise StorageError(f"{self.root / key}: cannot be read ({exc.strerror}).") from exc

    def list(self, prefix: str) -> Iterator[StoredObject]:
        yield from _walk(self.root, self.root / prefix)

    def address(self, key: str) -> str:
        return str(self.root / key)


def _walk(root: Path, folder: Path) -> Iterator[StoredObject]:
    if not folder.is_dir():
        return
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _walk(root, Path(entry.path))
        elif not entry.name.startswith(INCOMING):
            yield StoredObject(Path(entry.path).relative_to(root).as_posix(), entry.stat().st_size)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
