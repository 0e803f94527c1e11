"""Raw batches as chunks of lines, in memory that does not grow with the batch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from lake_access.errors import LandingRefusedError
from lake_access.raw import Batch, digest_start, read_blocks
from lake_access.storage import ObjectStore

BLOCK_BYTES = 16 << 20
MAX_LINE_BYTES = 1 << 20
# What is kept of an endless line: too long even if its last byte is taken for a part of the line's end.
HEAD_BYTES = MAX_LINE_BYTES + 2
_RECORD_BATCH = 20_000

TOO_LONG = "longer than 1 MiB"
NOT_UTF8 = "not valid UTF-8"


@dataclass(frozen=True)
class UnreadableLine:
    """A line that cannot become text. Of a longer one, the first MiB: the whole stays in the raw batch."""

    batch: Batch
    number: int
    reason: str
    content: bytes


@dataclass(frozen=True)
class Chunk:
    """Lines of one stream; `lines` has `batch_index` (into `batches`), `line_number` (from 1) and `line`."""

    batches: tuple[Batch, ...]
    lines: pa.Table
    unreadable: tuple[UnreadableLine, ...]


class UnsoundBatchError(LandingRefusedError):
    """A raw object is truncated or corrupt: nothing of it may be taken."""

    def __init__(self, batch: Batch, reason: str) -> None:
        super().__init__(reason)
        self.batch = batch


@dataclass
class _Gathered:
    """What the next chunk holds so far."""

    batches: list[Batch] = field(default_factory=list)
    tables: list[pa.Table] = field(default_factory=list)
    unreadable: list[UnreadableLine] = field(default_factory=list)
    bytes: int = 0

    def finish(self) -> Chunk:
        lines = pa.concat_tables(self.tables) if self.tables else _lines_table(0, [], pa.array([], pa.string()))
        # DuckDB scans an Arrow table with a thread for each record batch.
        lines = pa.Table.from_batches(lines.to_batches(max_chunksize=_RECORD_BATCH), lines.schema)
        return Chunk(tuple(self.batches), lines, tuple(self.unreadable))


def read_chunks(store: ObjectStore, batches: Sequence[Batch], chunk_bytes: int) -> Iterator[Chunk]:
    """The batches' lines in order, some `chunk_bytes` of text at a time: many batches, or a part of one.

    Raises:
        UnsoundBatchError: a batch is truncated or corrupt, which shows at its end: chunks may hold lines of it by then.
        StorageError: a batch cannot be read now.
    """
    gathered = _Gathered()
    for batch in batches:
        gathered.batches.append(batch)
        for table, unreadable, size in _read_lines(store, batch):
            index = len(gathered.batches) - 1
            gathered.tables.append(table.set_column(0, "batch_index", pa.array(np.full(len(table), index, np.int32))))
            gathered.unreadable += unreadable
            gathered.bytes += size
            if gathered.bytes >= chunk_bytes:
                yield gathered.finish()
                gathered = _Gathered(batches=[batch])
    if gathered.batches:
        yield gathered.finish()


def read_ahead(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """The same chunks, each read by a thread of its own while the one before is worked on."""
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(next, chunks, None)
        while (chunk := reading.result()) is not None:
            reading = reader.submit(next, chunks, None)
            yield chunk


def _sound_blocks(store: ObjectStore, batch: Batch) -> Iterator[bytes]:
    digest = hashlib.sha256()
    try:
        for block in read_blocks(store, batch, BLOCK_BYTES):
            digest.update(block)
            yield block
    except LandingRefusedError as exc:
        raise UnsoundBatchError(batch, str(exc)) from exc
    if not digest.hexdigest().startswith(digest_start(batch)):
        raise UnsoundBatchError(
            batch, f"{batch.key}: corrupt (other bytes than those that landed); nothing of it was taken."
        )


def _read_lines(store: ObjectStore, batch: Batch) -> Iterator[tuple[pa.Table, list[UnreadableLine], int]]:
    """Blocks of whole lines of one batch, each with the lines that are no text, and the block's size in bytes."""
    rest, number, skipped = b"", 1, 0
    for block in _sound_blocks(store, batch):
        data = rest + block
        end = data.rfind(b"\n") + 1
        if end == 0 and len(data) > HEAD_BYTES:
            # The middle of an endless line: keep its head only, and its number.
            skipped += len(data) - HEAD_BYTES
            rest = data[:HEAD_BYTES]
            continue
        rest = data[end:]
        if end:
            table, unreadable, count = _split(batch, data[:end], number)
            number += count
            yield table, unreadable, end + skipped
            skipped = 0
    if rest:
        table, unreadable, _ = _split(batch, rest + b"\n", number)
        yield table, unreadable, len(rest) + skipped


def _split(batch: Batch, data: bytes, first: int) -> tuple[pa.Table, list[UnreadableLine], int]:
    """Cut a block that ends with a newline into lines without their ends, in one copy."""
    if b"\r\n" in data:
        data = data.replace(b"\r\n", b"\n")
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == ord("\n"))
    # Once the newlines are gone, a line ends as many bytes earlier as there were newlines before it.
    offsets = np.concatenate([[0], ends - np.arange(len(ends))]).astype(np.int32)
    text_only = pa.py_buffer(data.replace(b"\n", b""))
    lines = pa.Array.from_buffers(pa.binary(), len(ends), [None, pa.py_buffer(offsets), text_only])
    numbers = np.arange(first, first + len(ends))
    unreadable: list[UnreadableLine] = []
    keep = np.diff(offsets) <= MAX_LINE_BYTES
    try:
        text = lines.cast(pa.string())
    except pa.ArrowInvalid:
        text, keep = None, keep & np.fromiter((_is_text(line.as_py()) for line in lines), bool, len(lines))
    if text is None or not keep.all():
        for index in np.flatnonzero(~keep):
            content = lines[int(index)].as_py()
            reason = TOO_LONG if len(content) > MAX_LINE_BYTES else NOT_UTF8
            unreadable.append(UnreadableLine(batch, int(numbers[index]), reason, content[:MAX_LINE_BYTES]))
        text, numbers = lines.filter(pa.array(keep)).cast(pa.string()), numbers[keep]
    return _lines_table(0, numbers, text), unreadable, len(ends)


def _is_text(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _lines_table(index: int, numbers: object, text: pa.Array) -> pa.Table:
    batch_index = pa.array(np.full(len(text), index, np.int32))
    return pa.table({"batch_index": batch_index, "line_number": pa.array(numbers, pa.int64()), "line": text})
