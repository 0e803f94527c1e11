"""From an e-mail address to its lead, for who may: one answer to one address, and never a list.

The address is hashed with the lake's identity key as a build does it. The hash goes into the ledger before the answer
is given; the address itself goes nowhere.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Engine

from lake_access import ledger
from lake_access.building.identity import fold_unicode, identity_digest, known_key
from lake_access.building.key_guard import KEY_PROPERTY, fingerprint, key_place, key_remedy
from lake_access.errors import SettingsError
from lake_access.iceberg.catalog import open_catalog
from lake_access.iceberg.commits import pin_by_name
from lake_access.iceberg.tables import EVENTS, IDENTITIES
from lake_access.lake import PinnedLake
from lake_access.lead_history import lead_exists
from lake_access.permissions import Action, Actor, require
from lake_access.queries import load_query
from lake_access.settings import Settings

LOOKED_UP = "person.looked_up"


def lead_of_address(pinned: PinnedLake, engine: Engine, actor: Actor, address: str, now: datetime) -> str | None:
    """The id of the lead with this e-mail address; None where no lead that the reader may see has it.

    Raises:
        NotAllowedError: the actor may not find a person; nothing was looked up.
        SettingsError: the lake's identity key is not here, or is another one.
        StorageError: the identities cannot be read, or the ledger not written; then there is no answer.
    """
    require(actor, Action.REVEAL_PERSON)
    digest = address_digest(_key(pinned), address)
    ledger.record(engine, actor, LOOKED_UP, str(digest), {"by": "address"}, now)
    found = _lead_of(pinned, digest)
    return found if found is not None and lead_exists(pinned, found) else None


def address_digest(key: bytes, address: str) -> UUID:
    """The identity id of an address, in the address's one form."""
    return identity_digest(key, "email", fold_unicode(address))


def _key(pinned: PinnedLake) -> bytes:
    settings: Settings = pinned.settings
    key = known_key(settings)
    said = pinned.tables[EVENTS].properties.get(KEY_PROPERTY) if EVENTS in pinned.tables else None
    if key is None or (said is not None and said != fingerprint(key)):
        raise SettingsError(
            f"{key_place(settings)}: not the key that this lake was built with, so no address leads to its lead here. "
            f"{key_remedy(settings)}"
        )
    return key


def _lead_of(pinned: PinnedLake, digest: UUID) -> str | None:
    catalog = open_catalog(pinned.settings, pinned.access.store)
    try:
        identities = pin_by_name(catalog, IDENTITIES)
    finally:
        catalog.close()
    if identities is None:
        return None
    found = pinned.rows(load_query("person_lead").format(scan=identities.scan()), {"identity_id": str(digest)})
    return None if not found else str(found[0][0])
