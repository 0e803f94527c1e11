"""The queue's messages are JSON, and the worker's build is the build."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from huey.registry import Message

from jobs.demo import fill_with_demo, is_empty
from jobs.queue import JsonSerializer
from jobs.worker import build_once
from lake_access.demo_events import DemoPlan
from lake_access.errors import RefusedError
from lake_access.lake import open_lake
from lake_access.settings import load_settings

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def test_a_message_comes_back_as_it_was_sent() -> None:
    values = dict.fromkeys(Message._fields)
    message = Message(**{**values, "id": "1", "name": "build", "args": (1, "two"), "kwargs": {"three": 3.0}})
    serializer = JsonSerializer()

    sent = serializer.serialize(message)

    assert sent.startswith(b'{"message"')
    assert serializer.deserialize(sent) == message


def test_what_json_does_not_have_is_refused_when_it_is_sent() -> None:
    with pytest.raises(TypeError, match="Path"):
        JsonSerializer().serialize(Path())


def test_a_pickle_is_never_loaded() -> None:
    with pytest.raises(ValueError, match=r"codec|Expecting|decode"):
        JsonSerializer().deserialize(b"\x80\x04\x8c\x02os\x94.")


def test_the_demo_fills_an_empty_lake_once(tmp_path: Path) -> None:
    settings = load_settings({"LEADLAKE_HOME": str(tmp_path)})
    lake = open_lake(settings)
    assert is_empty(lake)

    result = fill_with_demo(lake, DemoPlan(until=NOW, leads=200, seed=3))

    assert (result.leads > 150, result.quarantined, is_empty(lake)) == (True, 40, False)
    assert build_once(settings, NOW) == {"batches": 0, "read": 0, "curated": 0}
    with pytest.raises(RefusedError, match="holds events already"):
        fill_with_demo(lake, DemoPlan(until=NOW, leads=200, seed=3))
