"""Messages on their way: written with the change that they tell of, each delivered at most once.

A message is `waiting` from the transaction on in which a rule changed its state. Whoever delivers it first marks it
`sending`, in a transaction of its own, then hands it over, then marks it `delivered`. A process that is killed before
it began leaves a waiting message, which the next check delivers. One that is killed in between leaves nobody who knows
whether it arrived: the message becomes `unsure`, is shown, and is not sent again by itself; a reminder of an open alert
comes as its rule has it. A delivery that was refused is tried again, ever more seldom, and is then `failed`; a reminder
that still waits when there is a newer word on its alert is `replaced`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Connection, Engine, RowMapping, and_, insert, or_, select, update

from lake_access import ledger
from lake_access.database import reading, writing
from lake_access.errors import LeadlakeError, RefusedError
from lake_access.permissions import Action, Actor, require
from monitoring.alerts.tables import MESSAGES, open_alerts

MessageState = Literal["waiting", "sending", "delivered", "failed", "unsure", "replaced"]
# The waits before a further attempt; after the last one a message has failed.
PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240, 720))
# Longer than any delivery takes.
UNSURE_AFTER: Final = timedelta(minutes=10)
DIGEST: Final = "digest"
Send = Callable[["Message"], None]


@dataclass(frozen=True)
class Message:
    """A message to one channel; `alert` is what it tells of, None where that is no alert."""

    id: int
    occasion: str
    channel: str
    alert: int | None
    title: str
    body: str
    state: MessageState
    attempts: int
    made_at: datetime
    due_at: datetime
    begun_at: datetime | None
    delivered_at: datetime | None
    error: str | None

    @property
    def is_recovery(self) -> bool:
        return self.occasion.endswith("recovered")


def put(
    connection: Connection,
    occasion: str,
    channels: Sequence[str],
    title: str,
    body: str,
    now: datetime,
    alert: int | None = None,
) -> None:
    """Add a message for each channel, within the caller's transaction; one that is there for the occasion stays."""
    if alert is not None:
        # Of reminders that a channel did not take, the newest word on the alert is enough.
        late = and_(MESSAGES.c.alert == alert, MESSAGES.c.state == "waiting", MESSAGES.c.occasion.contains("reminder"))
        connection.execute(update(MESSAGES).where(late).values(state="replaced"))
    there = set(connection.execute(select(MESSAGES.c.channel).where(MESSAGES.c.occasion == occasion)).scalars())
    for channel in channels:
        if channel not in there:
            values = {"occasion": occasion, "channel": channel, "alert": alert, "title": title, "body": body}
            connection.execute(insert(MESSAGES).values(**values, state="waiting", attempts=0, made_at=now, due_at=now))


def deliver(engine: Engine, send: Send, now: datetime, *, occasion: str | None = None) -> list[Message]:
    """Deliver what waits (all that is due but digests, or all of one occasion), and say what became of each message.

    Raises:
        StorageError: the database cannot be reached or written.
    """
    open_alerts(engine)
    _doubt(engine, now)
    ours = MESSAGES.c.occasion == occasion if occasion else ~MESSAGES.c.occasion.startswith(f"{DIGEST} ")
    due = select(MESSAGES.c.id).where(MESSAGES.c.state == "waiting", ours)
    if occasion is None:
        due = due.where(MESSAGES.c.due_at <= now)
    with reading(engine) as connection:
        waiting = list(connection.execute(due.order_by(MESSAGES.c.id)).scalars())
    delivered = []
    for message_id in waiting:
        message = _begin(engine, message_id, now)
        if message is not None:
            delivered.append(_deliver(engine, message, send, now))
    return delivered


def list_messages(engine: Engine, *, limit: int = 200, alert: int | None = None) -> list[Message]:
    """The newest messages first.

    Raises:
        StorageError: the database cannot be reached or read.
    """
    open_alerts(engine)
    query = select(MESSAGES).order_by(MESSAGES.c.id.desc()).limit(limit)
    if alert is not None:
        query = query.where(MESSAGES.c.alert == alert)
    with reading(engine) as connection:
        return [_message(row) for row in connection.execute(query).mappings()]


def send_again(engine: Engine, actor: Actor, message_id: int, now: datetime) -> None:
    """Have a message that failed, or of which nobody knows, wait for the next check, which delivers it.

    Raises:
        NotAllowedError: the actor may not change alerts.
        RefusedError: there is no such message, or it is another kind of case.
    """
    require(actor, Action.MANAGE_ALERTS)
    open_alerts(engine)
    again = and_(MESSAGES.c.id == message_id, MESSAGES.c.state.in_(("failed", "unsure")))
    with writing(engine) as connection:
        values = {"state": "waiting", "attempts": 0, "due_at": now}
        if not connection.execute(update(MESSAGES).where(again).values(**values)).rowcount:
            raise RefusedError(f"Message {message_id} neither failed nor is unsure; it is not sent again.")
        ledger.append(connection, actor, "alert.sent_again", f"alert message {message_id}", {}, now)


def _begin(engine: Engine, message_id: int, now: datetime) -> Message | None:
    """Mark a message as begun; None where another process was quicker."""
    with writing(engine) as connection:
        waits = and_(MESSAGES.c.id == message_id, MESSAGES.c.state == "waiting")
        values = {"state": "sending", "begun_at": now, "attempts": MESSAGES.c.attempts + 1}
        if not connection.execute(update(MESSAGES).where(waits).values(**values)).rowcount:
            return None
        row = connection.execute(select(MESSAGES).where(MESSAGES.c.id == message_id)).mappings().one()
        return _message(row)


def _deliver(engine: Engine, message: Message, send: Send, now: datetime) -> Message:
    try:
        send(message)
    except LeadlakeError as exc:
        last = message.attempts > len(PAUSES)
        pause = timedelta() if last else PAUSES[message.attempts - 1]
        values: dict[str, Any] = {"state": "failed" if last else "waiting", "error": str(exc), "due_at": now + pause}
    else:
        values = {"state": "delivered", "delivered_at": now, "error": None}
    ours = and_(MESSAGES.c.id == message.id, MESSAGES.c.state == "sending")
    with writing(engine) as connection:
        connection.execute(update(MESSAGES).where(ours).values(**values))
        row = connection.execute(select(MESSAGES).where(MESSAGES.c.id == message.id)).mappings().one()
        return _message(row)


def _doubt(engine: Engine, now: datetime) -> None:
    """Messages whose sender was killed after it had begun: nobody knows whether they arrived."""
    lost = and_(
        MESSAGES.c.state == "sending", or_(MESSAGES.c.begun_at.is_(None), MESSAGES.c.begun_at <= now - UNSURE_AFTER)
    )
    said = "Its sender was killed while it sent: it may have arrived or not, and is not sent again by itself."
    with writing(engine) as connection:
        connection.execute(update(MESSAGES).where(lost).values(state="unsure", error=said))


def _message(row: RowMapping) -> Message:
    return Message(**{field.name: row[field.name] for field in fields(Message)})
