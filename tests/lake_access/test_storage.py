"""A folder as an object store, beside what it shares with S3: a put ends whole or leaves no object."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from lake_access.errors import StorageError
from lake_access.storage.local import INCOMING, LocalStore
from tests.lake_access.full_disk import largest_file


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "lake")


@pytest.fixture
def content(tmp_path: Path) -> Path:
    file = tmp_path / "content"
    file.write_bytes(b"some bytes")
    return file


def test_what_a_killed_put_left_is_no_object(store: LocalStore, content: Path) -> None:
    store.put_if_absent("raw/webinar/a", content)
    (store.root / "raw/webinar" / f"{INCOMING}x7").write_bytes(b"half of some by")

    assert [stored.key for stored in store.list("raw/")] == ["raw/webinar/a"]


def test_a_put_leaves_nothing_beside_the_object(store: LocalStore, content: Path) -> None:
    for _ in range(2):
        store.put_if_absent("raw/a", content)

    assert [entry.name for entry in (store.root / "raw").iterdir()] == ["a"]


def test_an_object_is_readable_by_its_owner_alone(store: LocalStore, content: Path) -> None:
    store.put_if_absent("raw/a", content)

    assert stat.S_IMODE((store.root / "raw/a").stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_made_is_told_with_its_name(tmp_path: Path, content: Path) -> None:
    (tmp_path / "lake").write_text("a file where the lake should be", encoding="utf-8")

    with pytest.raises(StorageError, match="cannot be written"):
        LocalStore(tmp_path / "lake").put_if_absent("raw/webinar/a", content)


def test_a_content_that_cannot_be_read_leaves_nothing(store: LocalStore, tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        store.put_if_absent("raw/a", tmp_path / "missing")

    assert list(store.list("raw/")) == []
    assert not any((store.root / "raw").iterdir())


def test_a_disk_that_gets_full_leaves_no_object_and_no_half(store: LocalStore, content: Path) -> None:
    content.write_bytes(b"x" * 300_000)

    with largest_file(100_000), pytest.raises(StorageError, match=r"raw/a: cannot be written \(File too large\)"):
        store.put_if_absent("raw/a", content)

    assert not any((store.root / "raw").iterdir())
    assert store.put_if_absent("raw/a", content)
    assert store.read_bytes("raw/a") == content.read_bytes()


def test_a_lake_that_does_not_exist_yet_has_no_objects(store: LocalStore) -> None:
    assert list(store.list("raw/webinar/")) == []
    assert store.read_bytes("raw/a") is None
