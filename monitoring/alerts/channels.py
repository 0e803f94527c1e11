"""Where messages go: named addresses of Apprise, from the environment alone, since they hold secrets.

`LEADLAKE_ALERT_CHANNELS` has them, with blanks or line breaks between: `team=mailtos://… ops=slack://…`. Everything but
this module and the sending job knows their names only.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine

from lake_access import ledger
from lake_access.declarations import nearest
from lake_access.errors import RefusedError, SettingsError
from lake_access.permissions import Action, Actor, require
from lake_access.settings import Settings

VARIABLE = "LEADLAKE_ALERT_CHANNELS"
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_KINDS = {
    "mailto": "e-mail",
    "mailtos": "e-mail",
    "slack": "Slack",
    "msteams": "Teams",
    "workflows": "Teams",
    "workflow": "Teams",
    "json": "webhook",
    "jsons": "webhook",
    "form": "webhook",
    "forms": "webhook",
    "xml": "webhook",
    "xmls": "webhook",
}


class UndeliveredError(RefusedError):
    """A message did not get through; the message says to which channel, and never the address."""


@dataclass(frozen=True)
class Picture:
    """A picture of a letter, by the name that its HTML calls it by (`cid:name`)."""

    name: str
    png: bytes


def channel_kinds(settings: Settings) -> dict[str, str]:
    """The channels by name, and what each is: `e-mail`, `Slack`, `Teams`, `webhook`, or Apprise's own word.

    Raises:
        SettingsError: the variable cannot be read; its content is not in the message.
    """
    return {name: _KINDS.get(_scheme(address), _scheme(address)) for name, address in _addresses(settings).items()}


def send(settings: Settings, channel: str, title: str, body: str, *, recovered: bool = False) -> None:
    """Send a message of plain text, and wait until it was taken.

    Raises:
        UndeliveredError: nobody took it, or there is no such channel any more.
        SettingsError: the channels cannot be read, or this one's address is none that Apprise knows.
    """
    import apprise

    notice = apprise.NotifyType.SUCCESS if recovered else apprise.NotifyType.WARNING
    _notify(_opened(settings, channel), channel, title, body, notice, "text", ())


def send_letter(
    settings: Settings, channel: str, title: str, html: str, text: str, pictures: Sequence[Picture]
) -> None:
    """Send a letter in HTML with its pictures within; to a channel that is no e-mail, its text alone.

    Raises:
        UndeliveredError, SettingsError: as `send`.
    """
    import apprise
    from apprise.attachment.memory import AttachMemory

    opened = _opened(settings, channel, inline=True)
    if channel_kinds(settings)[channel] != "e-mail":
        _notify(opened, channel, title, text, apprise.NotifyType.INFO, "text", ())
        return
    attach: Any = AttachMemory
    attached = tuple(attach(content=each.png, name=each.name, mimetype="image/png") for each in pictures)
    _notify(opened, channel, title, html, apprise.NotifyType.INFO, "html", attached)


def try_channel(settings: Settings, engine: Engine, actor: Actor, channel: str, now: datetime) -> None:
    """Send a message that says it is a test; the ledger says who had it sent.

    Raises:
        NotAllowedError: the actor may not change alerts.
        UndeliveredError, SettingsError: as `send`.
    """
    require(actor, Action.MANAGE_ALERTS)
    known_channel(settings, channel)
    ledger.record(engine, actor, "alert.channel_tested", f"channel {channel}", {}, now)
    body = f"{actor.name} sent this from Leadlake at {now:%Y-%m-%d %H:%M} UTC, to see that messages arrive here."
    send(settings, channel, "Leadlake: a test of this channel", body, recovered=True)


def known_channel(settings: Settings, channel: str) -> str:
    """The channel's address.

    Raises:
        RefusedError: there is no such channel.
    """
    addresses = _addresses(settings)
    if channel not in addresses:
        raise UndeliveredError(f"There is no channel {channel!r}{nearest(channel, addresses)}; {VARIABLE} names them.")
    return addresses[channel]


def _addresses(settings: Settings) -> Mapping[str, str]:
    given = settings.environment.alert_channels
    found: dict[str, str] = {}
    for place, part in enumerate(given.get_secret_value().split() if given else (), 1):
        name, _, address = part.partition("=")
        if not _NAME.fullmatch(name) or "://" not in address:
            raise SettingsError(
                f"environment: {VARIABLE}: entry {place} is not `name=address`, with a name of small letters, digits, "
                "- and _, and an address as Apprise has them (`mailto://…`)."
            )
        if name in found:
            raise SettingsError(
                f"environment: {VARIABLE}: two channels are called {name}; give each a name of its own."
            )
        found[name] = address
    return found


def _scheme(address: str) -> str:
    return address.partition("://")[0].lower()


def _opened(settings: Settings, channel: str, *, inline: bool = False) -> Any:
    import apprise

    address = known_channel(settings, channel)
    if inline and _KINDS.get(_scheme(address)) == "e-mail":
        address += ("&" if "?" in address else "?") + "inline=yes"
    logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its warnings may hold parts of an address
    opened = apprise.Apprise.instantiate(address)
    if opened is None:
        raise SettingsError(f"environment: {VARIABLE}: Apprise does not know the address of the channel {channel}.")
    return opened


def _notify(opened: Any, channel: str, title: str, body: str, notice: Any, form: str, attached: Sequence[Any]) -> None:
    import apprise

    sender = apprise.Apprise()
    sender.add(opened)
    files = None
    if attached:
        files = apprise.AppriseAttachment()
        for file in attached:
            files.add(file)
    if not sender.notify(body=body, title=title, notify_type=notice, body_format=form, attach=files):
        raise UndeliveredError(
            f"The channel {channel} did not take the message; check that its address can be reached."
        )
