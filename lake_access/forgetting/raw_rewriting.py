"""Raw batches written anew without the lines that name a person.

The batch that takes another's place landed, for all that reads it, at the same moment. Content that was rewritten is
marked: the same file does not land again.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lake_access.errors import LandingRefusedError
from lake_access.raw import (
    BATCH_KEY,
    BLOCK,
    Batch,
    batch_of,
    forgotten_key,
    new_batch,
    read_blocks,
    recompress,
    reserve,
)
from lake_access.storage import ObjectStore

Names = Callable[[bytes], bool]


@dataclass(frozen=True)
class Search:
    """What a search through raw found: the lines that name the person by batch, and batches that cannot be read."""

    lines: dict[str, int]
    unreadable: tuple[str, ...]


def search_raw(store: ObjectStore, names: Names, progress: Callable[[str], None]) -> Search:
    """Count the lines that name the person in every raw batch, of streams that are no longer declared too.

    Raises:
        StorageError: the lake cannot be read now.
    """
    found: dict[str, int] = {}
    unreadable = []
    for stored in list(store.list("raw/")):
        if not BATCH_KEY.match(stored.key):
            continue
        progress(stored.key)
        try:
            lines = sum(1 for line in _lines(store, batch_of(stored.key)) if names(line))
        except LandingRefusedError:
            unreadable.append(stored.key)
            continue
        if lines:
            found[stored.key] = lines
    return Search(found, tuple(unreadable))


def rewrite(store: ObjectStore, key: str, names: Names) -> None:
    """Write the batch anew without these lines, beside the old one; repeating it changes nothing more.

    Raises:
        LandingRefusedError: the batch is corrupt.
        StorageError: the lake cannot be read or written.
    """
    batch, digest = batch_of(key), hashlib.sha256()
    with tempfile.TemporaryDirectory(prefix="leadlake-forget-") as folder:
        kept = Path(folder) / "kept.jsonl"
        with kept.open("wb") as out:
            for line in _lines(store, batch):
                digest.update(line)
                if not names(line):
                    out.write(line)
        content = recompress(kept, Path(folder) / "batch.jsonl.zst", lambda _bytes: None)
        if content.lines:
            anew = new_batch(batch.stream, content, batch.landed_at, history=batch.history)
            reserve(store, anew, content, 1)
            store.put_if_absent(anew.key, content.compressed)
        mark = Path(folder) / "mark.json"
        mark.write_text(json.dumps({"batch": key, "lines": content.lines}) + "\n", encoding="utf-8")
        store.put_if_absent(forgotten_key(batch.stream, digest.hexdigest()), mark)


def erase(store: ObjectStore, key: str) -> None:
    """Remove the batch and the reservations that speak of it; what is gone already is no error.

    Raises:
        StorageError: the lake cannot be written.
    """
    batch = batch_of(key)
    folder = f"raw/{batch.stream}/landed/"
    for stored in list(store.list(folder)):
        # A batch's name holds the head of its content's SHA-256, and a reservation is named by the whole.
        if stored.key.startswith(folder + batch.batch_id.split("-")[1]):
            said = store.read_bytes(stored.key) or b""
            if f'"{key}"'.encode() in said:
                store.erase_raw(stored.key)
    store.erase_raw(key)


def _lines(store: ObjectStore, batch: Batch) -> Iterator[bytes]:
    """The batch's lines, each with its end."""
    rest = b""
    for block in read_blocks(store, batch, BLOCK):
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        for line in lines:
            yield line + b"\n"
    if rest:
        yield rest
