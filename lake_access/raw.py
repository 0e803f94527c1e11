"""The raw layer: files of events landed once, byte for byte, and never touched again.

    raw/<stream>/dt=YYYY-MM-DD/<batch>.jsonl.zst    the lines as received, compressed
    raw/<stream>/landed/<sha256>.json               what landed: its batch, SHA-256, lines and bytes
    raw/<stream>/forgotten/<sha256>.json            there where content was rewritten to forget a person

The second object is written first and reserves the batch for that content. A landing killed between the two finds its
own reservation when repeated, and lands under the same name: landing the same content twice leaves one batch.

No key is ever written twice. Where a batch has become corrupt, its content lands again as another batch, under a
further reservation: `<sha256>.2.json`, and so on.
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from lake_access.errors import LandingRefusedError, StorageError
from lake_access.storage import ObjectStore

BLOCK = 1 << 20
# Text compresses to a tenth or so; past this a small file is made to fill the disk.
MAX_EXPANSION = 200
FREE_EXPANSION = 64 * BLOCK
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
BATCH_KEY = re.compile(
    r"^raw/(?P<stream>[^/]+)/dt=\d{4}-\d\d-\d\d/"
    r"(?P<batch>(?P<landed>\d{8}T\d{12})Z-[0-9a-f]{16}(?P<history>-history)?)\.jsonl\.zst$"
)


@dataclass(frozen=True)
class Batch:
    """One raw object. `history`: its events are a past that was known as it happened, though it landed only now."""

    batch_id: str
    stream: str
    key: str
    landed_at: datetime
    history: bool


@dataclass(frozen=True)
class Landing:
    """What became of one file: its batch (None for a file without lines), and whether its content was there before.

    `replaces` is a batch of the same content that was found to be corrupt.
    """

    file: Path
    batch: Batch | None
    lines: int
    bytes: int
    already_landed: bool
    replaces: Batch | None = None


@dataclass(frozen=True)
class Content:
    """What a file holds, decompressed, and where it lies as Zstandard."""

    compressed: Path
    digest: str
    lines: int
    bytes: int


def land(
    store: ObjectStore,
    stream: str,
    file: Path,
    landed_at: datetime,
    *,
    history: bool = False,
    progress: Callable[[int], None] = lambda _bytes: None,
) -> Landing:
    """Land one file of JSON Lines (plain, gzip or Zstandard) as one raw batch of the stream.

    Content that has landed before is read back: where it has become corrupt, it lands again. `progress` is told the
    bytes read since the last call.

    Raises:
        LandingRefusedError: the file is missing, truncated, corrupt, or expands past a set ratio; nothing was landed.
        StorageError: the lake cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix="leadlake-") as folder:
        content = recompress(file, Path(folder) / "batch.jsonl.zst", progress)
        if content.lines == 0:
            return Landing(file, None, 0, 0, already_landed=False)
        if store.read_bytes(forgotten_key(stream, content.digest)) is not None:
            raise LandingRefusedError(
                f"{file}: holds events of a person who was forgotten; nothing was landed. Take their lines out of it."
            )
        batch, corrupt = new_batch(stream, content, landed_at, history=history), None
        for number in count(1):
            reserved, reserved_before = reserve(store, batch, content, number)
            if reserved is None:
                continue
            written = store.put_if_absent(reserved.key, content.compressed)
            if written or _holds(store, reserved, content):
                already_landed = reserved_before and not written
                return Landing(file, reserved, content.lines, content.bytes, already_landed, corrupt)
            # Another moment is another key, even where the clock stands still.
            later = max(landed_at, reserved.landed_at + timedelta(microseconds=1))
            batch, corrupt = new_batch(stream, content, later, history=history), reserved
    raise AssertionError("reservations are numbered without end")


def forgotten_key(stream: str, digest: str) -> str:
    """What stands in the lake where content with this SHA-256 had landed, and was rewritten to forget a person."""
    return f"raw/{stream}/forgotten/{digest}.json"


def list_batches(store: ObjectStore, stream: str) -> list[Batch]:
    """Every raw batch of the stream, oldest landing first."""
    batches = [batch_of(stored.key) for stored in store.list(f"raw/{stream}/") if BATCH_KEY.match(stored.key)]
    return sorted(batches, key=lambda batch: batch.batch_id)


