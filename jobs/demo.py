"""Filling an empty lake with the demo.

Two keys of the lake tell how far it is, so that a demo that was killed can be taken up again, and two at once are one:

    demo/plan.json      written first: what is being made here
    demo/finished.json  written last
    demo/models.json    written after that, once its models are made
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from lake_access.building.build import BuildResult, build
from lake_access.demo_events import STREAMS, DemoPlan, write_demo_events
from lake_access.errors import RefusedError
from lake_access.lake import Lake
from lake_access.raw import Batch, land, list_batches

PLAN_KEY = "demo/plan.json"
FINISHED_KEY = "demo/finished.json"
MODELS_KEY = "demo/models.json"

# What is being done, and the share of it that is done, 0 to 1; None where nobody knows.
Progress = Callable[[str, float | None], None]


def fill_with_demo(lake: Lake, plan: DemoPlan, progress: Progress = lambda _stage, _share: None) -> BuildResult:
    """Generate the plan's events, land them as history, and build.

    A demo of as many leads and the same seed that was begun here is finished, up to the moment it was begun with.

    Raises:
        RefusedError: the lake holds events that are not this demo's, or its settings lack a source that the demo needs;
            nothing was changed.
    """
    _refuse_missing_sources(lake)
    begun = _begun(lake)
    if begun is None:
        if _holds_events(lake):
            raise _refusal(lake, "holds events already, and the demo does not mix with them")
        begun = _begin(lake, plan)
    _refuse_other_demo(lake, begun, plan)
    if any(not _is_of_demo(begun, batch) for batch in _batches(lake)):
        raise _refusal(lake, "holds other events than those of the demo begun in it, and the demo does not mix")
    result = _build(lake, begun.until, _land(lake, begun, progress), progress)
    _put(lake, FINISHED_KEY, {"leads": begun.leads})
    return result


def wants_demo(lake: Lake) -> bool:
    """Whether nothing has ever landed in this lake that knows the demo's sources, or a demo in it is half made."""
    if not set(STREAMS) <= lake.settings.declarations.sources.keys():
        return False
    return _is_half_made(lake) or not _holds_events(lake)


def is_demo(lake: Lake) -> bool:
    """Whether the lake holds a whole demo."""
    return lake.store.read_bytes(FINISHED_KEY) is not None


def wants_models(lake: Lake) -> bool:
    """Whether the lake holds a whole demo whose models were never made, or not all that belongs to them."""
    return is_demo(lake) and lake.store.read_bytes(MODELS_KEY) is None


def mark_models_made(lake: Lake) -> None:
    """Keep that the demo's models are made, or that it has too few leads for them."""
    _put(lake, MODELS_KEY, {"made": True})


def plan_begun(lake: Lake) -> DemoPlan | None:
    """The plan of the demo that is half made in this lake."""
    return _begun(lake) if _is_half_made(lake) else None


def _land(lake: Lake, plan: DemoPlan, progress: Progress) -> int:
    """Land the plan's events; how many lines they are."""
    with tempfile.TemporaryDirectory(prefix="leadlake-demo-") as folder:
        progress("Drawing events", 0.0)
        files = write_demo_events(plan, Path(folder), lambda share: progress("Drawing events", share))
        landings = [(stream, file) for stream, of_stream in files.items() for file in of_stream]
        lines = 0
        for number, (stream, file) in enumerate(landings, 1):
            # A microsecond apart, so that batches keep the order in which they were drawn.
            landed_at = plan.until + timedelta(microseconds=number)
            lines += land(lake.store, stream, file, landed_at, history=True).lines
            progress("Landing files", number / len(landings))
    return lines


def _build(lake: Lake, now: datetime, lines: int, progress: Progress) -> BuildResult:
    read = 0

    def built(stage: str, more: int) -> None:
        nonlocal read
        read += more
        progress(f"Building {stage}", read / lines if more else None)

    return build(lake, now, built)


def _refuse_missing_sources(lake: Lake) -> None:
    missing = [stream for stream in STREAMS if stream not in lake.settings.declarations.sources]
    if missing:
        raise RefusedError(
            f"{lake.settings.config_file}: the demo needs the source {missing[0]}, which is not declared; "
            "set LEADLAKE_CONFIG to the leadlake.toml that comes with Leadlake."
        )


def _refuse_other_demo(lake: Lake, begun: DemoPlan, plan: DemoPlan) -> None:
    if lake.store.read_bytes(FINISHED_KEY) is not None:
        raise _refusal(lake, "holds a demo already")
    if (begun.leads, begun.seed) != (plan.leads, plan.seed):
        raise _refusal(
            lake,
            f"holds a demo half made: finish it with `leadlake demo --leads {begun.leads} --seed {begun.seed}`",
        )


def _refusal(lake: Lake, why: str) -> RefusedError:
    return RefusedError(
        f"the lake {lake.settings.lake} {why}; nothing was changed. "
        "Set LEADLAKE_HOME to another folder for a demo lake."
    )


def _begin(lake: Lake, plan: DemoPlan) -> DemoPlan:
    """Write down what is being made; where somebody else was quicker, it is theirs."""
    _put(lake, PLAN_KEY, {"until": plan.until.isoformat(), "leads": plan.leads, "seed": plan.seed})
    begun = _begun(lake)
    return plan if begun is None else begun


def _begun(lake: Lake) -> DemoPlan | None:
    written = lake.store.read_bytes(PLAN_KEY)
    if written is None:
        return None
    content = json.loads(written)
    return DemoPlan(until=datetime.fromisoformat(content["until"]), leads=content["leads"], seed=content["seed"])


def _is_half_made(lake: Lake) -> bool:
    return lake.store.read_bytes(PLAN_KEY) is not None and lake.store.read_bytes(FINISHED_KEY) is None


def _put(lake: Lake, key: str, content: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory(prefix="leadlake-demo-") as folder:
        file = Path(folder) / "content.json"
        file.write_text(json.dumps(content) + "\n", encoding="utf-8")
        lake.store.put_if_absent(key, file)


def _holds_events(lake: Lake) -> bool:
    return any(True for _ in _batches(lake))


def _batches(lake: Lake) -> Iterator[Batch]:
    for stream in lake.settings.declarations.sources:
        yield from list_batches(lake.store, stream)


def _is_of_demo(plan: DemoPlan, batch: Batch) -> bool:
    return batch.history and plan.until < batch.landed_at < plan.until + timedelta(seconds=1)
