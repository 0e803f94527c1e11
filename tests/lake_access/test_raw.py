"""What lands is kept byte for byte, once, and never changes; what is not whole does not land at all."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pytest

from lake_access import raw
from lake_access.errors import LandingRefusedError, StorageError
from lake_access.lake import Lake
from lake_access.raw import Landing, batch_of, land, landed_again, list_batches, read_blocks
from tests.lake_access import lakes
from tests.lake_access.full_disk import largest_file
from tests.lake_access.lakes import NOW, land_bytes, land_lines, touch

LINES = b'{"a": 1}\r\n\n  {"b": "\xc3\xa9"}\n\xff not text\nno newline at its end'


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def zstandard(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


def objects(lake: Lake) -> dict[str, bytes]:
    return {stored.key: lake.store.read_bytes(stored.key) or b"" for stored in lake.store.list("raw/")}


def received(lake: Lake, landing: Landing) -> bytes:
    return b"".join(read_blocks(lake.store, lakes.batch_of(landing), 1 << 20))


@pytest.mark.parametrize("written", [bytes, gzipped, zstandard])
def test_bytes_stay_as_received_however_they_were_compressed(written: Callable[[bytes], bytes], lake: Lake) -> None:
    landing = land_bytes(lake, "webinar", written(LINES))

    assert received(lake, landing) == LINES
    assert (landing.lines, landing.bytes) == (5, len(LINES))


def test_members_and_frames_one_after_another_are_one_file(lake: Lake) -> None:
    two_members = land_bytes(lake, "webinar", gzipped(b'{"a":1}\n') + gzipped(b'{"a":2}\n'))
    two_frames = land_bytes(lake, "webinar", zstandard(b'{"b":1}\n') + zstandard(b'{"b":2}\n'))

    assert received(lake, two_members) == b'{"a":1}\n{"a":2}\n'
    assert received(lake, two_frames) == b'{"b":1}\n{"b":2}\n'


def test_a_key_says_stream_day_moment_content_and_history(lake: Lake) -> None:
    at = datetime(2025, 3, 1, 0, 30, 1, 5, tzinfo=timezone(timedelta(hours=2)))

    batch = lakes.batch_of(land_bytes(lake, "webinar", LINES, at=at, history=True))

    digest = hashlib.sha256(LINES).hexdigest()
    assert batch.batch_id == f"20250228T223001000005Z-{digest[:16]}-history"
    assert batch.key == f"raw/webinar/dt=2025-02-28/{batch.batch_id}.jsonl.zst"
    assert (batch.landed_at, batch.history) == (at.astimezone(UTC), True)
    assert batch_of(batch.key) == batch
    assert list_batches(lake.store, "webinar") == [batch]


def test_beside_the_batch_stands_what_landed(lake: Lake) -> None:
    landing = land_bytes(lake, "webinar", LINES)

    digest = hashlib.sha256(LINES).hexdigest()
    record = json.loads(objects(lake)[f"raw/webinar/landed/{digest}.json"])
    batch = lakes.batch_of(landing)
    assert record == {"batch": batch.key, "sha256": digest, "lines": 5, "bytes": len(LINES)}


def test_the_same_content_lands_once_whatever_its_name_time_and_compression(lake: Lake) -> None:
    first = land_bytes(lake, "webinar", LINES)
    before = objects(lake)

    again = [
        land_bytes(lake, "webinar", gzipped(LINES), at=NOW + timedelta(days=1)),
        land_bytes(lake, "webinar", LINES, history=True),
    ]

    assert not first.already_landed
    assert all(landing.already_landed and landing.batch == first.batch for landing in again)
    assert objects(lake) == before


def test_the_same_content_in_another_stream_is_another_batch(lake: Lake) -> None:
    land_bytes(lake, "webinar", LINES)

    assert not land_bytes(lake, "roadshow", LINES).already_landed
    assert len(list_batches(lake.store, "webinar")) == len(list_batches(lake.store, "roadshow")) == 1


def test_a_landing_that_ended_before_its_batch_is_finished_by_the_next(lake: Lake) -> None:
    first = lakes.batch_of(land_bytes(lake, "webinar", LINES))
    (Path(lake.settings.lake) / first.key).unlink()

    again = land_bytes(lake, "webinar", LINES, at=NOW + timedelta(hours=1))

    assert (again.batch, again.already_landed) == (first, False)
    assert received(lake, again) == LINES


@pytest.mark.parametrize("content", [b"", gzipped(b""), zstandard(b"")])
def test_a_file_without_lines_lands_nothing(content: bytes, lake: Lake) -> None:
    landing = land_bytes(lake, "webinar", content)

    assert (landing.batch, landing.lines) == (None, 0)
    assert objects(lake) == {}


def cut(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


def bent(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


def with_rubbish(content: bytes) -> bytes:
    return content + b"rubbish behind its end"


LONG = b"".join(b"%d %s\n" % (n, hashlib.sha256(b"%d" % n).hexdigest().encode()) for n in range(3_000))


# A Zstandard frame may come without a checksum, and then no reader can tell that a byte of it changed.
@pytest.mark.parametrize(
    ("written", "damaged"),
    [(gzipped, cut), (gzipped, bent), (gzipped, with_rubbish), (zstandard, cut), (zstandard, with_rubbish)],
)
def test_a_damaged_file_is_refused_whole_with_its_name(
    written: Callable[[bytes], bytes], damaged: Callable[[bytes], bytes], lake: Lake
) -> None:
    with pytest.raises(LandingRefusedError, match=r"lines\.jsonl: truncated or corrupt") as refused:
        land_bytes(lake, "webinar", damaged(written(LONG)))

    assert "nothing of it was taken" in str(refused.value)
    assert objects(lake) == {}


def test_a_small_file_that_would_fill_the_disk_is_refused(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "FREE_EXPANSION", 1 << 20)

    with pytest.raises(LandingRefusedError, match="expands to more than 200 times its size"):
        land_bytes(lake, "webinar", zstandard(b" " * (8 << 20)))

    assert objects(lake) == {}


def test_a_file_that_expands_well_lands_up_to_the_ratio(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(raw, "FREE_EXPANSION", 1)

    assert land_bytes(lake, "webinar", gzipped(LONG)).lines == 3_000


def test_content_that_landed_in_full_size_is_read_back_however_well_it_compresses(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "FREE_EXPANSION", 1 << 20)
    content = b'{"a": 1}\n' * (8 << 20 >> 3)
    landing = land_bytes(lake, "webinar", content)
    assert len(content) > 200 * len(objects(lake)[lakes.batch_of(landing).key])

    assert hashlib.sha256(received(lake, landing)).digest() == hashlib.sha256(content).digest()
    assert land_bytes(lake, "webinar", content).already_landed


def test_a_disk_that_is_full_is_no_fault_of_the_file(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "long.jsonl"
    file.write_bytes(LONG)

    with largest_file(10_000), pytest.raises(StorageError, match=r"no space for .*long\.jsonl while it is compressed"):
        land(lake.store, "webinar", file, NOW)

    assert objects(lake) == {}
    assert received(lake, land(lake.store, "webinar", file, NOW)) == LONG


@pytest.mark.parametrize("file", ["missing.jsonl", "."])
def test_what_is_no_file_is_refused_with_its_name(file: str, lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(LandingRefusedError, match="cannot be read"):
        land(lake.store, "webinar", tmp_path / file, NOW)

    assert objects(lake) == {}


def test_progress_adds_up_to_the_bytes(lake: Lake, tmp_path: Path) -> None:
    file = tmp_path / "long.jsonl"
    file.write_bytes(LONG)
    told: list[int] = []

    landing = land(lake.store, "webinar", file, NOW, progress=told.append)

    assert sum(told) == landing.bytes == len(LONG)


def test_batches_are_listed_by_the_moment_of_their_landing(lake: Lake) -> None:
    hours = [5, 1, 30, 2]
    for hour in hours:
        land_lines(lake, "webinar", touch(n=hour), at=NOW + timedelta(hours=hour))
    Path(lake.settings.lake, "raw/webinar/dt=2026-01-01").mkdir()
    Path(lake.settings.lake, "raw/webinar/dt=2026-01-01/notes.txt").touch()

    landed = [batch.landed_at for batch in list_batches(lake.store, "webinar")]

    assert landed == [NOW + timedelta(hours=hour) for hour in sorted(hours)]


@pytest.mark.parametrize("key", ["raw/webinar/x.jsonl.zst", "raw/webinar/landed/ab.json", "../../etc/passwd"])
def test_what_is_no_batchs_key_names_no_batch(key: str) -> None:
    with pytest.raises(LandingRefusedError, match="not the key of a raw batch"):
        batch_of(key)


# --- what has become corrupt lands again ---------------------------------------------------------------------------


def spoil(lake: Lake, landing: Landing, damage: Callable[[bytes], bytes]) -> dict[str, bytes]:
    """Change the batch's object as a failing disk would; all objects afterwards."""
    file = Path(lake.settings.lake) / lakes.batch_of(landing).key
    file.write_bytes(damage(file.read_bytes()))
    return objects(lake)


