"""Messages of the queue: JSON that comes back as it was sent, and never anything to unpickle."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from huey.exceptions import TaskException
from huey.registry import Message
from huey.utils import Error
from hypothesis import given
from hypothesis import strategies as st

from jobs.queue import JsonSerializer, open_queue
from lake_access.errors import StorageError
from tests.lake_access.lakes import settings_in

CODEC = JsonSerializer()
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(
    PLAIN | st.datetimes(timezones=st.just(UTC)) | st.datetimes(),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.dictionaries(st.text().filter(lambda key: not key.startswith("$")), inner)
    ),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_sent_comes_back_as_it_was(value: Any) -> None:
    sent = CODEC.serialize(value)

    assert CODEC.deserialize(sent) == value
    json.loads(sent)


def test_a_job_comes_back_with_what_follows_it_and_its_times() -> None:
    after = Message(id="b", name="report", args=("x",), kwargs={})
    message = Message(
        id="a",
        name="train",
        eta=datetime(2025, 1, 2, 3, 4, 5, 6),  # noqa: DTZ001  (Huey's own times name no zone)
        retries=2,
        args=(1, [2.5, None], {"deep": (True, "ü")}),
        kwargs={"seed": 7},
        on_complete=after,
    )

    assert CODEC.deserialize(CODEC.serialize(message)) == message


@pytest.mark.parametrize(
    "value",
    [
        Path("/x"),
        Decimal("1.5"),
        {1, 2},
        b"bytes",
        {1: "a number as key"},
        {"$message": "a key of ours"},
        float("nan"),
        float("inf"),
        ValueError("an exception"),
        [Path],
    ],
    ids=repr,
)
def test_what_json_does_not_have_is_refused_when_it_is_sent(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        CODEC.serialize(value)


def test_a_pickle_is_no_message(tmp_path: Path) -> None:
    trap = tmp_path / "trap"

    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (trap,))

    with pytest.raises(ValueError):  # noqa: PT011  (JSON's and UTF-8's refusals have no other kind in common)
        CODEC.deserialize(pickle.dumps(Trap()))

    assert not trap.exists()


def test_a_job_is_done_and_its_result_read_through_the_file(tmp_path: Path) -> None:
    queue = open_queue(settings_in(tmp_path))

    @queue.task()  # type: ignore[untyped-decorator]
    def add(numbers: list[int], *, to: int) -> tuple[int, datetime]:
        return sum(numbers) + to, datetime(2025, 1, 1, tzinfo=UTC)

    result = add([1, 2], to=4)
    queue.execute(queue.dequeue())

    assert result.get() == (7, datetime(2025, 1, 1, tzinfo=UTC))


def test_a_job_that_fails_tells_who_asked(tmp_path: Path) -> None:
    queue = open_queue(settings_in(tmp_path))

    @queue.task()  # type: ignore[untyped-decorator]
    def fail() -> None:
        raise StorageError("the disk is full.")

    result = fail()
    queue.execute(queue.dequeue())

    with pytest.raises(TaskException, match="the disk is full"):
        result.get()


def test_a_job_can_be_revoked(tmp_path: Path) -> None:
    queue = open_queue(settings_in(tmp_path))

    @queue.task()  # type: ignore[untyped-decorator]
    def work() -> str:
        return "done"

    result = work()
    result.revoke()
    queue.execute(queue.dequeue())

    assert result.get() is None


def test_an_error_is_an_error_again() -> None:
    assert CODEC.deserialize(CODEC.serialize(Error({"error": "x", "retries": 0}))) == Error(
        {"error": "x", "retries": 0}
    )


def test_a_queue_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    (tmp_path / "jobs.sqlite").mkdir()

    with pytest.raises(StorageError, match=r"jobs\.sqlite: the queue cannot be opened"):
        open_queue(settings_in(tmp_path))
