"""The queue of background work, and the codec of its messages: JSON, so that nothing is ever unpickled."""

from __future__ import annotations

import json
from typing import Any

from huey import SqliteHuey
from huey.registry import Message
from huey.serializer import Serializer

from lake_access.settings import Settings


class JsonSerializer(Serializer):  # type: ignore[misc]
    """Huey's messages and results as JSON; what JSON does not have is refused when it is sent."""

    def _serialize(self, data: Any) -> bytes:
        if isinstance(data, Message):
            return json.dumps({"message": data._asdict()}, default=_refuse).encode()
        return json.dumps({"value": data}, default=_refuse).encode()

    def _deserialize(self, data: bytes) -> Any:
        content = json.loads(data)
        if "message" in content:
            fields = content["message"]
            return Message(**{**fields, "args": tuple(fields["args"] or ()), "kwargs": fields["kwargs"] or {}})
        return content["value"]


def open_queue(settings: Settings) -> SqliteHuey:
    """The queue in the home's `jobs.sqlite`; it is made on first use."""
    settings.home.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("leadlake", filename=str(settings.home / "jobs.sqlite"), serializer=JsonSerializer(), utc=True)


def _refuse(value: object) -> None:
    raise TypeError(f"a job's message holds {type(value).__name__}, which JSON does not have")
