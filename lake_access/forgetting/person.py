"""A person to forget: every address and key that names them, and which lines of raw events do."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from lake_access.building.identity import fold_unicode, identity_digest, identity_key
from lake_access.engine import give_access, open_connection
from lake_access.engine_errors import engine_errors
from lake_access.errors import RefusedError
from lake_access.iceberg.commits import pin_by_name
from lake_access.iceberg.tables import IDENTITIES
from lake_access.lake import Lake
from lake_access.queries import load_query

EMAIL, LEAD_KEY = "email", "lead_key"
# Of somebody whose addresses nobody knows, no text holds one.
_NO_TEXT = r"(?!)"
# A longer word is another address: `ann@x.com` is not in `joann@x.com`, `o'ann@x.com`, nor in `ann@x.com.au`. Other
# signs that an address may begin with stand before one too, as in a link or a query: `?email=ann@x.com`, `'ann@x.com'`.
_BEFORE, _AFTER = r"(?<![\w.+-])(?<!\w')", r"(?![\w-]|\.\w)"


@dataclass(frozen=True)
class Person:
    """Whom one address or lead names: the lead, and all addresses and CRM keys that belong to it, in their normal form.

    `identity_id` is the keyed hash of the address that was given, or the lead's id, which is the hash of one of its
    addresses or keys; `lead_ids` are empty where no table knows it.
    """

    identity_id: UUID
    lead_ids: frozenset[UUID]
    addresses: frozenset[str]
    keys: frozenset[str]

    @property
    def address_pattern(self) -> re.Pattern[str]:
        """What finds any of the addresses in a text, whole."""
        if not self.addresses:
            return re.compile(_NO_TEXT)
        return re.compile(_BEFORE + f"(?:{'|'.join(map(re.escape, sorted(self.addresses)))})" + _AFTER)


def find_person(lake: Lake, address: str) -> Person:
    """The person whom this address names, with all that the lake has joined to it.

    Raises:
        RefusedError: it is no address.
        StorageError: the identities cannot be read.
    """
    normal = fold_unicode(address)
    if "@" not in normal or any(sign.isspace() for sign in normal):
        raise RefusedError("this is no e-mail address; nothing was changed.")
    return _person(lake, identity_digest(identity_key(lake.settings), EMAIL, normal), {normal})


def find_person_of_lead(lake: Lake, lead_id: UUID) -> Person:
    """The person whose lead this is; without any name once the lake has none of them any more.

    Raises:
        StorageError: the identities cannot be read.
    """
    return _person(lake, lead_id, set())


def refuse_reason(reason: str) -> None:
    """Let pass a reason that the ledger may keep for ever.

    Raises:
        RefusedError: it says nothing, or something that may be an address.
    """
    if not reason.strip():
        raise RefusedError("forgetting a person takes a reason; nothing was changed.")
    if "@" in fold_unicode(reason):
        raise RefusedError("the reason stays in the ledger: no address may stand in it; nothing was changed.")


def _person(lake: Lake, identity: UUID, addresses: set[str]) -> Person:
    found = _identities(lake, identity)
    return Person(
        identity,
        frozenset(lead_id for _, _, lead_id in found),
        frozenset(addresses | {name for kind, name, _ in found if kind == EMAIL}),
        frozenset(name for kind, name, _ in found if kind == LEAD_KEY),
    )


class NamingLines:
    """Which raw lines name a person: by an address anywhere in them, or by a CRM key as whom the event is about."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._pattern = person.address_pattern
        tokens = [*person.addresses, *person.keys]
        self._tokens = [token.lower().encode() for token in tokens]

    def __call__(self, line: bytes) -> bool:
        """Whether this line does."""
        # Plain text without escapes shows what it holds; only other lines, and those that show it, are taken apart.
        lowered = line.lower()
        plain = b"\\" not in line and line.isascii()
        if plain and not any(token in lowered for token in self._tokens):
            return False
        text = line.decode("utf-8", "replace")
        try:
            event = json.loads(text)
        except (ValueError, RecursionError):
            return self._shows(text)
        key = event.get(LEAD_KEY) if isinstance(event, dict) else None
        if isinstance(key, str) and normal_key(key) in self._person.keys:
            return True
        return any(self._shows(part) for part in _texts(event))

    def _shows(self, text: str) -> bool:
        return self._pattern.search(fold_unicode(text)) is not None


def normal_key(key: str) -> str:
    """A CRM key as the lake keeps it: without the blanks around it, in Unicode's composed form."""
    return unicodedata.normalize("NFC", key.strip())


def _texts(value: Any) -> Iterator[str]:
    """Every text in a JSON value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, part in value.items():
            yield key
            yield from _texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from _texts(part)


def _identities(lake: Lake, identity: UUID) -> list[tuple[str, str, UUID]]:
    """Kind, normal form and lead of every identity of the lead that this one belongs to."""
    pinned = pin_by_name(lake.catalog, IDENTITIES)
    if pinned is None:
        return []
    with open_connection(lake.settings) as connection, engine_errors("the identities"):
        give_access(connection, lake.store)
        query = load_query("identities_of").format(scan=pinned.scan())
        return connection.execute(query, {"identity": str(identity)}).fetchall()
