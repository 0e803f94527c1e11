"""Lines come with their numbers, whole, however the blocks that they are read in fall."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lake_access.building import lines
from lake_access.building.lines import MAX_LINE_BYTES, NOT_UTF8, TOO_LONG, read_chunks
from lake_access.lake import Lake
from lake_access.raw import Batch
from tests.lake_access.lakes import batch_of, lake_in, land_bytes
from tests.lake_access.oracle import numbered_lines


@pytest.fixture(scope="module")
def lake_for_lines(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_in(tmp_path_factory.mktemp("lines"))


Read = dict[tuple[str, int], bytes | str]


def read(lake: Lake, *batches: Batch, chunk_bytes: int = 1 << 25) -> Read:
    """Every line by its batch and number: its text, or of one that is no text the reason."""
    found: Read = {}
    for chunk in read_chunks(lake.store, batches, chunk_bytes):
        rows = chunk.lines.to_pylist()
        for row in rows:
            place = (chunk.batches[row["batch_index"]].batch_id, row["line_number"])
            assert place not in found
            found[place] = row["line"].encode()
        for line in chunk.unreadable:
            place = (line.batch.batch_id, line.number)
            assert place not in found
            found[place] = line.reason
    return {place: line for place, line in found.items() if not isinstance(line, bytes) or line.strip(b" \t\r\f\n")}


def expected(batch: Batch, content: bytes) -> Read:
    return {(batch.batch_id, number): said(line) for number, line in numbered_lines(content)}


def said(line: bytes) -> bytes | str:
    if len(line) > MAX_LINE_BYTES:
        return TOO_LONG
    try:
        line.decode()
    except UnicodeDecodeError:
        return NOT_UTF8
    return line


PIECES = st.lists(
    st.sampled_from([b"\n", b"\r\n", b"\r", b" ", b"a", b"{}", "é".encode(), b"\xc3", b"\xff", b"x" * 20, b"y" * 70])
)


@given(pieces=PIECES, block=st.integers(1, 40), chunk=st.integers(1, 60))
def test_lines_are_the_same_however_blocks_and_chunks_fall(
    pieces: list[bytes], block: int, chunk: int, lake_for_lines: Lake
) -> None:
    content = b"".join(pieces)
    landing = land_bytes(lake_for_lines, "webinar", content)
    if landing.batch is None:
        assert content == b""
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK_BYTES", block)

        assert read(lake_for_lines, landing.batch, chunk_bytes=chunk) == expected(landing.batch, content)


def test_a_line_is_taken_up_to_one_mebibyte(lake: Lake) -> None:
    content = b"\n".join([b"x" * MAX_LINE_BYTES, b"y" * (MAX_LINE_BYTES + 1), b"z" * MAX_LINE_BYTES + b"\r", b"end"])
    batch = batch_of(land_bytes(lake, "webinar", content))

    found = read(lake, batch)

    assert found == expected(batch, content)
    assert [TOO_LONG if line == TOO_LONG else len(line) for line in found.values()] == [
        MAX_LINE_BYTES, MAX_LINE_BYTES, 3, TOO_LONG
    ]  # fmt: skip


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("last", [b"x", b"\r"])
def test_a_line_longer_than_many_blocks_is_one_long_line(last: bytes, end: bytes, lake: Lake) -> None:
    head = (b'{"event_type": "webinar_registration"}').ljust(MAX_LINE_BYTES)
    content = b"first\n" + head + last * (40 << 20) + end + (b"after" if end else b"")
    batch = batch_of(land_bytes(lake, "webinar", content))

    found = read(lake, batch)

    after: Read = {(batch.batch_id, 3): b"after"} if end else {}
    assert found == {(batch.batch_id, 1): b"first", (batch.batch_id, 2): TOO_LONG} | after


def test_of_a_long_line_the_first_mebibyte_is_kept(lake: Lake) -> None:
    batch = batch_of(land_bytes(lake, "webinar", b"x" * MAX_LINE_BYTES + b"y" * MAX_LINE_BYTES))

    (chunk,) = read_chunks(lake.store, [batch], 1 << 25)

    assert [line.content for line in chunk.unreadable] == [b"x" * MAX_LINE_BYTES]


def test_a_chunk_holds_many_batches_or_a_part_of_one(lake: Lake) -> None:
    batches = [batch_of(land_bytes(lake, "webinar", b"%d\n" % number * 5)) for number in range(6)]

    together = list(read_chunks(lake.store, batches, 1 << 20))
    apart = list(read_chunks(lake.store, batches, 1))

    assert [len(chunk.batches) for chunk in together] == [6]
    assert len(apart) >= 6
    assert read(lake, *batches) == read(lake, *batches, chunk_bytes=1)
