"""What wakes the worker, and the codec of its messages: JSON, so that nothing is ever unpickled.

The jobs themselves stand in the database of state (`jobs.tables`); a message of this queue says only that one waits.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime
from typing import Any

from huey import SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer
from huey.utils import Error

from lake_access.errors import StorageError
from lake_access.settings import Settings

# JSON has none of these; each is an object of one key that says which it is.
MESSAGE, ERROR, MOMENT, TUPLE = "$message", "$error", "$moment", "$tuple"


class JsonSerializer(Serializer):  # type: ignore[misc]
    """Huey's messages, results and errors as JSON; they come back as they were sent.

    A job's arguments and result may hold what JSON has, and tuples and datetimes. All else is refused with TypeError or
    ValueError when it is sent, not when it is read.
    """

    def _serialize(self, data: Any) -> bytes:
        return json.dumps(_as_json(data), allow_nan=False).encode()

    def _deserialize(self, data: bytes) -> Any:
        return _from_json(json.loads(data))


def open_queue(settings: Settings) -> SqliteHuey:
    """The queue in the home's `jobs.sqlite`; it is made on first use.

    Raises:
        StorageError: the file can be neither made nor opened.
    """
    file = settings.home / "jobs.sqlite"
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        return SqliteHuey("leadlake", filename=str(file), serializer=JsonSerializer(), utc=True)
    except (OSError, sqlite3.Error) as exc:
        raise StorageError(f"{file}: the queue cannot be opened ({exc}); check its rights, or LEADLAKE_HOME.") from exc


def waking(queue: SqliteHuey, work: Callable[[], None] = lambda: None) -> Callable[[], None]:
    """What wakes the worker of this queue when it is called; the worker itself says what it then does."""

    @queue.task(name="work_off", retries=0)  # type: ignore[untyped-decorator]
    def work_off() -> None:
        work()

    def wake() -> None:
        work_off()

    return wake


def wake_worker(settings: Settings) -> None:
    """Have the worker of this home look for jobs now, and not in a second or two.

    Raises:
        StorageError: the queue cannot be opened.
    """
    queue = open_queue(settings)
    try:
        waking(queue)()
    except sqlite3.Error as exc:
        raise StorageError(f"{settings.home}: the queue cannot be written ({exc}); check its rights.") from exc
    finally:
        queue.storage.close()


def _as_json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Message):
        return {MESSAGE: _as_json(value._asdict())}
    if isinstance(value, Error):
        return {ERROR: _as_json(value.metadata)}
    if isinstance(value, datetime):
        return {MOMENT: value.isoformat()}
    if isinstance(value, tuple):
        return {TUPLE: [_as_json(part) for part in value]}
    if isinstance(value, list):
        return [_as_json(part) for part in value]
    if isinstance(value, dict) and all(isinstance(key, str) and not key.startswith("$") for key in value):
        return {key: _as_json(part) for key, part in value.items()}
    raise TypeError(f"a job's message holds a {type(value).__name__} that JSON does not have: {value!r:.80}")


def _from_json(value: Any) -> Any:
    if isinstance(value, list):
        return [_from_json(part) for part in value]
    if not isinstance(value, dict):
        return value
    content = {key: _from_json(part) for key, part in value.items()}
    if MESSAGE in content:
        return Message(**content[MESSAGE])
    if ERROR in content:
        return Error(content[ERROR])
    if MOMENT in content:
        return datetime.fromisoformat(content[MOMENT])
    return tuple(content[TUPLE]) if TUPLE in content else content