def with_other_bytes(_content: bytes) -> bytes:
    return zstandard(b'{"b": 2}\n')


def emptied(_content: bytes) -> bytes:
    return b""


@pytest.mark.parametrize("damage", [cut, with_rubbish, with_other_bytes, emptied])
@pytest.mark.parametrize("hours", [0, 1])
def test_a_corrupt_batch_lands_again_as_another_and_stays_as_it_is(
    damage: Callable[[bytes], bytes], hours: int, lake: Lake
) -> None:
    first = land_bytes(lake, "webinar", LINES)
    spoilt = spoil(lake, first, damage)

    again = land_bytes(lake, "webinar", gzipped(LINES), at=NOW + timedelta(hours=hours))
    third = land_bytes(lake, "webinar", LINES, at=NOW + timedelta(days=1))

    old, new = lakes.batch_of(first), lakes.batch_of(again)
    assert (again.already_landed, again.replaces, third.already_landed, third.batch) == (False, old, True, new)
    assert new.landed_at == max(NOW + timedelta(hours=hours), NOW + timedelta(microseconds=1))
    assert received(lake, again) == LINES
    assert spoilt.items() <= objects(lake).items()
    assert (landed_again(old, [old, new]), landed_again(new, [old, new])) == (True, False)


def test_what_landed_again_and_became_corrupt_lands_a_third_time(lake: Lake) -> None:
    landings = [land_bytes(lake, "webinar", LINES)]
    for _ in range(2):
        spoilt = spoil(lake, landings[-1], emptied)
        landings.append(land_bytes(lake, "webinar", LINES))
        assert spoilt.items() <= objects(lake).items()

    assert received(lake, landings[-1]) == LINES
    assert len(list_batches(lake.store, "webinar")) == 3


