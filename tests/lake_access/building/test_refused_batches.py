"""Raw batches that are not what landed: refused whole, by name, while the others are built; and landed again."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from lake_access.building.build import BuildResult, build
from lake_access.iceberg.tables import BATCHES, EVENTS
from lake_access.lake import Lake
from tests.lake_access.lakes import NOW, Line, as_bytes, batch_of, land_lines, read_table, touch


def counts(result: BuildResult) -> tuple[int, int, int, int]:
    return result.read, result.curated, result.duplicates, result.quarantined


def test_a_batch_that_changed_since_it_landed_is_refused_whole_and_the_others_are_built(lake: Lake) -> None:
    for number, damage in enumerate([b"", b"rubbish", None]):
        batch = batch_of(land_lines(lake, "webinar", touch(n=number), at=NOW + timedelta(minutes=number)))
        file = Path(lake.settings.lake) / batch.key
        if damage is None:
            other = batch_of(land_lines(lake, "roadshow", touch(event_type="roadshow_visit")))
            file.write_bytes((Path(lake.settings.lake) / other.key).read_bytes())
        else:
            file.write_bytes(file.read_bytes() + damage)

    result = build(lake, NOW)

    assert counts(result) == (2, 2, 0, 0)
    keys = [row["key"] for row in read_table(lake, BATCHES) if row["refused"]]
    assert len(keys) == len(result.refused) == 2
    assert all(any(said.startswith(key) for said in result.refused) for key in keys)
    assert counts(build(lake, NOW)) == (0, 0, 0, 0)


@pytest.mark.parametrize("built_while_sound", [False, True])
def test_a_corrupt_batch_that_landed_again_counts_each_line_once(built_while_sound: bool, lake: Lake) -> None:
    lines: list[Line] = [touch(), touch(n=1), touch(event_id="7"), "nonsense"]
    corrupt = batch_of(land_lines(lake, "webinar", *lines))
    if built_while_sound:
        build(lake, NOW)
    file = Path(lake.settings.lake) / corrupt.key
    file.write_bytes(file.read_bytes()[:-3])
    if not built_while_sound:
        assert build(lake, NOW).refused != []

    new = batch_of(land_lines(lake, "webinar", *lines, at=NOW + timedelta(hours=1)))
    result = build(lake, NOW)

    assert counts(result) == ((4, 0, 3, 1) if built_while_sound else (4, 3, 0, 1))
    assert len(read_table(lake, EVENTS)) == 3
    assert {row["key"]: row["refused"] is None for row in read_table(lake, BATCHES)} == {
        corrupt.key: built_while_sound,
        new.key: True,
    }
    assert build(lake, NOW).batches == 0


def put_there(lake: Lake, content: bytes, digest: str, compress: Callable[[bytes], bytes]) -> str:
    """An object among the raw ones that nobody has landed; its key."""
    key = f"raw/webinar/dt=2026-01-01/20260101T000000000000Z-{digest[:16]}.jsonl.zst"
    file = Path(lake.settings.lake) / key
    file.parent.mkdir(parents=True)
    file.write_bytes(compress(content))
    return key


def zstandard(content: bytes) -> bytes:
    return bytes(pa.compress(content, codec="zstd", asbytes=True))


def test_an_object_that_another_program_put_there_whole_is_built(lake: Lake) -> None:
    content = as_bytes(touch())
    put_there(lake, content, hashlib.sha256(content).hexdigest(), zstandard)

    assert counts(build(lake, NOW)) == (1, 1, 0, 0)


@pytest.mark.parametrize(
    ("compress", "said"),
    [
        (zstandard, "corrupt (other bytes than those that landed)"),
        (bytes, "truncated or corrupt"),
        (gzip.compress, "truncated or corrupt"),
        (lambda content: zstandard(content)[:-1], "truncated or corrupt"),
    ],
)
def test_an_object_that_another_program_put_there_is_refused_unless_it_is_what_it_says(
    compress: Callable[[bytes], bytes], said: str, lake: Lake
) -> None:
    key = put_there(lake, as_bytes(touch(n=1)), "0123456789abcdef", compress)
    land_lines(lake, "webinar", touch())

    result = build(lake, NOW)

    assert counts(result) == (1, 1, 0, 0)
    (refused,) = result.refused
    assert refused.startswith(f"{key}: {said}")


def test_an_object_that_would_fill_memory_or_time_is_refused_early(lake: Lake) -> None:
    content = b" " * (100 << 20)
    key = put_there(lake, content, hashlib.sha256(content).hexdigest(), zstandard)
    land_lines(lake, "webinar", touch())

    result = build(lake, NOW)

    assert counts(result) == (1, 1, 0, 0)
    assert result.refused == [
        f"{key}: expands to more than 200 times its size, and did not land so; nothing of it was taken."
    ]
