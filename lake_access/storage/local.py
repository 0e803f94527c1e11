"""A folder of this machine as an object store."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from lake_access.errors import StorageError
from lake_access.storage.objects import StoredObject, refuse_raw

INCOMING = ".incoming-"


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
        yield from (stored for stored in _walk(self.root, self.root / prefix) if not _is_incoming(stored.key))

    def delete(self, key: str) -> None:
        if not _is_incoming(key):
            refuse_raw(key)
        self._remove(key)

    def erase_raw(self, key: str) -> None:
        self._remove(key)

    def erase_earlier_versions(self, prefix: str) -> None:
        """A folder keeps none."""

    def _remove(self, key: str) -> None:
        try:
            (self.root / key).unlink(missing_ok=True)
        except OSError as exc:
            raise StorageError(
                f"{self.root / key}: cannot be removed ({exc.strerror}); check the folder's rights."
            ) from exc

    def leftovers(self) -> Iterator[StoredObject]:
        yield from (stored for stored in _walk(self.root, self.root) if _is_incoming(stored.key))

    def address(self, key: str) -> str:
        return str(self.root / key)

    def check_writable(self) -> None:
        existing = next(folder for folder in (self.root, *self.root.parents) if folder.exists())
        try:
            with tempfile.NamedTemporaryFile(prefix=INCOMING, dir=existing):
                pass
        except OSError as exc:
            raise StorageError(
                f"{self.root}: cannot be written ({exc.strerror}); check the folder's rights and space, or set "
                "LEADLAKE_LAKE or LEADLAKE_HOME to another."
            ) from exc

    def access(self) -> None:
        return None


def _walk(root: Path, folder: Path) -> Iterator[StoredObject]:
    if not folder.is_dir():
        return
    # With its slash a folder stands where its keys do: `a-b` comes before `a/b`.
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name + "/" * entry.is_dir()):
        if entry.is_dir():
            yield from _walk(root, Path(entry.path))
            continue
        try:
            found = entry.stat()
        except FileNotFoundError:
            # Another process has removed it meanwhile.
            continue
        modified_at = datetime.fromtimestamp(found.st_mtime, UTC)
        yield StoredObject(Path(entry.path).relative_to(root).as_posix(), found.st_size, modified_at)


def _is_incoming(key: str) -> bool:
    return key.rsplit("/", 1)[-1].startswith(INCOMING)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
