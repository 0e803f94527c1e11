"""The object store under the lake: write once, read, list — in a local folder or on S3."""

from __future__ import annotations

from pathlib import Path

from lake_access.errors import SettingsError
from lake_access.settings import Settings
from lake_access.storage.local import LocalStore
from lake_access.storage.objects import ObjectStore, S3Access, StoredObject

__all__ = ["LocalStore", "ObjectStore", "S3Access", "StoredObject", "open_store"]


def open_store(settings: Settings) -> ObjectStore:
    """The store at the lake's root: a folder, or `s3://bucket/prefix`.

    A folder need not exist yet. A bucket must: its first request says whether it can be reached.

    Raises:
        SettingsError: the root is of another kind, or no possible bucket or prefix.
        StorageError: S3 cannot be reached, there is no such bucket, or the credentials do not open it.
    """
    root = settings.lake
    if "://" not in root:
        return LocalStore(Path(root))
    if not root.startswith("s3://"):
        raise SettingsError(f"environment: LEADLAKE_LAKE: {root}: only a folder or s3://bucket/prefix is known.")
    # A lake in a folder does without boto3, which takes a fifth of a second to import.
    from lake_access.storage.s3 import open_s3_store

    return open_s3_store(root)
