"""What the lake claims of any store it lies on: one suite over a folder, S3, and S3 with uploads in parts."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from lake_access.building.lines import read_chunks
from lake_access.errors import RefusedError, StorageError
from lake_access.raw import land, read_blocks
from lake_access.storage import LocalStore, ObjectStore
from lake_access.storage.local import INCOMING
from lake_access.storage.s3 import S3Store, open_s3_store
from tests.lake_access.s3_server import KEYS, Fault, S3Server

KINDS = ("folder", "s3", "s3 in parts")
PART = 5 << 20  # the smallest that S3 takes
SOME_BYTES = 300_000
MANY_BYTES = 21 << 20  # over four parts, and so an upload in parts where the kind has it
KEY = "raw/webinar/dt=2026-01-01/one.jsonl.zst"
PUT_PROGRAM = """
import sys
from pathlib import Path
from lake_access.storage import LocalStore
kind, root, key, file = sys.argv[1:]
if kind == "folder":
    store = LocalStore(Path(root))
else:
    from lake_access.storage.s3 import open_s3_store
    store = open_s3_store(root)
    store._part_bytes = 5 << 20 if kind == "s3 in parts" else store._part_bytes
store.put_if_absent(key, Path(file))
"""


def open_kind(kind: str, root: str) -> ObjectStore:
    if kind == "folder":
        return LocalStore(Path(root))
    store = open_s3_store(root)
    return in_parts(store) if kind == "s3 in parts" else store


def in_parts(store: S3Store) -> S3Store:
    return S3Store(store._session, store._client, store._bucket, store._root.rstrip("/"), part_bytes=PART)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def root(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    if kind == "folder":
        return str(tmp_path / "lake")
    return f"s3://{request.getfixturevalue('bucket')}/some/prefix"


@pytest.fixture
def store(kind: str, root: str) -> ObjectStore:
    return open_kind(kind, root)


@pytest.fixture
def s3(bucket: str) -> S3Store:
    return open_s3_store(f"s3://{bucket}")


def file_of(tmp_path: Path, content: bytes, name: str = "content") -> Path:
    file = tmp_path / name
    file.write_bytes(content)
    return file


def bytes_of(kind: str, seed: int = 0) -> bytes:
    """Content that no part repeats; of a size that makes this kind of store do what it is for."""
    return random.Random(seed).randbytes(MANY_BYTES if kind == "s3 in parts" else SOME_BYTES)


def keys_in(store: ObjectStore, prefix: str = "") -> list[str]:
    return [stored.key for stored in store.list(prefix)]


def test_what_was_put_reads_back_whole(store: ObjectStore, kind: str, tmp_path: Path) -> None:
    content = bytes_of(kind)

    assert store.put_if_absent(KEY, file_of(tmp_path, content))

    assert store.read_bytes(KEY) == content
    with store.open(KEY) as opened:
        assert opened.read(1000) == content[:1000]
        assert opened.read() == content[1000:]
    assert [(stored.key, stored.size) for stored in store.list("raw/")] == [(KEY, len(content))]


def test_an_empty_object_is_an_object(store: ObjectStore, tmp_path: Path) -> None:
    assert store.put_if_absent(KEY, file_of(tmp_path, b""))

    assert store.read_bytes(KEY) == b""
    with store.open(KEY) as opened:
        assert opened.read() == b""


def test_a_taken_key_keeps_its_first_content(store: ObjectStore, kind: str, tmp_path: Path) -> None:
    first, second = bytes_of(kind), bytes_of(kind, seed=1)
    store.put_if_absent(KEY, file_of(tmp_path, first))

    assert not store.put_if_absent(KEY, file_of(tmp_path, second))
    assert not store.put_if_absent(KEY, file_of(tmp_path, first))

    assert store.read_bytes(KEY) == first
    assert keys_in(store) == [KEY]


def test_of_many_writers_of_one_key_exactly_one_wins(store: ObjectStore, kind: str, tmp_path: Path) -> None:
    contents = [bytes_of(kind, seed) for seed in range(5)]
    together = threading.Barrier(len(contents))

    def put(seed: int) -> bool:
        file = file_of(tmp_path, contents[seed], f"content-{seed}")
        together.wait()
        return store.put_if_absent(KEY, file)

    with ThreadPoolExecutor(len(contents)) as pool:
        won = list(pool.map(put, range(len(contents))))

    assert won.count(True) == 1
    assert store.read_bytes(KEY) == contents[won.index(True)]
    assert keys_in(store) == [KEY]


def test_objects_are_listed_by_folder_and_in_the_order_of_their_keys(store: ObjectStore, tmp_path: Path) -> None:
    keys = ["raw/a/2", "raw/a/1", "raw/a-b/1", "raw/ab/1", "raw/a.b", "raw/a/c/1", "raw/a/é", "rawer/1", "top"]
    for key in keys:
        assert store.put_if_absent(key, file_of(tmp_path, key.encode()))

    assert keys_in(store, "raw/") == sorted(key for key in keys if key.startswith("raw/"))
    assert keys_in(store, "raw/a/") == ["raw/a/1", "raw/a/2", "raw/a/c/1", "raw/a/é"]
    assert keys_in(store) == sorted(keys)
    assert keys_in(store, "nothing/") == []


def test_a_missing_key_reads_as_none_and_does_not_open(store: ObjectStore) -> None:
    assert store.read_bytes(KEY) is None
    with pytest.raises(StorageError, match=r"there is no such object|No such file"):
        store.open(KEY)


def test_what_is_listed_says_when_it_was_written(store: ObjectStore, tmp_path: Path) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    store.put_if_absent(KEY, file_of(tmp_path, b"content"))

    (stored,) = store.list("raw/")

    assert before <= stored.modified_at <= datetime.now(UTC)


def test_a_deleted_object_is_gone_and_one_that_is_gone_is_no_error(store: ObjectStore, tmp_path: Path) -> None:
    keys = ["warehouse/a/1", "warehouse/a/2"]
    for key in keys:
        store.put_if_absent(key, file_of(tmp_path, b"content"))

    for _ in range(2):
        store.delete(keys[0])

    assert keys_in(store) == keys[1:]
    assert store.read_bytes(keys[0]) is None


def test_no_raw_object_is_ever_deleted(store: ObjectStore, tmp_path: Path) -> None:
    store.put_if_absent(KEY, file_of(tmp_path, b"content"))

    for key in (KEY, "raw/webinar/landed/0.json", "raw/other"):
        with pytest.raises(RefusedError, match=f"^{key}: raw events are never deleted"):
            store.delete(key)

    assert store.read_bytes(KEY) == b"content"


def test_a_put_that_ended_leaves_nothing_over(store: ObjectStore, tmp_path: Path) -> None:
    store.put_if_absent(KEY, file_of(tmp_path, b"content"))

    assert list(store.leftovers()) == []


def test_what_a_put_that_was_cut_short_left_is_told_apart_and_can_be_deleted(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "lake")
    store.put_if_absent(KEY, file_of(tmp_path, b"content"))
    left = (tmp_path / "lake" / KEY).with_name(f"{INCOMING}abc")
    left.write_bytes(b"half")

    (leftover,) = store.leftovers()
    assert keys_in(store) == [KEY]
    store.delete(leftover.key)

    assert (leftover.size, left.exists()) == (4, False)


def test_an_object_that_may_not_be_deleted_is_one_sentence(s3: S3Store, s3_server: S3Server) -> None:
    with s3_server.refusing(KEYS["AWS_ACCESS_KEY_ID"]), pytest.raises(StorageError, match="expired"):
        s3.delete("warehouse/a")


def test_trying_whether_it_is_writable_leaves_nothing(store: ObjectStore) -> None:
    store.check_writable()

    assert keys_in(store) == []


def test_the_same_content_landed_twice_is_one_batch(store: ObjectStore, tmp_path: Path) -> None:
    file = file_of(tmp_path, b'{"a": 1}\n{"a": 2}')
    first = land(store, "webinar", file, datetime(2026, 1, 1, tzinfo=UTC))

    again = land(store, "webinar", file, datetime(2026, 1, 2, tzinfo=UTC))

    assert (first.lines, first.already_landed, again.already_landed) == (2, False, True)
    assert again.batch == first.batch
    assert len(keys_in(store, "raw/webinar/dt=2026-01-01/")) == 1
    assert len(keys_in(store)) == 2


def test_content_whose_key_holds_other_bytes_lands_beside_them(store: ObjectStore, tmp_path: Path) -> None:
    file, moment = file_of(tmp_path, b'{"a": 1}\n'), datetime(2026, 1, 1, tzinfo=UTC)
    key = land(LocalStore(tmp_path / "other"), "webinar", file, moment).batch
    assert key is not None
    store.put_if_absent(key.key, file_of(tmp_path, b"rot", "rot"))

    landed = [land(store, "webinar", file, moment) for _ in range(2)]

    assert (landed[0].replaces, landed[0].already_landed) == (key, False)
    assert (landed[1].batch, landed[1].already_landed) == (landed[0].batch, True)
    assert landed[0].batch is not None
    assert b"".join(read_blocks(store, landed[0].batch, 1 << 20)) == b'{"a": 1}\n'
    assert store.read_bytes(key.key) == b"rot"


def test_a_put_that_is_killed_leaves_nothing_or_all(
    kind: str, root: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    content = bytes_of("s3 in parts")
    file = file_of(tmp_path, content)
    command = [sys.executable, "-c", PUT_PROGRAM, kind, root, KEY, str(file)]
    with ExitStack() as stack:
        if kind == "folder":
            wait_until_writing = partial(wait_for_incoming, Path(root))
        else:
            server: S3Server = request.getfixturevalue("s3_server")
            arrived = stack.enter_context(server.holding_put(3 if kind == "s3 in parts" else 1))
            wait_until_writing = partial(arrived.wait, 30)
        program = subprocess.Popen(command, cwd=Path(__file__).parents[2])
        assert wait_until_writing()
        program.kill()
        assert program.wait() == -signal.SIGKILL

    store = open_kind(kind, root)
    assert store.read_bytes(KEY) in (None, content)
    assert keys_in(store) in ([], [KEY])
    store.put_if_absent(KEY, file)
    assert store.read_bytes(KEY) == content
    assert keys_in(store) == [KEY]


def wait_for_incoming(root: Path) -> bool:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if any(file.stat().st_size for file in root.rglob(f"{INCOMING}*")):
            return True
        time.sleep(0.001)
    return False


# What a network does, to S3 alone.


@pytest.mark.parametrize("fault", ["slow down", "conflict", "answer lost"])
@pytest.mark.parametrize("parts", [False, True])
def test_a_put_gets_over_a_passing_fault(
    s3: S3Store, s3_server: S3Server, tmp_path: Path, fault: Fault, parts: bool
) -> None:
    store, content = (in_parts(s3), bytes_of("s3 in parts")) if parts else (s3, bytes_of("s3"))
    s3_server.fail("PUT", fault)
    before = s3_server.requests["PUT"]

    assert store.put_if_absent(KEY, file_of(tmp_path, content))

    assert store.read_bytes(KEY) == content
    assert s3_server.requests["PUT"] - before > len(content) // PART


def test_a_put_in_parts_whose_last_answer_is_lost_is_known_as_its_own(
    s3: S3Store, s3_server: S3Server, tmp_path: Path
) -> None:
    content = bytes_of("s3 in parts")
    s3_server.fail("POST", None, "answer lost")  # the first begins the upload, the second completes it

    assert in_parts(s3).put_if_absent(KEY, file_of(tmp_path, content))

    assert s3.read_bytes(KEY) == content


def test_a_lost_answer_does_not_make_anothers_object_ones_own(s3: S3Store, s3_server: S3Server, tmp_path: Path) -> None:
    s3.put_if_absent(KEY, file_of(tmp_path, b"first"))
    s3_server.fail("PUT", "answer lost")

    assert not s3.put_if_absent(KEY, file_of(tmp_path, b"first"))

    assert s3.read_bytes(KEY) == b"first"


def test_a_writer_in_parts_that_is_late_leaves_the_first_object_and_no_parts(
    s3: S3Store, s3_server: S3Server, bucket: str, tmp_path: Path
) -> None:
    late, content = in_parts(s3), file_of(tmp_path, bytes_of("s3 in parts"), "late")
    with ThreadPoolExecutor(1) as pool:
        with s3_server.holding_put(2) as arrived:
            written = pool.submit(late.put_if_absent, KEY, content)
            assert arrived.wait(30)
            assert s3.put_if_absent(KEY, file_of(tmp_path, b"first"))
        assert not written.result()

    assert s3.read_bytes(KEY) == b"first"
    assert "Uploads" not in s3_server.client().list_multipart_uploads(Bucket=bucket)


def test_every_page_of_a_long_list_is_read(s3: S3Store, s3_server: S3Server, tmp_path: Path) -> None:
    for number in range(7):
        s3.put_if_absent(f"raw/{number}", file_of(tmp_path, b""))
    before = s3_server.requests["GET"]

    with s3_server.pages_of(3):
        assert keys_in(s3, "raw/") == [f"raw/{number}" for number in range(7)]

    assert s3_server.requests["GET"] - before == 3


def test_a_broken_read_is_taken_up_where_it_broke(s3: S3Store, s3_server: S3Server, tmp_path: Path) -> None:
    content = bytes_of("s3")
    s3.put_if_absent(KEY, file_of(tmp_path, content))
    s3_server.fail("GET", "cut", "cut", after=100_000)

    with s3.open(KEY) as opened:
        assert opened.read() == content


def test_a_lost_connection_is_never_taken_for_a_corrupt_batch(s3: S3Store, s3_server: S3Server, tmp_path: Path) -> None:
    lines = b"".join(b'{"line": "%d"}\n' % number for number in range(200_000))
    landed = land(s3, "webinar", file_of(tmp_path, lines), datetime(2026, 1, 1, tzinfo=UTC))
    assert landed.batch is not None
    s3_server.fail("GET", "cut", after=2_000)
    s3_server.fail("GET", "cut", "cut", "cut")

    with pytest.raises(StorageError, match="the endpoint did not answer"), s3_server.faults_end():
        list(read_chunks(s3, [landed.batch], 1 << 25))

    assert sum(len(chunk.lines) for chunk in read_chunks(s3, [landed.batch], 1 << 25)) == 200_000
