"""What is configured, reachable and fresh, and what is not: the findings behind `leadlake doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from lake_access.building.identity import known_key
from lake_access.building.key_guard import KEY_PROPERTY, fingerprint, key_place, key_remedy
from lake_access.database import open_database
from lake_access.errors import LeadlakeError, SettingsError
from lake_access.examination import feeds
from lake_access.examination.finding import Finding
from lake_access.examination.tables import agreement, columns, tables
from lake_access.forgetting.forget import cut_short
from lake_access.iceberg.tables import BATCHES, EVENTS
from lake_access.lake import Lake, PinnedLake, open_lake
from lake_access.queries import load_query
from lake_access.raw import list_batches
from lake_access.settings import Settings
from lake_access.storage import open_store
from lake_access.wording import counted

__all__ = ["Finding", "declared_schema", "examine"]


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
    yield feeds.silent_streams(pinned, now)
    yield feeds.refused_batches(pinned)
    yield feeds.quarantine(pinned)
    yield feeds.jumped_quarantine(pinned)
    yield _rules(pinned)
    yield _identity_key(pinned)
    yield _forgetting(settings)
    yield columns(lake)
    yield agreement(lake, pinned)
    yield from tables(lake, pinned, now)


def _forgetting(settings: Settings) -> Finding:
    database = open_database(settings)
    begun = cut_short(database)
    database.dispose()
    if begun == 0:
        return Finding("forgetting", "ok", "no forgetting of a person was cut short")
    persons = "of a person was" if begun == 1 else f"of {begun} persons were"
    return Finding(
        "forgetting",
        "failure",
        f"the forgetting {persons} cut short",
        "Repeat `leadlake forget` with the same address, or run its job again (page Jobs, `leadlake jobs again`).",
    )


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
    ago = counted(round(max(hours, 0)), "hour")
    detail = f"newest batch landed {known_until:%Y-%m-%d %H:%M} UTC, {ago} ago"
    if hours > pinned.settings.declarations.lake.stale_after_hours:
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
