"""PyIceberg's files on S3: with the credentials that the store has at that moment, and metadata read once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from io import BytesIO
from urllib.parse import urlsplit

from pyarrow.fs import AwsStandardS3RetryStrategy, FileSystem, S3FileSystem
from pyiceberg.io import PY_IO_IMPL, InputFile, InputStream
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.typedef import EMPTY_DICT, Properties

from lake_access.storage import ObjectStore, S3Access

FILES = "leadlake.files"
CONNECT_SECONDS = 3
METADATA = (".avro", ".metadata.json")
METADATA_BYTES_KEPT = 64 << 20


@dataclass
class StoreFiles:
    """The store as PyIceberg sees it, shared by all tables of a catalog."""

    store: ObjectStore
    _opened: tuple[S3Access, FileSystem] | None = None
    _metadata: dict[str, bytes] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def filesystem(self) -> FileSystem:
        """The store for PyArrow; a new one where the credentials have rotated."""
        access = self.store.access()
        assert access is not None  # noqa: S101  (these files are on S3 alone)
        with self._lock:
            if self._opened is None or self._opened[0] != access:
                self._opened = access, _open_filesystem(access)
            return self._opened[1]

    def metadata(self, address: str) -> bytes:
        """A file of a table's metadata. Each is written once, under a name of its own, so that it is read once too.

        Raises:
            FileNotFoundError: it is gone.
        """
        with self._lock:
            content = self._metadata.get(address)
        if content is not None:
            return content
        content = self.store.read_bytes(address.removeprefix(self.store.address("")))
        if content is None:
            raise FileNotFoundError(address)
        with self._lock:
            self._metadata[address] = content
            while sum(map(len, self._metadata.values())) > METADATA_BYTES_KEPT:
                del self._metadata[next(iter(self._metadata))]
        return content


class MetadataFile(InputFile):
    """A file of metadata as PyIceberg reads it."""

    def __init__(self, location: str, files: StoreFiles) -> None:
        super().__init__(location)
        self._files = files

    def __len__(self) -> int:
        return len(self._files.metadata(self.location))

    def exists(self) -> bool:
        try:
            self._files.metadata(self.location)
        except FileNotFoundError:
            return False
        return True

    def open(self, seekable: bool = True) -> InputStream:  # noqa: ARG002  (PyIceberg's signature)
        return BytesIO(self._files.metadata(self.location))


class StoreFileIO(PyArrowFileIO):
    """PyIceberg makes one for each table that it loads; what they share is in the catalog's properties."""

    def __init__(self, properties: Properties = EMPTY_DICT) -> None:
        super().__init__(properties)
        self._files: StoreFiles = properties[FILES]
        self.fs_by_scheme = lambda _scheme, _bucket: self._files.filesystem()

    def new_input(self, location: str) -> InputFile:  # type: ignore[override]  # (PyIceberg's FileIO asks for no more)
        if location.endswith(METADATA) and location.startswith(self._files.store.address("")):
            return MetadataFile(location, self._files)
        return super().new_input(location)


def file_properties(store: ObjectStore) -> Properties:
    """What a catalog is told of the store; PyIceberg needs nothing for plain paths."""
    if store.access() is None:
        return {}
    return {PY_IO_IMPL: f"{StoreFileIO.__module__}.{StoreFileIO.__name__}", FILES: StoreFiles(store)}


def _open_filesystem(access: S3Access) -> FileSystem:
    address = urlsplit(access.endpoint or "")
    return S3FileSystem(
        access_key=access.key_id,
        secret_key=access.secret,
        session_token=access.token,
        region=access.region,
        scheme=address.scheme or "https",
        endpoint_override=f"{address.netloc}{address.path.rstrip('/')}" or None,
        connect_timeout=CONNECT_SECONDS,
        retry_strategy=AwsStandardS3RetryStrategy(max_attempts=3),
        tls_ca_file_path=access.authorities,
    )