def batch_of(key: str) -> Batch:
    """The batch that a raw object's key names: everything a build needs stands in the key."""
    found = BATCH_KEY.match(key)
    if found is None:
        raise LandingRefusedError(f"{key}: not the key of a raw batch; land files with `leadlake ingest`.")
    landed_at = datetime.strptime(found["landed"], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    return Batch(found["batch"], found["stream"], key, landed_at, history=found["history"] is not None)


def digest_start(batch: Batch) -> str:
    """The first digits of the SHA-256 of what landed, as the batch's name has them."""
    return batch.batch_id.split("-")[1]


def landed_again(batch: Batch, landed: Iterable[Batch]) -> bool:
    """Whether any of these batches holds the same content and landed later: what stands in for a corrupt one."""
    return any(
        other.stream == batch.stream
        and digest_start(other) == digest_start(batch)
        and other.landed_at > batch.landed_at
        for other in landed
    )


def landed_record(store: ObjectStore, key: str) -> dict[str, Any] | None:
    """What a reservation says: `batch`, `sha256`, `lines`, `bytes`; None where its bytes have become corrupt."""
    try:
        record = json.loads(store.read_bytes(key) or b"")
    except ValueError:
        return None
    if not isinstance(record, dict) or not BATCH_KEY.match(str(record.get("batch"))):
        return None
    return record if all(isinstance(record.get(name), int) for name in ("lines", "bytes")) else None


def read_blocks(store: ObjectStore, batch: Batch, block: int) -> Iterator[bytes]:
    """The batch's bytes as received, in blocks of up to `block` bytes.

    What has landed may expand as its reservation says; an object that another program put there, to a set ratio.

    Raises:
        LandingRefusedError: the object is truncated or corrupt, or expands past that; some blocks may have come.
        StorageError: it cannot be read now.
    """
    size, landed = 0, None
    try:
        with store.open(batch.key) as opened:
            stored = _Counted(opened)
            for data in _checked_blocks(stored, "zstd", batch.key, block):
                size += len(data)
                if size > FREE_EXPANSION and size > MAX_EXPANSION * stored.bytes:
                    landed = _landed_bytes(store, batch) if landed is None else landed
                    if size > landed:
                        raise LandingRefusedError(
                            f"{batch.key}: expands to more than {MAX_EXPANSION} times its size, and did not land so; "
                            "nothing of it was taken."
                        )
                yield data
    except OSError as exc:
        where = store.address(batch.key)
        raise StorageError(f"{where}: cannot be read ({exc.strerror}); check the disk, and try again.") from exc


class _Counted:
    """A file to read from, and how many of its bytes were read."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self.bytes = 0

    @property
    def closed(self) -> bool:
        return self._source.closed

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.bytes += len(data)
        return data

    def close(self) -> None:
        self._source.close()


def _landed_bytes(store: ObjectStore, batch: Batch) -> int:
    """How many bytes the reservation of this batch speaks of; 0 where there is none."""
    folder = f"raw/{batch.stream}/landed/"
    keys = [stored.key for stored in store.list(folder) if stored.key.startswith(folder + digest_start(batch))]
    records = [record for key in keys if (record := landed_record(store, key)) is not None]
    return max((record["bytes"] for record in records if record["batch"] == batch.key), default=0)


def new_batch(stream: str, content: Content, landed_at: datetime, *, history: bool) -> Batch:
    """The batch that this content is, landed at that moment."""
    moment = landed_at.astimezone(UTC)
    batch_id = f"{moment:%Y%m%dT%H%M%S%fZ}-{content.digest[:16]}{'-history' if history else ''}"
    return batch_of(f"raw/{stream}/dt={moment:%Y-%m-%d}/{batch_id}.jsonl.zst")


def reserve(store: ObjectStore, batch: Batch, content: Content, number: int) -> tuple[Batch | None, bool]:
    """The batch that has this reservation of the content, and whether it had it before; None where it says nothing."""
    key = f"raw/{batch.stream}/landed/{content.digest}{'' if number == 1 else f'.{number}'}.json"
    reservation = content.compressed.with_name("landed.json")
    record = {"batch": batch.key, "sha256": content.digest, "lines": content.lines, "bytes": content.bytes}
    reservation.write_text(json.dumps(record) + "\n", encoding="utf-8")
    if store.put_if_absent(key, reservation):
        return batch, False
    earlier = landed_record(store, key)
    return None if earlier is None else batch_of(earlier["batch"]), True


def _holds(store: ObjectStore, batch: Batch, content: Content) -> bool:
    """Whether the batch, as it lies there now, is this content."""
    digest = hashlib.sha256()
    try:
        for block in read_blocks(store, batch, BLOCK):
            digest.update(block)
    except LandingRefusedError:
        return False
    return digest.hexdigest() == content.digest


def recompress(file: Path, target: Path, progress: Callable[[int], None]) -> Content:
    """Write the file's decompressed bytes to `target` as Zstandard."""
    digest, lines, size, last = hashlib.sha256(), 0, 0, b"\n"
    try:
        stored_size = file.stat().st_size
        with file.open("rb") as source, pa.output_stream(target, compression="zstd") as out:
            for block in _checked_blocks(source, _compression(source), str(file), BLOCK):
                size += len(block)
                if size > FREE_EXPANSION and size > MAX_EXPANSION * stored_size:
                    raise LandingRefusedError(
                        f"{file}: expands to more than {MAX_EXPANSION} times its size; nothing of it was landed. "
                        "If it is genuine, land it decompressed."
                    )
                digest.update(block)
                lines += block.count(b"\n")
                last = block[-1:]
                out.write(block)
                progress(len(block))
    except OSError as exc:
        if exc.errno in _NO_SPACE:
            raise StorageError(
                f"{target.parent}: no space for {file} while it is compressed ({exc.strerror}); nothing of it was "
                "landed. Free space there, or set TMPDIR to another disk."
            ) from exc
        raise LandingRefusedError(f"{file}: cannot be read ({exc.strerror}); nothing of it was landed.") from exc
    return Content(target, digest.hexdigest(), lines + (last != b"\n"), size)


def _compression(source: BinaryIO) -> str | None:
    magic = source.read(4)
    source.seek(0)
    if magic[:2] == b"\x1f\x8b":
        return "gzip"
    return "zstd" if magic == b"\x28\xb5\x2f\xfd" else None


def _checked_blocks(source: BinaryIO | _Counted, compression: str | None, name: str, size: int) -> Iterator[bytes]:
    """The stream's decompressed bytes; Arrow's reader, unlike others, notices a Zstandard frame that ends early."""
    try:
        with pa.input_stream(source, compression=compression) as stream:
            while block := stream.read(size):
                yield block
    except OSError as exc:
        if exc.errno is not None:
            # The disk failed; the content may be sound.
            raise
        raise LandingRefusedError(f"{name}: truncated or corrupt ({exc}); nothing of it was taken.") from exc
