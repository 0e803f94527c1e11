"""What is configured, reachable and fresh, and what is not: the findings behind `leadlake doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from lake_access.building.identity import known_key
from lake_access.building.key_guard import KEY_PROPERTY, fingerprint, key_place, key_remedy
from lake_access.errors import LeadlakeError, SettingsError
from lake_access.iceberg.tables import BATCHES, EVENTS
from lake_access.lake import PINNED, Lake, PinnedLake, open_lake
from lake_access.queries import load_query
from lake_access.raw import list_batches
from lake_access.settings import Settings
from lake_access.storage import open_store

Verdict = Literal["ok", "warning", "failure"]
STALE_AFTER_HOURS = 36


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what, how it stands, what was seen, and what to do where something is wrong."""

    subject: str
    verdict: Verdict
    detail: str
    remedy: str = ""


def examine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Every finding, in the order in which they depend on each other; it stops after the lake cannot be opened."""
    yield Finding("settings", "ok", f"{settings.config_file}: {len(settings.declarations.sources)} streams declared")
    writable = _writable_lake(settings)
    yield writable
    try:
        lake = open_lake(settings)
        pinned = lake.pin()
    except LeadlakeError as exc:
        if str(exc) != writable.detail:
            yield Finding(
                "database", "failure", str(exc), "Check LEADLAKE_DATABASE, or let `leadlake demo` make a lake."
            )
        return
    yield Finding("database", "ok", settings.database.split("@")[-1])
    yield _freshness(pinned, now)
    yield _unbuilt(lake, pinned)
    yield _refused_batches(pinned)
    yield _quarantine(pinned)
    yield _rules(pinned)
    yield _identity_key(pinned)
    for name in PINNED:
        yield _table(pinned, name)


def declared_schema(settings: Settings) -> list[tuple[str, str, str]]:
    """The declared schema as rows of stream, event type, and what its fields must be."""
    return [
        (
            stream_name,
            event_type,
            "; ".join(f"{name}: {field.describe()}" for name, field in stream.fields_of(event_type).items()),
        )
        for stream_name, stream in settings.declarations.sources.items()
        for event_type in stream.events
    ]


def _writable_lake(settings: Settings) -> Finding:
    try:
        open_store(settings).check_writable()
    except LeadlakeError as exc:
        return Finding("lake", "failure", str(exc), "See docs/storage.md.")
    return Finding("lake", "ok", settings.lake)


def _freshness(pinned: PinnedLake, now: datetime) -> Finding:
    known_until = pinned.known_until
    if known_until is None:
        return Finding(
            "freshness",
            "warning",
            "nothing was built yet",
            "Run `leadlake demo`, or `leadlake ingest` and `leadlake build`.",
        )
    hours = (now - known_until).total_seconds() / 3600
    detail = f"newest batch landed {known_until:%Y-%m-%d %H:%M} UTC, {max(hours, 0):,.0f} hours ago"
    if hours > STALE_AFTER_HOURS:
        return Finding("freshness", "warning", detail, "Check the feeds that call `leadlake ingest`.")
    return Finding("freshness", "ok", detail)


def _unbuilt(lake: Lake, pinned: PinnedLake) -> Finding:
    built = {row[0] for row in pinned.rows(load_query("built_keys").format(batches=BATCHES))}
    landed = [batch for stream in lake.settings.declarations.sources for batch in list_batches(lake.store, stream)]
    waiting = [batch for batch in landed if batch.key not in built]
    if waiting:
        return Finding(
            "raw batches", "warning", f"{len(waiting):,} of {len(landed):,} are not built yet", "Run `leadlake build`."
        )
    return Finding("raw batches", "ok", f"{len(landed):,} landed, all built")


def _refused_batches(pinned: PinnedLake) -> Finding:
    refused = pinned.rows(load_query("refused_batches"))
    if refused:
        return Finding(
            "refused batches", "warning", "; ".join(row[1] for row in refused[:3]), "Land the files again, whole."
        )
    return Finding("refused batches", "ok", "none")


def _quarantine(pinned: PinnedLake) -> Finding:
    reasons = pinned.rows(load_query("quarantine_reasons"))
    if not reasons:
        return Finding("quarantine", "ok", "empty")
    shown = "; ".join(f"{count:,} × {reason}" for reason, count in reasons[:3])
    total = sum(count for _, count in reasons)
    return Finding("quarantine", "warning", f"{total:,} lines: {shown}", "See curated.quarantine for batch and line.")


def _rules(pinned: PinnedLake) -> Finding:
    declared = pinned.settings.declarations.scoring.version
    built = pinned.tables[EVENTS].properties.get("leadlake.rules_version") if EVENTS in pinned.tables else None
    if built is not None and built != declared:
        return Finding(
            "scoring rules", "warning", f"declared {declared}, last built with {built}", "Run `leadlake replay`."
        )
    return Finding("scoring rules", "ok", f"version {declared}")


def _identity_key(pinned: PinnedLake) -> Finding:
    settings, subject = pinned.settings, "identity key"
    try:
        key = known_key(settings)
    except SettingsError as exc:
        return Finding(subject, "failure", str(exc))
    built_with = pinned.tables[EVENTS].properties.get(KEY_PROPERTY) if EVENTS in pinned.tables else None
    if key is None and built_with is not None:
        return Finding(subject, "warning", "there is none here, and the lake has one", key_remedy(settings))
    if key is not None and built_with not in (None, fingerprint(key)):
        detail = f"{key_place(settings)}: another than the lake was built with; a build here is refused"
        return Finding(subject, "failure", detail, key_remedy(settings))
    return Finding(subject, "ok", "none yet" if key is None else key_place(settings))


def _table(pinned: PinnedLake, name: str) -> Finding:
    table = pinned.tables.get(name)
    if table is None or table.snapshot_id is None:
        return Finding(name, "ok", "no rows yet")
    size = table.bytes / 1e6
    return Finding(
        name, "ok", f"{table.rows:,} rows in {len(table.files):,} files, {size:,.1f} MB, snapshot {table.snapshot_id}"
    )