def test_a_second_landing_that_ended_before_its_batch_is_finished_by_the_next(lake: Lake) -> None:
    spoil(lake, land_bytes(lake, "webinar", LINES), emptied)
    again = lakes.batch_of(land_bytes(lake, "webinar", LINES))
    (Path(lake.settings.lake) / again.key).unlink()

    third = land_bytes(lake, "webinar", LINES, at=NOW + timedelta(days=1))

    assert (third.batch, third.already_landed) == (again, False)
    assert received(lake, third) == LINES


def test_two_at_once_land_a_corrupt_batch_again_as_one(lake: Lake) -> None:
    spoil(lake, land_bytes(lake, "webinar", LINES), emptied)
    together = threading.Barrier(4)

    def again(seconds: int) -> Landing:
        together.wait()
        return land_bytes(lake, "webinar", LINES, at=NOW + timedelta(seconds=seconds))

    with ThreadPoolExecutor(4) as pool:
        landings = list(pool.map(again, range(1, 5)))

    assert len({landing.batch for landing in landings}) == 1
    assert len(list_batches(lake.store, "webinar")) == 2
    assert received(lake, landings[0]) == LINES


def test_content_whose_reservation_is_corrupt_lands_under_the_next(lake: Lake) -> None:
    first = land_bytes(lake, "webinar", LINES)
    reservation = Path(lake.settings.lake, "raw/webinar/landed", f"{hashlib.sha256(LINES).hexdigest()}.json")
    reservation.write_bytes(reservation.read_bytes()[:20])

    again = land_bytes(lake, "webinar", LINES, at=NOW + timedelta(hours=1))

    assert again.batch != first.batch
    assert received(lake, again) == LINES
    assert land_bytes(lake, "webinar", LINES).batch == again.batch


def test_a_batch_that_cannot_be_read_now_is_not_taken_for_corrupt(lake: Lake) -> None:
    file = Path(lake.settings.lake) / lakes.batch_of(land_bytes(lake, "webinar", LINES)).key
    file.unlink()
    file.mkdir()

    with pytest.raises(StorageError, match="cannot be read"):
        land_bytes(lake, "webinar", LINES, at=NOW + timedelta(hours=1))

    assert len(objects(lake)) == 1
