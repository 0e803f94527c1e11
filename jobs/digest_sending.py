"""Sending the digest: to each channel once a day, however often the job runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from jobs.alert_checks import surroundings
from lake_access.database import open_database, writing
from lake_access.errors import RefusedError
from lake_access.lake import open_lake
from lake_access.permissions import Action, Actor, require
from lake_access.settings import Settings
from monitoring.alerts.channels import VARIABLE, channel_kinds, known_channel, send_letter
from monitoring.alerts.outbox import DIGEST, Message, deliver, list_messages, put
from monitoring.alerts.tables import open_alerts

Progress = Callable[[str, float | None], None]


def send_digest(
    settings: Settings, channels: Sequence[str], actor: Actor, now: datetime, progress: Progress
) -> list[Message]:
    """Send today's digest to these channels, or to every e-mail; what became of it, each channel's message.

    One that was sent today stays sent once. A delivery that fails can be tried again by another job.

    Raises:
        NotAllowedError: the actor may not change alerts.
        RefusedError: there is no channel to send it to, or nobody took it.
        StorageError: the lake or the database cannot be reached.
    """
    from monitoring.digest.figures import digest_of
    from monitoring.digest.letter import letter_of

    require(actor, Action.MANAGE_ALERTS)
    chosen = _chosen(settings, channels)
    engine = open_database(settings)
    open_alerts(engine)
    progress("Reading the week's figures", 0.1)
    digest = digest_of(engine, surroundings(engine, open_lake(settings).pin(), now))
    progress("Drawing charts", 0.6)
    letter = letter_of(digest, settings)
    progress("Sending", 0.9)
    occasion = f"{DIGEST} {now.astimezone(UTC):%Y-%m-%d}"
    with writing(engine) as connection:
        put(connection, occasion, chosen, letter.title, letter.text, now)

    def sending(message: Message) -> None:
        send_letter(settings, message.channel, letter.title, letter.html, letter.text, letter.pictures)

    deliver(engine, sending, now, occasion=occasion)
    sent = [each for each in list_messages(engine) if each.occasion == occasion and each.channel in chosen]
    in_vain = [each for each in sent if each.state != "delivered"]
    if in_vain:
        raise RefusedError(f"The digest did not reach {in_vain[0].channel}: {in_vain[0].error or in_vain[0].state}.")
    return sent


def _chosen(settings: Settings, channels: Sequence[str]) -> list[str]:
    kinds = channel_kinds(settings)
    chosen = list(dict.fromkeys(channels)) or [name for name, kind in kinds.items() if kind == "e-mail"]
    if not chosen:
        raise RefusedError(f"There is no e-mail channel to send the digest to; name one in {VARIABLE}.")
    for channel in chosen:
        known_channel(settings, channel)
    return chosen
