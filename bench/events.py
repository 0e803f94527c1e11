"""The raw events that builds are measured on: the demo's year, scaled, and cut into a lake's past and its news.

base/     what the lake holds before: a file a month for each stream
newest/   the newest hundredth of the events, as a feed brings it: a file a day for each stream
spread/   one event of a hundred out of all the year before that, in one file a stream: the worst news there can be
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from lake_access.demo_events import STREAMS, DemoPlan, write_demo_events
from lake_access.lake import Lake
from lake_access.raw import land

# A lead of the demo has 6.3 events on average.
LEADS_PER_EVENT = 0.1585
# A month of 31 days that ends with a day's end, so that the newest hundredth lies within it.
UNTIL = datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)
NEWS = 100
PARTS = ("base", "newest", "spread")


@dataclass(frozen=True)
class EventFiles:
    """Where the files are; the lines and bytes of each part; and from when on events are the newest hundredth."""

    folder: Path
    lines: dict[str, int]
    bytes: dict[str, int]
    newest_from: datetime

    def of(self, part: str) -> list[Path]:
        """A part's files in the order of time."""
        return sorted((self.folder / part).iterdir(), key=lambda file: (period_of(file), file.name))


def stream_of(file: Path) -> str:
    """The stream that a file's lines belong to."""
    return file.stem.partition("-")[0]


def period_of(file: Path) -> str:
    """The month or day of a file's lines; nothing for one of the whole year."""
    return file.stem.partition("-")[2]


def write_events(folder: Path, events: int) -> EventFiles:
    """Write about so many events and cut them into the three parts."""
    drawn = folder / "drawn"
    written = write_demo_events(DemoPlan(until=UNTIL, leads=round(events * LEADS_PER_EVENT)), drawn)
    for part in PARTS:
        (folder / part).mkdir()
    newest_from = _newest_from(written, events // NEWS)
    lines, size = dict.fromkeys(PARTS, 0), dict.fromkeys(PARTS, 0)
    for stream in STREAMS:
        for file in written[stream]:
            for part, name, texts in _cut(file, stream, newest_from):
                with (folder / part / f"{name}.jsonl").open("ab") as target:
                    target.writelines(texts)
                lines[part] += len(texts)
                size[part] += sum(map(len, texts))
            file.unlink()
    drawn.rmdir()
    return EventFiles(folder, lines, size, newest_from)


def land_part(lake: Lake, files: EventFiles, part: str) -> int:
    """Land a part's files as raw batches, and return how many there are.

    The past lands as history, when the news begins. News of a day lands at its end, and the spread news an hour after
    the past, so that what it tells was known late.
    """
    for number, file in enumerate(files.of(part)):
        landed_at = files.newest_from + timedelta(microseconds=number)
        if part == "spread":
            landed_at += timedelta(hours=1)
        if part == "newest":
            day = datetime.fromisoformat(period_of(file)).replace(tzinfo=UTC)
            landed_at = day + timedelta(days=1, microseconds=number)
        land(lake.store, stream_of(file), file, landed_at, history=part == "base")
    return len(files.of(part))


def _cut(file: Path, stream: str, newest_from: datetime) -> Iterator[tuple[str, str, list[bytes]]]:
    """The lines of a month's file with the part and the name of the file that they go to."""
    lines = file.read_bytes().splitlines(keepends=True)
    month = period_of(file)
    if month < f"{newest_from:%Y-%m}":
        older = lines
    else:
        days: dict[str, list[bytes]] = {"": []}
        first = newest_from.strftime("%Y-%m-%dT%H:%M:%SZ")
        for line, at in zip(lines, _timestamps(lines), strict=True):
            days.setdefault(at[:10] if at >= first else "", []).append(line)
        older = days.pop("")
        yield from (("newest", f"{stream}-{day}", of_day) for day, of_day in sorted(days.items()))
    spread = older[NEWS // 2 :: NEWS]
    del older[NEWS // 2 :: NEWS]
    yield "spread", stream, spread
    yield "base", f"{stream}-{month}", older


def _newest_from(written: dict[str, list[Path]], news: int) -> datetime:
    last = max(period_of(file) for files in written.values() for file in files)
    files = [file for files in written.values() for file in files if period_of(file) == last]
    moments = sorted(at for file in files for at in _timestamps(file.read_bytes().splitlines()) if at)
    return datetime.fromisoformat(moments[-news])


def _timestamps(lines: Iterable[bytes]) -> list[str]:
    """Each line's own timestamp, as it stands there; nothing for a line without a whole one."""
    text = pa.array(lines, pa.binary()).cast(pa.string())
    found = pc.struct_field(pc.extract_regex(text, r'"timestamp":"(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)"'), "at")
    moments: list[str] = pc.fill_null(found, "").to_pylist()
    return moments
